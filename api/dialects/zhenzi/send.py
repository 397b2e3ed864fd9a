"""Parses Zhenzi's send calls into drafts."""

import ipaddress
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from api.dialect.templated import UNKNOWN, tag
from api.dialects.zhenzi.vocabulary import TooLong, Wrong
from api.http import json_values
from api.http.parameters import Parameters
from bridge.errors import BadRequest, UnknownTemplate
from bridge.gateway.gateway import Gateway
from bridge.messages.templates import places, render
from bridge.model.account import Account
from bridge.model.message import Draft

#: characters of a text
LONGEST_TEXT = 1000
#: characters of an id of the caller's, and of a number
LONGEST_ID, LONGEST_NUMBER = 128, 64
#: digits of a template's place that is a position
LONGEST_PLACE = 4
#: the payload format of the callback URL
CALLBACK = "zhenzi"


def field(form: Parameters, name: str, longest: int = LONGEST_ID) -> str:
    """A required field. Raises Wrong."""
    value = optional(form, name, longest)
    if not value.strip():
        raise Wrong(f"{name} 为空", name)
    return value


def optional(form: Parameters, name: str, longest: int = LONGEST_ID) -> str:
    """An optional field; "" when absent. Raises Wrong."""
    try:
        value = form.text(name)
    except BadRequest as error:
        raise Wrong(f"{name} 重复或不是 UTF-8 编码", name) from error
    if longest and len(value) > longest:
        raise Wrong(f"{name} 过长", name)
    return value


class Composing:
    """Makes drafts from forms."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def text(self, account: Account, form: Parameters) -> Draft:
        """`/sms/send.do`. Raises Wrong, TooLong."""
        text = field(form, "message", longest=0)
        if len(text) > LONGEST_TEXT:
            raise TooLong
        return await self._draft(account, form, text)

    async def template(self, account: Account, form: Parameters) -> Draft:
        """`/sms/v2/send.do`. Raises Wrong, TooLong."""
        wanted = field(form, "templateId")
        values = _values(optional(form, "templateParams", longest=0))
        _check_address(optional(form, "clientIp"))
        try:
            template = await self._gateway.administration.template(account.name, wanted)
        except UnknownTemplate as error:
            raise Wrong(f"模板 {wanted} {UNKNOWN}", "templateId") from error
        text = render(template.text, by_position(places(template.text), values))
        if len(text) > LONGEST_TEXT:
            raise TooLong
        return await self._draft(account, form, text, tag(template_id=template.id))

    async def _draft(self, account: Account, form: Parameters, text: str, mark: str = "") -> Draft:
        ref = optional(form, "messageId")
        field(form, "number", LONGEST_NUMBER)
        if ref:
            await self._check_callback(account)
        # its callers are in China: a number there is one, with its country code and without
        number = form.number("number")
        return Draft(number, text, client_ref=ref, tag=mark, dialect="zhenzi", country="CN")

    async def _check_callback(self, account: Account) -> None:
        """A named message needs a URL to report to."""
        mine = [each for each in await self._gateway.endpoints.find(account) if each.account == account.name]
        if not any(each.format == CALLBACK for each in mine):
            raise Wrong("使用 messageId 必须先设置回调地址(sms-bridge webhook add --format zhenzi)", "messageId")


def by_position(names: Sequence[str], values: Sequence[str]) -> Mapping[str, str]:
    """Template values: `{1}` takes the first; named placeholders take values in order.

    Raises Wrong unless there are exactly as many values as are needed.
    """
    numbered = bool(names) and all(name.isascii() and name.isdecimal() and len(name) <= LONGEST_PLACE for name in names)
    needed = max(map(int, names)) if numbered else len(names)
    if len(values) != needed:
        raise Wrong(f"templateParams 需要 {needed} 个参数,收到 {len(values)} 个", "templateParams")
    return dict(zip(map(str, range(1, needed + 1)) if numbered else names, values, strict=True))


def _values(written: str) -> Sequence[str]:
    """A JSON array of texts or numbers, these as they are written; empty for an empty field."""
    values: Any = None
    with suppress(ValueError, RecursionError):
        values = None if json_values.too_many(written.encode(errors="replace")) else _DECODER.decode(written or "[]")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Wrong("templateParams 必须是字符串或数字的 JSON 数组", "templateParams")
    return values


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_constant)


def _check_address(written: str) -> None:
    """Check the end user's address, which the vendor uses against abuse; it is not used here. Raises Wrong."""
    try:
        _ = written and ipaddress.ip_address(written.strip())
    except ValueError as error:
        raise Wrong("clientIp 不是 IP 地址", "clientIp") from error
