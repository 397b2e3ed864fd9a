"""Takes webhooks, with as little of its own as can be: what is measured is the bridge."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

ACCEPTED = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection: each request is answered, then its body is told."""

    def __init__(self, hear: Callable[[bytes], object]) -> None:
        self._hear = hear
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Some of a request."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if found and len(rest) >= length:
            self._buffer = rest[length:]
            self._transport.write(ACCEPTED)
            self._hear(rest[:length])


@asynccontextmanager
async def receiver(hear: Callable[[bytes], object]) -> AsyncIterator[str]:
    """The URL of a receiver that tells the body of each request."""
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(hear), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
