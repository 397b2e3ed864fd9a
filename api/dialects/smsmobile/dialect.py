"""The paths of the smsmobile dialect, and sending."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from api.dialect import auth
from api.dialect.contract import Mount, Route, Sample, Site
from api.dialects.smsmobile.calls import Calls
from api.dialects.smsmobile.conversations import Conversations
from api.dialects.smsmobile.lists import Lists
from api.dialects.smsmobile.owner import Owner
from api.dialects.smsmobile.refusals import HEADERS, NO_STORE, Refusals, reply
from api.dialects.smsmobile.rows import Calendar
from api.dialects.smsmobile.send import accepted, compose
from api.dialects.smsmobile.vocabulary import ERROR_WORDS, STATE_WORDS, StateWord
from api.dialects.smsmobile.whatsapp import Whatsapp
from api.http.parameters import Parameters, read_parameters
from bridge.errors import BadRequest, BridgeError, ConfigError, NotPossible
from bridge.model.account import Account
from bridge.model.inbox import CallKind
from bridge.model.message import State
from bridge.model.scope import ADMIN, ANY, INBOX, READ, SEND

Answer = Callable[[Account, Parameters], Awaitable[web.Response]]


class SmsMobile:
    """Implements `api.dialect.Dialect`."""

    name: ClassVar[str] = "smsmobile"
    about: ClassVar[str] = "the API of smsmobileapi.com, documented at https://smsmobileapi.com/doc"
    prefix: ClassVar[str] = ""
    body_limit: ClassVar[int] = 1 << 20
    cors: ClassVar[bool] = True
    options: ClassVar[Mapping[str, tuple[type, str]]] = {
        "legacy_http_200": (bool, "answer mistakes of the caller with status 200, for clients that want it so"),
        "timezone": (str, "the zone of dates in answers, such as Europe/Paris; UTC when not given"),
    }
    STATE_WORDS: ClassVar[Mapping[State, StateWord]] = STATE_WORDS
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], Any]] = ERROR_WORDS

    def __init__(self, site: Site, mount: Mount) -> None:
        """Raises ConfigError for invalid options."""
        self._gateway = site.gateway
        self._mount = mount
        self._calendar = Calendar(mount.options.get("timezone", "UTC"))
        self._refusals = Refusals(_legacy(mount.options.get("legacy_http_200", False)))
        self._lists = Lists(site.gateway, self._calendar)
        self._calls = Calls(site.gateway, self._calendar)
        self._owner = Owner(site.gateway, self._calendar)
        self._conversations = Conversations(site.gateway, self._calendar)

    def routes(self) -> Sequence[Route]:
        """All known paths of the vendor; those not offered are refused in the path's own format."""
        refusals, lists, calls, owner = self._refusals, self._lists, self._calls, self._owner
        whatsapp = Whatsapp(self._gateway, self._calendar, refusals)
        return [
            Route("/sendsms", self.send, SEND),
            Route("/resend", self._known(self._resend), SEND),
            Route("/deletesms", self._known(lists.delete), INBOX | ADMIN),
            Route("/log/sent/sms", self._known(lists.sent), READ, refuse=refusals.listing),
            Route("/log/sent/frommobile", self._known(lists.typed), INBOX, refuse=refusals.listing),
            Route("/getsms", self._known(lists.inbox), INBOX, refuse=refusals.listing),
            Route("/gateway/mobile/list", self._known(lists.phones), READ, refuse=refusals.phones),
            Route("/oauth2/token", self._token, ANY, refuse=refusals.tokens),
            Route("/resendwa", self._known(whatsapp.resend), SEND),
            Route("/getwa", self._known(whatsapp.inbox), INBOX),
            Route("/getwa/media", self._known(whatsapp.media), INBOX),
            Route("/getwa/active", self._known(whatsapp.active), INBOX),
            Route("/getwa/synchronisation", self._known(whatsapp.synchronisation), INBOX),
            Route("/whatsapp/checknumber", self._known(whatsapp.number), READ),
            Route("/sendemail", self._known(owner.email), SEND),
            Route("/getemail", self._known(_no_mail), ANY),
            Route(
                "/conversation/sms/list", self._known(self._conversations.answer), INBOX | READ, refuse=refusals.calls
            ),
            Route("/call/missed/list", self._known(calls.missed), INBOX, refuse=refusals.calls),
            Route("/call/incoming/list", self._known(calls.of(CallKind.INCOMING)), INBOX, refuse=refusals.calls),
            Route("/call/outgoing/list", self._known(calls.of(CallKind.OUTGOING)), INBOX, refuse=refusals.calls),
            Route("/notification/send", self._known(owner.notify), SEND, refuse=refusals.notifying),
            Route("/notification/list", self._known(owner.notifications), READ, refuse=refusals.notifications),
        ]

    def refuse(self, error: BridgeError) -> web.Response:
        """An error as `/sendsms` reports it, with the code also at the top."""
        return self._refusals.sending(error)

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """A form POST, as in the vendor's first example."""
        form = {"recipients": recipient, "message": text, "apikey": credentials["apikey"]}
        label = {"Content-Type": "application/x-www-form-urlencoded"}
        return Sample("POST", f"{self._mount.prefix}/sendsms", label, urlencode(form).encode())

    async def send(self, request: web.Request) -> web.Response:
        """`/sendsms`: accept one message, by SMS or WhatsApp or both."""
        params = await read_parameters(request, self._mount.body_limit)
        account = await self._caller(request, params)
        key = _idempotency_key(request.headers)
        submission = await self._gateway.submit(
            account, compose(params, self._gateway.lines(), account.terms.country), key
        )
        body = accepted(submission.messages, self._calendar.of(account), params)
        return web.Response(body=body, headers=HEADERS)

    async def _caller(self, request: web.Request, params: Parameters) -> Account:
        return await auth.caller(self._gateway, params.text("apikey"), request, params.hint)

    def _known(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Wrap a handler: authenticate the caller and read the parameters."""

        async def handle(request: web.Request) -> web.Response:
            params = await read_parameters(request, self._mount.body_limit)
            return await answer(await self._caller(request, params), params)

        return handle

    async def _resend(self, account: Account, params: Parameters) -> web.Response:
        """`/resend`: requeue a failed, expired or unknown message."""
        guid = (params.text("guid_message") or params.need("guid")).strip().lower()
        try:
            message = await self._gateway.resend(account, guid)
        except NotPossible as error:
            return self._refusals.sending(error, guid, "0")
        return web.Response(body=accepted((message,), self._calendar.of(account), params), headers=HEADERS)

    async def _token(self, request: web.Request) -> web.Response:
        """`/oauth2/token`: a bearer token for client credentials."""
        params = await read_parameters(request, self._mount.body_limit)
        return reply(await auth.grant(self._gateway, params, request), headers=NO_STORE)


def _legacy(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ConfigError([f"dialects.smsmobile.options.legacy_http_200: must be true or false, not {value!r}"])


def _idempotency_key(headers: Mapping[str, str]) -> str:
    """An extension: requests with the same `Idempotency-Key` are sent once."""
    key = headers.get("Idempotency-Key", "")
    if len(key) > 255 or not key.isascii():
        raise BadRequest("Idempotency-Key is at most 255 ASCII characters.", "Idempotency-Key")
    return key


async def _no_mail(_account: Account, _params: Parameters) -> web.Response:
    return reply({"result": {"error": "0", "messages": [], "note": "This bridge has no mailbox; it reads no e-mail."}})
