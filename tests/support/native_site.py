"""A whole bridge without devices behind a real HTTP port: real store, real gateway, the native API.

The tests play the devices through the store, as the dispatcher and the inbox do.
"""

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from api.dialects.native.cookie import COOKIE, PROOF_HEADER
from api.http.app import SITE, build_app
from bridge.accounts.credentials import digest
from bridge.accounts.passwords import hashed
from bridge.accounts.sessions import LIFE
from bridge.bus import Bus
from bridge.errors import DeviceLost, NoSuchThing
from bridge.gateway.gateway import Devices, Gateway
from bridge.model.account import Account, Author
from bridge.model.finding import Finding
from bridge.model.history import Ongoing
from bridge.model.inbox import Received
from bridge.model.line import Line, LineState
from bridge.model.media import Media
from bridge.model.message import Message, State
from bridge.model.neighbour import Neighbour
from bridge.model.radio import InboundPart
from bridge.model.site import Site as Outpost
from bridge.model.user import Role, Session, User
from bridge.ports.clock import Clock
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential, Outcome
from bridge.ports.virtual import VirtualPhones
from bridge.store import open_store
from tests.support.empty_store import empty_store
from tests.support.openapi_document import Document

DOCUMENT = Document(resources.files("api").joinpath("openapi.yaml").read_text("utf-8"))
#: of what only a demo has
VIRTUAL = Document(resources.files("api").joinpath("virtual.yaml").read_text("utf-8"))
NOW = 1_795_215_712_123
LINES = (
    Line("office", "office", "gsm_modem", LineState.READY, number="+15550190", signal_dbm=-71, seen_at=NOW),
    Line("shop-phone:2", "shop-phone", "android_adb", LineState.ABSENT, slot=2, reason="plug it in", reports=False),
)
#: what is found at the devices, by their names
FINDINGS = {
    "stick": [
        Finding("ok", "devices.stick", "registered: home Virtual"),
        Finding("fail", "devices.stick", "the SIM has no service centre number", 'smsc = "+…"'),
    ]
}
#: of every person
PASSWORD = "correct horse battery"
PASSWORD_HASH = hashed(PASSWORD)
KEYS = {"shop": "shop-key", "bakery": "bakery-key", "operator": "operator-key"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, already found to be as documented."""

    status: int
    headers: Any
    body: Any

    @property
    def problem(self) -> tuple[int, str, str]:
        """Status, kind and field of a problem."""
        return self.status, self.body["type"].rpartition(":")[2], self.body.get("field", "")

    @property
    def detail(self) -> str:
        return str(self.body["detail"])


class Caller:
    """An application that talks to the native API; each answer must be in the document."""

    def __init__(self, http: "TestClient[Any, Any]", headers: dict[str, str]) -> None:
        self.http = http
        self.headers = headers

    def with_headers(self, **headers: str) -> "Caller":
        """The same caller with further headers; `_` stands for `-`."""
        return Caller(self.http, self.headers | {name.replace("_", "-"): value for name, value in headers.items()})

    def without(self, *names: str) -> "Caller":
        return Caller(self.http, {name: value for name, value in self.headers.items() if name not in names})

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """`body`: bytes as they are, in one piece or as they come; anything else as JSON."""
        raw = body if body is None or isinstance(body, bytes | AsyncIterator) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if raw is not None else {}
        params = {name.rstrip("_"): str(value) for name, value in query.items()}
        async with self.http.request(method, path, data=raw, headers=headers | self.headers, params=params) as response:
            answer = Answer(response.status, response.headers, await _body(response))
        demo = self.http.app is not None and self.http.app[SITE].gateway.virtual is not None
        judge = VIRTUAL if demo and VIRTUAL.template(response.url.path) else DOCUMENT
        judge.judge(method, response.url.path, answer.status, answer.headers, answer.body)
        return answer

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.call("GET", path, **query)

    async def post(self, path: str, body: Any = None) -> Answer:
        return await self.call("POST", path, body)

    async def patch(self, path: str, body: Any) -> Answer:
        return await self.call("PATCH", path, body)

    async def put(self, path: str, body: Any) -> Answer:
        return await self.call("PUT", path, body)

    async def delete(self, path: str, **query: Any) -> Answer:
        return await self.call("DELETE", path, **query)

    async def send(self, to: Any = "+15550100", text: str = "hello", **more: Any) -> dict[str, Any]:
        """Submit one message that must be accepted."""
        answer = await self.post("/v1/messages", {"to": to, "text": text, **more})
        assert answer.status == 202, answer.body
        return dict(answer.body)


async def _body(response: ClientResponse) -> Any:
    raw = await response.read()
    return json.loads(raw) if raw and response.content_type.endswith("json") else raw.decode()


class Site:
    """The bridge under test, and what its devices would do."""

    def __init__(self, store: Store, gateway: Gateway, http: "TestClient[Any, Any]") -> None:
        self.store = store
        self.gateway = gateway
        self.http = http
        self.shop, self.bakery, self.operator = (self.caller(key) for key in KEYS.values())
        self.nobody = Caller(http, {})
        self._slot = 0

    def caller(self, key: str) -> Caller:
        return Caller(self.http, {"Authorization": f"Bearer {key}"})

    async def person(self, role: Role, name: str = "") -> Caller:
        """Somebody of this role who is signed in, with all that a page of the bridge sends."""
        name = name or role.value
        if await self.gateway.users.get(name) is None:
            await self.store.add_user(User(name, role, NOW), PASSWORD_HASH, Author("test", NOW))
        # as `Sessions` begins one, without the quarter of a second that a password takes
        secret, now = secrets.token_urlsafe(), self.gateway.now()
        session = Session(secrets.token_hex(8), name, "192.0.2.7", "a browser", now, now, now + LIFE)
        await self.store.begin_session(digest(secret), session, Author(f"{name} from 192.0.2.7", now))
        found = await self.gateway.sessions.find(secret)
        assert found is not None
        return Caller(self.http, {"Cookie": f"{COOKIE}={secret}", PROOF_HEADER: found.proof})

    def close_streams(self) -> None:
        """What the application does first when it goes down."""
        self.http.app[SITE].closing.set()  # type: ignore[union-attr]

    async def carry(self, state: State, error: str = "", line: str = "office") -> Message:
        """A line takes the oldest message and each of its parts ends in `state`."""
        claim = await self.store.claim(line, ("", line, f"sim:{line}"), self.gateway.now() + 1)
        assert claim is not None
        message = claim.message
        for index in range(claim.index, message.parts + 1):
            if index > claim.index:
                await self.store.intend(message.id, index, line, NOW)
            message = await self.store.record(Outcome(message.id, index, state, reference=index, error=error), NOW)
        return message

    async def receive(self, sender: str = "+15550123", text: str = "hi", line: str = "office") -> Received:
        self._slot += 1
        item = InboundPart(line, f"slot-{self._slot}", sender, text, sent_at=NOW)
        received = await self.store.receive(item, line, NOW + self._slot)
        assert received is not None
        return received


@asynccontextmanager
async def serving(gateway: Gateway, **how: Any) -> AsyncIterator["TestClient[Any, Any]"]:
    """The native API of a gateway on a port of its own."""
    app = build_app(gateway, dialects={"native": how.pop("prefix", "")}, **how)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as http:
        yield http


async def _fetch(device: str, media: str) -> Media:
    """Every device with media is away."""
    raise DeviceLost(f"the device {device} is not connected")


async def _examine(device: str) -> Sequence[Finding]:
    """As the supervisor's."""
    if device not in FINDINGS:
        raise NoSuchThing(f"there is no device {device!r}")
    return FINDINGS[device]


@asynccontextmanager
async def site_in(
    folder: Path,
    lines: Sequence[Line] = LINES,
    clock: Clock | None = None,
    alarms: Callable[[], Sequence[Ongoing]] = tuple,
    virtual: VirtualPhones | None = None,
    sites: Callable[[], Sequence[Outpost]] = tuple,
    bridges: Callable[[], Awaitable[Sequence[Neighbour]]] | None = None,
    **how: Any,
) -> AsyncIterator[Site]:
    """A bridge with the accounts `shop` and `bakery`, and `operator` who may do everything."""
    bus = Bus()
    store = await open_store(empty_store(folder), bus)
    for name, key in KEYS.items():
        account = replace(Account(name, created_at=NOW), operator=name == "operator")
        await store.add_account(account, [Credential("apikey", "", digest(key))])
    devices = Devices(
        lambda: lines, _examine, fetch=_fetch, alarms=alarms, virtual=virtual, sites=sites, bridges=bridges
    )
    gateway = Gateway(store, bus, devices=devices, clock=clock)
    try:
        async with serving(gateway, **how) as http:
            yield Site(store, gateway, http)
    finally:
        await store.close()
