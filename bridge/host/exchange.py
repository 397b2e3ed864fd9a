"""A minimal HTTP/1.0 client (RFC 1945) for commands: one connection per call.

A client library takes longer to import than a command takes to run.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from bridge.dataclass import dataclass

CONNECT_TIMEOUT = 15.0  # seconds
#: bytes of a header field or an event
LONGEST_LINE = 1024 * 1024
#: raised where nobody answers, what answers is no HTTP, or the answer is cut short
LOST = (OSError, EOFError, asyncio.LimitOverrunError)


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer and its body stream."""

    status: int
    #: bytes of the body; -1 for all up to the end of the stream
    length: int
    content: StreamReader

    async def read(self) -> bytes:
        """Read the whole body. Raises EOFError when it is cut short."""
        return await (self.content.read() if self.length < 0 else self.content.readexactly(self.length))


class Exchange:
    """Makes calls over a Unix socket, or over TCP. Connection errors are those in `LOST`."""

    def __init__(self, url: str, socket: str = "") -> None:
        self._url = urlsplit(url)
        self._socket = socket

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Make a call; returns status and body."""
        async with self.begin(method, target, headers, body) as answer:
            return answer.status, await answer.read()

    @asynccontextmanager
    async def begin(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncIterator[Answer]:
        """Make a call whose answer is a stream; it ends with the block. `target` is a path with its query."""
        async with asyncio.timeout(CONNECT_TIMEOUT):
            reader, writer = await self._connect()
        try:
            writer.write(self._request(method, target, headers, body))
            yield await _head(reader)
        finally:
            writer.close()

    async def _connect(self) -> tuple[StreamReader, StreamWriter]:
        if self._socket:
            return await asyncio.open_unix_connection(self._socket, limit=LONGEST_LINE)
        tls = True if self._url.scheme == "https" else None
        return await asyncio.open_connection(self._url.hostname, self._url.port, ssl=tls, limit=LONGEST_LINE)

    def _request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        # on a socket of its own the API has no prefix
        path = target if self._socket else self._url.path + target
        lines = [f"{method} {path} HTTP/1.0", "Host: localhost", *(f"{name}: {headers[name]}" for name in headers)]
        if body:
            kind = [] if "Content-Type" in headers else ["Content-Type: application/json"]
            lines += [*kind, f"Content-Length: {len(body)}"]
        return "\r\n".join((*lines, "", "")).encode() + body


async def _head(reader: StreamReader) -> Answer:
    """Read up to the body. Raises EOFError when it ends before or is not HTTP."""
    version, _, rest = (await reader.readuntil(b"\r\n")).partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise EOFError
    length = -1
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
    return Answer(int(rest[:3]), length, reader)
