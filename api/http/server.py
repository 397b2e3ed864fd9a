"""The HTTP servers: ports and sockets, with shared connection limits and one certificate."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from api.http.app import runner
from api.http.bodies import Reading
from api.http.connections import Connections, Limits
from api.http.deep_paths import shortening
from api.http.listener import Listener, bound_unix, enough_files
from api.http.proxies import Proxies
from bridge.config.schema import Http

#: of the socket for a proxy on this machine: its group may use it
SHARED = 0o660
#: of the socket for the command line: our own user alone
PRIVATE = 0o600


class HttpServers:
    """A context manager: on exit it stops accepting, lets answers finish, then cuts the rest."""

    def __init__(self, http: Http, tls: ssl.SSLContext | None = None) -> None:
        """Raises ConfigError when the process cannot open enough connections."""
        enough_files(http.max_connections)
        self.tls = tls
        self.proxies = Proxies.of(http.trusted_proxies, http.proxy_headers, unix=bool(http.socket))
        self.reading = Reading(http.max_body, http.request_timeout)
        limits = Limits(
            http.max_connections,
            http.max_connections_per_address,
            http.request_timeout,
            http.idle_timeout,
            http.answer_timeout,
        )
        self.connections = Connections(limits, self.proxies)
        self._own = Connections(Limits(), Proxies())
        self._hubs = Connections(Limits(), Proxies())
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._stack.callback(self.connections.close)
        self._stack.callback(self._own.close)
        self._stack.callback(self._hubs.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def listen(self, app: web.Application, doors: Sequence[socket.socket], path: Path | None = None) -> None:
        """Serve an application on listening TCP sockets, and on a Unix socket for a proxy. Raises OSError."""
        handler = await self.serving(app)
        for door in doors:
            self._open(Listener(door, handler, self.connections, self.tls))
        if path is not None:
            self._open_unix(path, SHARED, handler, self.connections)

    async def listen_for_ourselves(self, app: web.Application, path: Path) -> None:
        """Serve the same user's other processes on a Unix socket, independent of the ports' load. Raises OSError."""
        self._open_unix(path, PRIVATE, await self.serving(app), self._own)

    async def serving(self, app: web.Application) -> web.Server:
        """What makes the protocol of a connection to this application, wherever that comes from."""
        serving = runner(app)
        await serving.setup()
        self._stack.push_async_callback(serving.cleanup)
        assert serving.server is not None  # noqa: S101 - narrows the type: `setup` made it
        serving.server.request_factory = shortening(serving.server.request_factory)
        return serving.server

    async def serving_hubs(self, app: web.Application) -> Callable[[], asyncio.BaseProtocol]:
        """The same for what hubs ask over the connections that we keep to them, within limits of their own.

        What it makes raises ConnectionRefusedError when there are too many.
        """
        handler = await self.serving(app)

        def admit() -> asyncio.BaseProtocol:
            connection = self._hubs.admit("", handler)
            if connection is None:
                raise ConnectionRefusedError("too many requests of hubs")
            return connection

        return admit

    def _open_unix(self, path: Path, mode: int, handler: web.Server, connections: Connections) -> None:
        door = bound_unix(path, mode)
        self._stack.callback(path.unlink, missing_ok=True)
        self._open(Listener(door, handler, connections))

    def _open(self, listener: Listener) -> None:
        listener.start()
        self._stack.push_async_callback(listener.close)
