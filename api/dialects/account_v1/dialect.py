"""The four calls of the account/MD5 dialect. Every answer is HTTP 200 with a code in it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from api.dialect import auth
from api.dialect.contract import Mount, Route, Sample, Site
from api.dialect.local_time import zone_of
from api.dialects.account_v1 import rows
from api.dialects.account_v1.declarations import send
from api.dialects.account_v1.send import Task, compose
from api.dialects.account_v1.vocabulary import ERROR_WORDS, STATE_WORDS, BadMobile, Word, told
from api.http.errors import UnknownPath
from api.http.parameters import Parameters, read_form
from bridge.errors import BridgeError, InvalidNumber
from bridge.model.account import Account, Payment
from bridge.model.message import State
from bridge.model.scope import INBOX, READ, SEND

#: with every answer
HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_POST = frozenset({"POST"})
#: what an account has whose credits are not counted: clients stop sending at a low number
UNCOUNTED = 999_999_999
#: characters of a list of numbers that takes a while to read
MUCH = 4_000
#: how an account pays, as number and word
_PAYMENTS: Mapping[Payment, tuple[int, str]] = {Payment.PREPAID: (0, "预付"), Payment.POSTPAID: (1, "后付")}

Call = Callable[[Account, Parameters], Awaitable[Any]]


class AccountV1:
    """Implements `api.dialect.Dialect`."""

    name: ClassVar[str] = rows.NAME
    about: ClassVar[str] = "the account and MD5 password API of 短信接口文档 1.0 (2019-12-25)"
    prefix: ClassVar[str] = ""
    body_limit: ClassVar[int] = 1 << 20
    cors: ClassVar[bool] = False
    options: ClassVar[Mapping[str, tuple[type, str]]] = {}
    STATE_WORDS: ClassVar[Mapping[State, str]] = STATE_WORDS
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], Word]] = ERROR_WORDS

    def __init__(self, site: Site, mount: Mount) -> None:
        self._gateway = site.gateway
        self._mount = mount

    def routes(self) -> Sequence[Route]:
        """The documented calls, POST only."""
        return [
            Route("/api/v1/send", self._known(self._send), SEND, _POST),
            Route("/api/v1/report", self._known(self._report), READ, _POST),
            Route("/api/v1/mo", self._known(self._received), INBOX, _POST),
            Route("/api/v1/queryBalance", self._known(self._balance), READ, _POST),
        ]

    def refuse(self, error: BridgeError) -> web.Response:
        """Code and message without data."""
        # what only looks at the status must not take a call that reached nothing for one that was accepted
        return _reply(*told(error), data=None, status=404 if isinstance(error, UnknownPath) else 200)

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """A form POST with the password's MD5."""
        form = {"account": credentials["v1_account"], "pwd": send(credentials["v1_password"])}
        label = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({**form, "mobiles": recipient, "content": text}).encode()
        return Sample("POST", f"{self._mount.prefix}/api/v1/send", label, body)

    def _known(self, call: Call) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Wrap a call: authenticate the caller and build the answer from the result."""

        async def handle(request: web.Request) -> web.Response:
            form = await read_form(request, self._mount.body_limit)
            ident, secret = form.need("account"), form.need("pwd").lower()
            account = await auth.enter(self._gateway, request, "v1", ident, secret)
            return _reply("00", "成功", await call(account, form))

        return handle

    async def _send(self, account: Account, form: Parameters) -> Any:
        # a list of three thousand numbers is read on a thread, so that others are answered meanwhile
        many = len(form.text("mobiles")) > MUCH
        country = account.terms.country
        task = await asyncio.to_thread(compose, form, country) if many else compose(form, country)
        try:
            await self._gateway.submit(account, task.drafts)
        except InvalidNumber as error:
            raise BadMobile(_written(task, error)) from error
        return {"taskId": task.id}

    async def _report(self, account: Account, form: Parameters) -> Any:
        zone = zone_of(account)
        return [rows.pulled_report(report, zone) for report in await self._gateway.pulls.reports(account)]

    async def _received(self, account: Account, form: Parameters) -> Any:
        zone = zone_of(account)
        received = await self._gateway.pulls.received(account)
        extensions = await self._gateway.pulls.tags(account, self.name, received)
        return [rows.pulled_received(each, tag, zone) for each, tag in zip(received, extensions, strict=True)]

    async def _balance(self, account: Account, form: Parameters) -> Any:
        now = await self._gateway.administration.account(account.name)
        payment, word = _PAYMENTS[now.terms.payment]
        return {"balance": UNCOUNTED if now.credits is None else now.credits, "payment": payment, "paymentName": word}


def _written(task: Task, error: InvalidNumber) -> str:
    """The number the gateway rejected, found by its position unless there is only one."""
    _, _, position = error.field.partition("[")
    return task.drafts[int(position.partition("]")[0] or 0)].recipient


def _reply(code: str, message: str, data: Any, status: int = 200) -> web.Response:
    answer = {"code": code, "data": data, "message": message}
    # half of a surrogate pair has no UTF-8; a broken character must not hold a list back
    body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    return web.Response(body=body, status=status, headers=HEADERS)
