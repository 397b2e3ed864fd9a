"""Sends for the template platform: one number, or up to a hundred in one submission."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from api.dialect.masking import masked
from api.dialect.recipients import person
from api.dialect.templated import UNKNOWN, tag
from api.dialects.template_platform import body
from api.dialects.template_platform.vocabulary import SENT, UnknownProvider, Wrong, sentence, success
from bridge.errors import DailyLimit, InvalidNumber, NotVerified, UnknownTemplate
from bridge.gateway.gateway import Gateway
from bridge.messages import phone_numbers
from bridge.messages.templates import places, render
from bridge.model.account import Account, Verification
from bridge.model.message import Draft, Message

#: numbers in one batch
MOST_PHONES = 100

#: of a number that is a number in JSON
NOT_TEXT = sentence(Wrong("phone 必须是字符串"))

_SEND = frozenset({"phone", "template_id", "params", "provider"})
_BATCH = frozenset({"phones", "template_id", "params", "provider"})


class Sending:
    """Answers `/api/sms/send` and `/api/sms/batch-send`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def one(self, account: Account, raw: bytes) -> web.Response:
        """`/api/sms/send`: success means that the message is on disk."""
        members = body.read(raw, _SEND)
        phone = body.text(members, "phone")
        (draft,) = await self._drafts(account, members, [phone])
        submission = await self._gateway.submit(account, (draft,))
        return success({"message_id": submission.messages[0].id, "phone": masked(phone)}, SENT)

    async def batch(self, account: Account, raw: bytes) -> web.Response:
        """`/api/sms/batch-send`: an invalid number fails alone, the rest is one submission."""
        members = body.read(raw, _BATCH)
        phones = _phones(members)
        batch = secrets.token_hex(16)
        written = [phone if isinstance(phone, str) else "" for phone in phones]
        drafts = await self._drafts(account, members, written, batch)
        refused = {place: NOT_TEXT for place, phone in enumerate(phones) if not isinstance(phone, str)}
        outcomes = await self._submit(account, drafts, refused)
        results = [_result(phone, outcome) for phone, outcome in zip(phones, outcomes, strict=True)]
        good = sum(result["success"] for result in results)
        answer = {
            "batch_id": batch,
            "total": len(results),
            "success_count": good,
            "failed_count": len(results) - good,
            "results": results,
        }
        return success(answer, f"批量发送完成:成功 {good} 条,失败 {len(results) - good} 条")

    async def _drafts(
        self, account: Account, members: Mapping[str, Any], phones: Sequence[str], batch: str = ""
    ) -> Sequence[Draft]:
        """One draft per number, all with the same text. Raises Wrong, NotVerified, UnknownTemplate, InvalidText."""
        template, values = body.text(members, "template_id"), body.params(members)
        provider = self._provider(body.text(members, "provider", needed=False))
        if account.terms.verification is not Verification.APPROVED:
            raise NotVerified
        text = await self._text(account, template, values)
        mark = tag(template_id=template, provider=provider, batch=batch)
        return [Draft(phone, text, provider, tag=mark, dialect="template_platform") for phone in phones]

    def _provider(self, written: str) -> str:
        """The route for a provider's name; "" for the default."""
        if not (wanted := written.strip().lower()):
            return ""
        known = {name.lower(): name for line in self._gateway.lines() for name in (line.device, line.name)}
        if wanted not in known:
            raise UnknownProvider(f"provider 未配置,可用:{', '.join(sorted(known.values())) or '无'}", "provider")
        return known[wanted]

    async def _text(self, account: Account, id: str, values: Mapping[str, str]) -> str:
        try:
            # ids are ASCII; others could not even be looked for
            template = await self._gateway.administration.template(account.name, id if id.isascii() else "?")
        except UnknownTemplate as error:
            raise Wrong(f"模板 {id} {UNKNOWN}", "template_id") from error
        if missing := [name for name in places(template.text) if name not in values]:
            raise Wrong(f"缺少模板参数 {', '.join(missing)}", "params")
        return render(template.text, values)

    async def _submit(
        self, account: Account, drafts: Sequence[Draft], refused: Mapping[int, str]
    ) -> Sequence[Message | str]:
        """Submit; returns a message or a reason for each draft. Raises errors that concern all of them."""
        outcomes: dict[int, Message | str] = dict(refused)
        going: dict[str, int] = {}
        people: set[str] = set()
        for index, draft in enumerate(drafts):
            if index in outcomes:
                continue
            try:
                self._gateway.check(account, draft)
            except InvalidNumber as error:
                outcomes[index] = sentence(error)
                continue
            if (reached := person(draft.recipient, account.terms.country)) in people:
                outcomes[index] = "号码重复"
                continue
            people.add(reached)
            going[phone_numbers.normalise(draft.recipient, account.terms.country)] = index
        while going:
            try:
                submission = await self._gateway.submit(account, [drafts[index] for index in going.values()])
            except DailyLimit as error:
                if not (full := error.recipients & going.keys()):
                    raise
                outcomes |= {going.pop(recipient): sentence(error) for recipient in full}
                continue
            outcomes |= zip(going.values(), submission.messages, strict=True)
            break
        return [outcomes[index] for index in range(len(drafts))]


def _phones(members: Mapping[str, Any]) -> Sequence[Any]:
    """The list's entries; an invalid number is reported in its own result."""
    phones = members.get("phones")
    if phones is None or phones == []:
        raise Wrong("缺少参数 phones", "phones")
    if not isinstance(phones, list):
        raise Wrong("phones 必须是数组", "phones")
    if len(phones) > MOST_PHONES:
        raise Wrong(f"phones 最多 {MOST_PHONES} 个号码", "phones")
    return phones


def _result(phone: Any, outcome: Message | str) -> dict[str, Any]:
    shown = masked(phone) if isinstance(phone, str) else ""
    if isinstance(outcome, str):
        return {"phone": shown, "success": False, "message": outcome}
    return {"phone": shown, "success": True, "message_id": outcome.id}
