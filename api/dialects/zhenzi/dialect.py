"""The paths of the Zhenzi dialect, and authentication."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from api.dialect import auth
from api.dialect.contract import Handler, Mount, Route, Sample, Site
from api.dialect.local_time import written, zone_of
from api.dialects.zhenzi.send import Composing, field
from api.dialects.zhenzi.vocabulary import ERROR_WORDS, SENT, STATE_WORDS, ErrorWord, refusal, reply
from api.http.parameters import Parameters, read_once
from bridge.errors import BridgeError, NoSuchThing
from bridge.model.account import Account
from bridge.model.message import Draft, Message, State
from bridge.model.query import MessageQuery
from bridge.model.scope import READ, SEND

Answer = Callable[[Account, Parameters], Awaitable[web.Response]]
Compose = Callable[[Account, Parameters], Awaitable[Draft]]

_POST = frozenset({"POST"})
#: what an account whose messages are not counted has left: the page promises a whole number, and this is the
#: greatest that fits the 32 bits of its readers
UNCOUNTED = 2**31 - 1


class Zhenzi:
    """Implements `api.dialect.Dialect`."""

    name: ClassVar[str] = "zhenzi"
    about: ClassVar[str] = "the API of Zhenzi SMS (sms_developer.zhenzikj.com): /sms/send.do with appId and appSecret"
    prefix: ClassVar[str] = ""
    body_limit: ClassVar[int] = 512 * 1024
    cors: ClassVar[bool] = False
    options: ClassVar[Mapping[str, tuple[type, str]]] = {}
    STATE_WORDS: ClassVar[Mapping[State, str]] = STATE_WORDS
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], ErrorWord]] = ERROR_WORDS

    def __init__(self, site: Site, mount: Mount) -> None:
        self._gateway = site.gateway
        self._mount = mount
        self._composing = Composing(site.gateway)

    def routes(self) -> Sequence[Route]:
        """The three documented endpoints, and the template endpoint of the SDKs."""
        return [
            Route("/sms/send.do", self._known(self._sending(self._composing.text)), SEND, _POST),
            Route("/sms/v2/send.do", self._known(self._sending(self._composing.template)), SEND, _POST),
            Route("/account/balance.do", self._known(self._balance), READ, _POST),
            Route("/smslog/findSmsByMessageId.do", self._known(self._find), READ, _POST),
        ]

    def refuse(self, error: BridgeError) -> web.Response:
        """`code` and a reason in Chinese."""
        return refusal(error)

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """The documentation's form."""
        form = {"appId": credentials["app_id"], "appSecret": credentials["app_secret"]}
        form |= {"message": text, "number": recipient}
        label = {"Content-Type": "application/x-www-form-urlencoded"}
        return Sample("POST", f"{self._mount.prefix}/sms/send.do", label, urlencode(form).encode())

    def _known(self, answer: Answer) -> Handler:
        """Wrap a handler: authenticate the caller and read the fields."""

        async def handle(request: web.Request) -> web.Response:
            form = await read_once(request, self._mount.body_limit)
            app, secret = field(form, "appId"), field(form, "appSecret")
            account = await auth.enter(self._gateway, request, "zhenzi", app, secret)
            return await answer(account, form)

        return handle

    def _sending(self, compose: Compose) -> Answer:
        async def answer(account: Account, form: Parameters) -> web.Response:
            await self._gateway.submit(account, (await compose(account, form),))
            return reply(0, SENT)

        return answer

    async def _balance(self, account: Account, _form: Parameters) -> web.Response:
        """`/account/balance.do`: the current balance."""
        left = (await self._gateway.administration.account(account.name)).credits
        return reply(0, UNCOUNTED if left is None else left)

    async def _find(self, account: Account, form: Parameters) -> web.Response:
        """`/smslog/findSmsByMessageId.do`: one object, as documented."""
        found = await self._gateway.messages(account, MessageQuery(client_ref=field(form, "messageId"), limit=1))
        if not found.rows:
            raise NoSuchThing
        return reply(0, _row(found.rows[0], form.text("appId"), zone_of(account)))


def _row(message: Message, app_id: str, zone: tzinfo) -> dict[str, Any]:
    return {
        "messageId": message.client_ref,
        "number": message.written,
        "message": message.text,
        "status": STATE_WORDS[message.state],
        "createTime": written(message.created_at, zone),
        "sendTime": written(message.sent_at, zone) if message.sent_at else "",
        "appId": app_id,
    }
