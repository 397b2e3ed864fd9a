"""The HTTP server of an emulated provider: it can be unplugged, keep its callers waiting, and hang up on them."""

import asyncio
import errno
from abc import ABC, abstractmethod
from dataclasses import field

from aiohttp import web

from bridge.dataclass import dataclass
from bridge.tasks import Tasks

HOST = "127.0.0.1"
_PAGE = b"<html><head><title>Bad Gateway</title></head><body>Sorry, something went wrong.</body></html>"


@dataclass(slots=True)
class AnswerFaults:
    """What can go wrong with the answer to a message. Counters and lists are used up."""

    #: HTTP statuses of the next messages, with a page of HTML in place of an answer
    pages_next: list[int] = field(default_factory=list)
    #: so many of the next messages are taken, and never answered
    silent_next: int = 0
    #: so many are read, and neither taken nor answered
    lost_next: int = 0
    #: so many are taken, and the connection is reset
    reset_next: int = 0
    #: so many are taken, and answered with 200 and something that is no JSON
    garbled_next: int = 0


class ProviderServer(ABC):
    """`start` and `close` it; a provider says what it answers at which path."""

    #: an answer that breaks off
    garbled = b'{"Resp'

    def __init__(self, name: str, faults: AnswerFaults, port: int) -> None:
        self._answer_faults = faults
        self._port = port
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._unplugged = asyncio.Event()
        self._tasks = Tasks(name)

    @abstractmethod
    def _add_routes(self, router: web.UrlDispatcher) -> None:
        """Add what is answered."""

    @property
    def url(self) -> str:
        """Where it is, for the configuration of the driver."""
        return f"http://{HOST}:{self._port}"

    @property
    def plugged(self) -> bool:
        """Whether anybody answers."""
        return self._server is not None

    async def start(self) -> None:
        """Answer. Raises OSError."""
        app = web.Application()
        self._add_routes(app.router)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await self._listen()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            self._port = 0  # another network on this machine has it: any other will do
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
        if self._answer_faults.lost_next > 0:
            self._answer_faults.lost_next -= 1
            return await self._never(request)
        if self._answer_faults.pages_next:
            return web.Response(status=self._answer_faults.pages_next.pop(0), body=_PAGE, content_type="text/html")
        return None

    async def _after(self, request: web.Request) -> web.StreamResponse | None:
        """What happens to a message once it is taken, instead of an answer; None when nothing does."""
        if self._answer_faults.silent_next > 0:
            self._answer_faults.silent_next -= 1
            return await self._never(request)
        if self._answer_faults.reset_next > 0:
            self._answer_faults.reset_next -= 1
            _reset(request)
            return web.Response()
        if self._answer_faults.garbled_next > 0:
            self._answer_faults.garbled_next -= 1
            return web.Response(body=self.garbled, content_type="application/json")
        return None

    async def _never(self, request: web.Request) -> web.StreamResponse:
        """No answer, until the network is away."""
        await self._unplugged.wait()
        _reset(request)
        return web.Response()


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
