"""A way between two bridges that loses, delays and repeats requests: an HTTP proxy on loopback."""

import asyncio
import random
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from tests.support.ports import port_for

#: headers of one connection, not of what passes (RFC 9110 §7.6.1)
_OF_THE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length", "host"})


@dataclass
class Faults:
    """What goes wrong, each for so many of the next requests that change something."""

    #: they never arrive
    lose: int = 0
    #: they arrive, and their answers do not come back
    lose_answers: int = 0
    #: they arrive twice, the second time together with the first
    repeat: int = 0
    #: the caller is cut off, and they arrive when `let_through` is called
    hold_back: int = 0
    #: seconds before each answer
    delay: float = 0.0
    #: part of all requests that meet one of these, by chance
    flaps: float = 0.0


class BadWay:
    """The way to a site. `start` and `close` it."""

    def __init__(self, target: str = "", seed: int = 0) -> None:
        self.target = target
        self.faults = Faults()
        #: answers for the next submissions instead of the site's: status and kind of the problem
        self.refuse_next: list[tuple[int, str]] = []
        #: methods and paths that came, in order
        self.came: list[tuple[str, str]] = []
        self._chance = random.Random(seed)
        self._runner: web.AppRunner | None = None
        self._open: dict[int, web.Request] = {}
        self._later: set[asyncio.Task[None]] = set()
        self._through = asyncio.Event()
        #: what requests that were held back were answered
        self.arrived: list[int] = []
        self._port = port_for(self)
        self.url = f"http://127.0.0.1:{self._port}"
        self._unplugged = False

    async def start(self) -> None:
        """Listen; on the same port as before after `unplug`."""
        self._unplugged = False
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()

    async def close(self) -> None:
        """Nobody listens any more."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def let_through(self) -> None:
        """What was held back arrives now; returns when it was answered."""
        self._through.set()
        await asyncio.gather(*self._later)

    def cut(self) -> None:
        """Cut every connection."""
        for request in list(self._open.values()):
            if request.transport is not None:
                request.transport.abort()

    def unplug(self) -> None:
        """Cut every connection and take no other; `plug` takes it back."""
        self._unplugged = True
        if self._runner is not None:
            for site in list(self._runner.sites):
                server = getattr(site, "_server", None)
                if server is not None:
                    server.close()
        self.cut()

    async def plug(self) -> None:
        """Listen again."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self.start()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        self.came.append((request.method, request.path))
        self._open[id(request)] = request
        try:
            body = await request.read()
            if self._unplugged:  # it was on its way to us meanwhile
                return self._cut_off(request)
            if request.method == "POST":
                return await self._change(request, body)
            if self.faults.flaps and self._chance.random() < self.faults.flaps:
                return self._cut_off(request)
            return await self._forward(request, body)
        except (aiohttp.ClientError, ConnectionError):
            return self._cut_off(request)  # one of the two ends went away
        finally:
            self._open.pop(id(request), None)

    async def _change(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.refuse_next and request.path.endswith("/v1/messages"):
            status, kind = self.refuse_next.pop(0)
            told = {"type": f"urn:sms-bridge:problem:{kind}", "title": kind, "status": status, "detail": "so it is"}
            return web.json_response(told, status=status, content_type="application/problem+json")
        if self._is_next("hold_back"):
            self._begin(self._arrive_later(request, body))
            return self._cut_off(request)
        if self._is_next("lose"):
            return self._cut_off(request)
        if self._is_next("lose_answers"):
            await self._send(request, body)
            return self._cut_off(request)
        if self._is_next("repeat"):
            await asyncio.gather(self._send(request, body), self._send(request, body))
        return await self._forward(request, body)

    def _is_next(self, fault: str) -> bool:
        left: int = getattr(self.faults, fault)
        if left > 0:
            setattr(self.faults, fault, left - 1)
            return True
        return bool(self.faults.flaps) and self._chance.random() < self.faults.flaps / 4

    def _cut_off(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _arrive_later(self, request: web.Request, body: bytes) -> None:
        method, path, headers = request.method, request.path_qs, _headers(request)
        await self._through.wait()
        with suppress(aiohttp.ClientError):  # whom it was for is not there any more
            async with (
                aiohttp.ClientSession() as http,
                http.request(method, self.target + path, data=body, headers=headers) as answer,
            ):
                self.arrived.append(answer.status)

    async def _send(self, request: web.Request, body: bytes) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.request(request.method, self.target + request.path_qs, data=body, headers=_headers(request)) as answer,
        ):
            await answer.read()

    async def _forward(self, request: web.Request, body: bytes) -> web.StreamResponse:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http,
            http.request(request.method, self.target + request.path_qs, data=body, headers=_headers(request)) as answer,
        ):
            if self.faults.delay:
                await asyncio.sleep(self.faults.delay)
            response = web.StreamResponse(
                status=answer.status,
                headers={name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_HOP},
            )
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response


def _headers(request: web.Request) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in _OF_THE_HOP)
