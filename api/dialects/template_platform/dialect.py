"""The paths of the template platform, and authentication."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar

from aiohttp import web

from api.dialect import auth
from api.dialect.contract import Handler, Mount, Route, Sample, Site
from api.dialect.templated import SAMPLE_ID
from api.dialects.template_platform.records import Records
from api.dialects.template_platform.send import Sending
from api.dialects.template_platform.vocabulary import ERROR_WORDS, STATE_WORDS, ErrorWord, refusal
from api.http.bodies import read_body
from bridge.errors import BridgeError, UnknownCaller
from bridge.model.account import Account
from bridge.model.message import State
from bridge.model.scope import READ, SEND

Answer = Callable[[Account, web.Request], Awaitable[web.Response]]
Submit = Callable[[Account, bytes], Awaitable[web.Response]]

_GET, _POST = frozenset({"GET"}), frozenset({"POST"})


class TemplatePlatform:
    """Implements `api.dialect.Dialect`."""

    name: ClassVar[str] = "template_platform"
    about: ClassVar[str] = "the template API of Chinese SMS platforms: /api/sms/send with X-API-Key and X-API-Secret"
    prefix: ClassVar[str] = ""
    body_limit: ClassVar[int] = 256 * 1024
    cors: ClassVar[bool] = False
    options: ClassVar[Mapping[str, tuple[type, str]]] = {}
    STATE_WORDS: ClassVar[Mapping[State, str]] = STATE_WORDS
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], ErrorWord]] = ERROR_WORDS

    def __init__(self, site: Site, mount: Mount) -> None:
        self._gateway = site.gateway
        self._mount = mount
        self._sending = Sending(site.gateway)
        self._records = Records(site.gateway)

    def routes(self) -> Sequence[Route]:
        """The four documented endpoints."""
        return [
            Route("/api/sms/send", self._submitting(self._sending.one), SEND, _POST),
            Route("/api/sms/batch-send", self._submitting(self._sending.batch), SEND, _POST),
            Route("/api/sms/records", self._known(self._records.find), READ, _GET),
            Route("/api/account/info", self._known(self._records.account), READ, _GET),
        ]

    def refuse(self, error: BridgeError) -> web.Response:
        """`success` false and a message in Chinese."""
        return refusal(error)

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """The documentation's first example, with the template of `api.templated.SAMPLE_TEXT`."""
        headers = {
            "X-API-Key": credentials["api_key"],
            "X-API-Secret": credentials["api_secret"],
            "Content-Type": "application/json",
        }
        body = {"phone": recipient, "template_id": SAMPLE_ID, "params": {"text": text}}
        encoded = json.dumps(body, ensure_ascii=False).encode()
        return Sample("POST", f"{self._mount.prefix}/api/sms/send", headers, encoded)

    def _known(self, answer: Answer) -> Handler:
        """Wrap a handler: authenticate the caller."""

        async def handle(request: web.Request) -> web.Response:
            return await answer(await self._caller(request), request)

        return handle

    def _submitting(self, answer: Submit) -> Handler:
        """Wrap a handler that takes a body: authenticate the caller, and again where that has changed meanwhile."""

        async def handle(request: web.Request) -> web.Response:
            changes = self._gateway.authenticator.changes
            account = await self._caller(request)
            raw = await read_body(request, self._mount.body_limit)
            if changes != self._gateway.authenticator.changes:
                account = await self._caller(request)
            return await answer(account, raw)

        return handle

    async def _caller(self, request: web.Request) -> Account:
        """Authenticate. Raises what `Authenticator.enter` raises; a missing or repeated header matches no account."""
        given = [request.headers.getall(name, []) for name in ("X-API-Key", "X-API-Secret")]
        if any(len(values) != 1 or not values[0] or not values[0].isascii() for values in given):
            raise UnknownCaller
        (key,), (secret,) = given
        return await auth.enter(self._gateway, request, "template", key, secret)
