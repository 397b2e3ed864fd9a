"""Webhook receivers of customers, real HTTP servers on loopback, for tests."""

import asyncio
import hashlib
import hmac
import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.support.ports import keep

DEADLINE = 30.0  # seconds a test waits for what must come


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    headers: Mapping[str, str]
    raw: bytes
    #: the other end of the connection
    peer: Any = None

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.raw)

    @property
    def text(self) -> str:
        """The SMS it tells of."""
        return str(self.json["data"]["message"])

    @property
    def event_id(self) -> str:
        """By which a receiver knows a repeat."""
        return self.headers["X-SMSMobileAPI-Event-ID"]


Answering = Callable[[Heard, web.Request], Awaitable[web.StreamResponse] | web.StreamResponse]


def accept(heard: Heard, request: web.Request) -> web.Response:
    """What a receiver in good health says."""
    return web.json_response({"ok": True, "accepted": True}, status=202)


@dataclass
class Receiver:
    """Writes down what it hears, answers as told, can die and come back on the same port."""

    answer: Answering = accept
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    #: speaks https with this
    tls: ssl.SSLContext | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.AppRunner | None = None
    #: the port is ours while nobody listens there, too
    _kept: socket.socket | None = None

    async def __aenter__(self) -> Self:
        self._kept = keep(port=self.port)
        self.port = self._kept.getsockname()[1]
        await self.rise()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.die()
        if self._kept is not None:
            self._kept.close()

    async def rise(self) -> None:
        """Listen (again)."""
        app = web.Application()
        app.router.add_post("/{path:.*}", self._hear)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls)
        await site.start()

    async def die(self) -> None:
        """Close the port and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """Where it listens; the token is of the kind that must not get into logs."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/hook?token=receivers-own-token"

    @property
    def texts(self) -> list[str]:
        """The SMS it heard of, in order, repeats too."""
        return [heard.text for heard in self.heard]

    @property
    def repeats(self) -> dict[str, int]:
        """Texts by how often they came."""
        return dict(Counter(self.texts))

    async def has(self, count: int) -> None:
        """Wait until so many requests came."""
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(lambda: len(self.heard) >= count)

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        heard = Heard(request.headers.copy(), await request.read(), peer)
        async with self._changed:
            self.heard.append(heard)
            self._changed.notify_all()
        answer = self.answer(heard, request)
        return await answer if isinstance(answer, Awaitable) else answer


@dataclass
class StrictReceiver:
    """Checks a request as the vendor tells its customers to: length, age, signature over the raw bytes, envelope.

    Written from the published contract alone; it shares no code with what it checks.
    """

    secret: str
    #: Unix seconds
    now: Callable[[], float] = time.time
    seen: set[str] = field(default_factory=set)

    def __call__(self, heard: Heard, request: web.Request) -> web.Response:
        status, body = self.judge(heard)
        return web.json_response(body, status=status)

    def judge(self, heard: Heard) -> tuple[int, dict[str, Any]]:
        """The status and body of the answer."""
        length = heard.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) != len(heard.raw) or not 0 < len(heard.raw) <= 1_000_000:
            return 400, {"ok": False, "error": "invalid_request"}
        stamp = heard.headers.get("X-SMSMobileAPI-Timestamp", "")
        if not stamp.isdigit() or abs(self.now() - int(stamp)) > 300:
            return 401, {"ok": False, "error": "invalid_or_stale_timestamp"}
        digest = hmac.new(self.secret.encode(), stamp.encode() + b"." + heard.raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v1={digest}", heard.headers.get("X-SMSMobileAPI-Signature", "")):
            return 401, {"ok": False, "error": "invalid_signature"}
        event = json.loads(heard.raw)
        if set(event) != {"id", "type", "api_version", "created_at", "occurred_at", "data"}:
            return 400, {"ok": False, "error": "invalid_event_envelope"}
        if heard.headers["Idempotency-Key"] != event["id"] or heard.headers["X-SMSMobileAPI-Event"] != event["type"]:
            return 400, {"ok": False, "error": "headers_contradict_the_body"}
        if event["id"] in self.seen:
            return 200, {"ok": True, "duplicate": True}
        self.seen.add(event["id"])
        return 202, {"ok": True, "accepted": True}


class NameTable(AbstractResolver):
    """A name service with a few lines in it."""

    def __init__(self, addresses: dict[str, list[str]]) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses[host]
        ]

    async def close(self) -> None:
        return None
