"""A listening socket that can end all of its connections at once."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from bridge.tasks import Tasks

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Accepts on its own: asyncio's server of Python 3.11 loses the socket of one who comes while it closes."""

    def __init__(self, owner: str, serve: Serve) -> None:
        self._serve = serve
        self._tasks = Tasks(owner)
        self._socket: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def listen(self, bound: socket.socket) -> None:
        """Accept on a bound socket from now on; it is ours then."""
        bound.listen(64)
        bound.setblocking(False)
        self._socket = bound
        asyncio.get_running_loop().add_reader(bound.fileno(), self._accept, bound)

    def stop(self) -> None:
        """Accept nobody more, and drop everybody. Harmless when repeated."""
        bound, self._socket = self._socket, None
        if bound is not None:
            asyncio.get_running_loop().remove_reader(bound.fileno())
            bound.close()
        self.drop()

    def drop(self) -> None:
        """Break every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def close(self) -> None:
        """Stop, and wait until nothing is left."""
        self.stop()
        await self._tasks.close()
        for accepted in list(self._open):  # those whose task never came to its first step
            accepted.close()
        self._open.clear()

    def _accept(self, bound: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, InterruptedError, ConnectionError):
            accepted, _ = bound.accept()
            accepted.setblocking(False)
            self._open.add(accepted)
            self._tasks.start(self._connection(bound, accepted), "connection")

    async def _connection(self, bound: socket.socket, accepted: socket.socket) -> None:
        reader, writer = await _streams(accepted)
        self._open.discard(accepted)
        self._writers.add(writer)
        try:
            if self._socket is bound:  # else it came while we closed
                await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # it left
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _streams(accepted: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Reader and writer on an accepted socket of any family."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
