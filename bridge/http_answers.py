"""Bounds what an answer may cost: of receivers of webhooks, providers and other bridges, which may mean harm.

aiohttp's client bounds a line and a number of headers. It takes interim answers, chunk extensions and answers that
nobody asked for without end, and parses whatever a quarter of a megabyte holds before anybody else has a turn.
"""

import asyncio
import functools
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.tracing import Trace

from bridge import authorities

#: bytes that are read at once: everybody else has a turn before the next ones
PIECE = 16 * 1024
#: interim answers (RFC 9110 §15.2) to one request, and bytes until the head of its answer is complete
INTERIM, HEAD = 16, 64 * 1024
#: bytes that come with a body and are none of it: in all, and for each byte of the body. A chunk of one byte takes six
FRAMING, FRAMING_OF_EACH = 64 * 1024, 16

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]


class AnswerRefused(aiohttp.ClientConnectionError):
    """An answer takes more than any may; its words name no URL."""


class SmallReads(socket.socket):
    """A socket that gives a little at a time, however much has come."""

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """At most `PIECE` bytes."""
        return super().recv(min(bufsize, PIECE), flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """At most `PIECE` bytes."""
        return super().recv_into(buffer, min(nbytes or len(buffer), PIECE), flags)


def small_reads(connected: socket.socket) -> SmallReads:
    """Take over a connected socket."""
    return SmallReads(connected.family, connected.type, connected.proto, connected.detach())


class BoundedAnswers(ResponseHandler):
    """A connection to a server: one answer to each request, within bounds, and nothing in between."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        #: bytes and interim answers since the request
        self._came, self._interims = 0, 0
        #: the body of its answer, once the head is here
        self._body: aiohttp.StreamReader | None = None

    def set_response_params(self, **how: Any) -> None:
        """A request is about to be written."""
        self._came, self._interims, self._body = 0, 0, None
        super().set_response_params(**how)

    def data_received(self, data: bytes) -> None:
        """Take what came. b"" goes on with what was put off."""
        if self.upgraded or not data:
            super().data_received(data)
            return
        if self._body is not None and self._body.is_eof():
            self._hang_up()
            return
        self._came += len(data)
        super().data_received(data)
        if self.upgraded or self._exception is not None:
            return
        if self._body is None:
            if self._came > HEAD:
                self._refuse(f"the head of the answer is longer than {HEAD} bytes")
        elif self._came > HEAD + FRAMING + FRAMING_OF_EACH * self._body.total_bytes:
            self._refuse("there is next to nothing in the answer")

    def feed_data(self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0) -> None:
        """A head is complete."""
        code = data[0].code
        if self._body is not None:
            self._hang_up()
        elif code == 101 or not 100 <= code < 200:
            self._body = data[1]
            super().feed_data(data, size)
        elif self._interims < INTERIM:
            self._interims += 1
            super().feed_data(data, size)
        elif self._exception is None:
            self._refuse(f"more than {INTERIM} interim answers")

    def close(self) -> None:
        """Hang up. TLS without the farewell, which the other side may owe for ever, or longer than the loop runs."""
        if self.transport is not None and self.transport.get_extra_info("sslcontext") is not None:
            self.abort()
        else:
            super().close()

    def _refuse(self, words: str) -> None:
        error = AnswerRefused(words)
        if self._body is not None:
            self._body.set_exception(error)
        self.set_exception(error)
        self._hang_up()

    def _hang_up(self) -> None:
        """Whatever was asked is answered, or will not be."""
        self.force_close()
        if self.transport is not None:
            self.transport.abort()


def bounded(loop: asyncio.AbstractEventLoop) -> functools.partial[ResponseHandler]:
    """What makes the protocol of a connection, for a connector."""
    make: Callable[..., ResponseHandler] = BoundedAnswers
    return functools.partial(make, loop=loop)


class BoundedConnector(aiohttp.TCPConnector):
    """Connects an HTTP client by TCP and TLS to a server that may mean harm."""

    def __init__(self, **how: Any) -> None:
        super().__init__(socket_factory=_socket, **how)
        self._factory = bounded(self._loop)

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Connect for a request, with the machine's authorities at hand where no others are named."""
        if self._ssl is True and req.is_ssl():
            self._ssl = await asyncio.to_thread(authorities.trusted)
        return await super().connect(req, traces, timeout)


def _socket(address: AddressInfo) -> socket.socket:
    return SmallReads(*address[:3])


async def read_short(content: aiohttp.StreamReader, longest: int) -> bytes:
    """Read a body whole. Raises ValueError for one of more than `longest` bytes."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > longest:
            raise ValueError(f"the answer is longer than {longest} bytes")
    return bytes(body)
