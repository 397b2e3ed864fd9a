"""An HTTP server that can be unplugged, keep its callers waiting, and hang up on them."""

import asyncio
from abc import abstractmethod
from typing import Protocol

from aiohttp import web

from bridge.tasks import Tasks
from device_drivers.virtual.cloud.faults import Faults

HOST = "127.0.0.1"
_PAGE = b"<html><head><title>Bad Gateway</title></head><body>Sorry, something went wrong.</body></html>"


class Server(Protocol):
    """The HTTP side of an emulated provider. `start` and `close` it."""

    faults: Faults
    _port: int
    _runner: web.AppRunner | None
    _server: asyncio.Server | None
    _unplugged: asyncio.Event
    _tasks: Tasks

    @abstractmethod
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a call."""

    def _lay_out(self, port: int) -> None:
        self.faults = Faults()
        self._port = port
        self._runner = None
        self._server = None
        self._unplugged = asyncio.Event()
        self._tasks = Tasks("virtual provider")

    @property
    def url(self) -> str:
        """`endpoint` of the driver."""
        return f"http://{HOST}:{self._port}"

    @property
    def plugged(self) -> bool:
        """Whether anybody answers."""
        return self._server is not None

    async def start(self) -> None:
        """Answer. Raises OSError."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()

    def replug(self) -> None:
        """Answer again soon, after `unplug`; at the same port. Harmless when it answers."""
        self._tasks.start(self._listen(), "replug")

    async def _listen(self) -> None:
        """Raises OSError."""
        if self._runner is None or self._runner.server is None or self._server is not None:
            return
        self._unplugged.clear()
        self._server = await asyncio.get_running_loop().create_server(self._runner.server, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def unplug(self) -> None:
        """Answer nobody, as when the network is away. Harmless when repeated."""
        server, self._server = self._server, None
        if server is None:
            return
        self._unplugged.set()
        server.close()
        for connection in self._runner.server.connections if self._runner and self._runner.server else ():
            connection.force_close()

    async def close(self) -> None:
        """Answer nobody any more."""
        await self._tasks.close()
        self.unplug()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _before(self, request: web.Request) -> web.StreamResponse | None:
        """What happens to a message before it is taken; None when nothing does."""
        if self.faults.lost_next > 0:
            self.faults.lost_next -= 1
            return await self._never(request)
        if self.faults.pages_next:
            return web.Response(status=self.faults.pages_next.pop(0), body=_PAGE, content_type="text/html")
        return None

    async def _after(self, request: web.Request) -> web.StreamResponse | None:
        """What happens to a message once it is taken, instead of an answer; None when nothing does."""
        if self.faults.silent_next > 0:
            self.faults.silent_next -= 1
            return await self._never(request)
        if self.faults.reset_next > 0:
            self.faults.reset_next -= 1
            _reset(request)
            return web.Response()
        if self.faults.garbled_next > 0:
            self.faults.garbled_next -= 1
            return web.Response(body=b'{"Resp', content_type="application/json")
        return None

    async def _never(self, request: web.Request) -> web.StreamResponse:
        """No answer, until the network is away."""
        await self._unplugged.wait()
        _reset(request)
        return web.Response()


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
