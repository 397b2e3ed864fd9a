"""Bodies in chunks that are not as HTTP writes them (RFC 9112 §7.1): whoever reads one hears of it at once.

aiohttp's parser leaves the body as it was, so its reader waits for the rest until the time is over, and answers without
knowing the path where the fault comes along with the header.
"""

import asyncio
from typing import Any

from aiohttp import web

#: in a header that announces chunks, as everybody writes it; by another spelling the answer is as aiohttp words it
_ANNOUNCED = b"hunked", b"HUNKED"
_END = b"\r\n\r\n"


class Chunks:
    """What a connection passes to aiohttp's protocol, a header apart from the chunks behind it."""

    __slots__ = ("_announced", "_handler", "_request")

    def __init__(self, handler: asyncio.Protocol) -> None:
        self._handler = handler
        #: whose body may be in chunks
        self._request: web.BaseRequest | None = None
        self._announced = False

    def begin(self, request: web.BaseRequest) -> None:
        """A handler is at work on it."""
        self._request = request if request.headers.get("Transfer-Encoding") else None
        self._announced = False

    def feed(self, data: bytes, busy: bool) -> None:
        """Pass on what came; `busy`: a handler is at work on a request."""
        if not busy and not self._announced:
            self._announced = _ANNOUNCED[0] in data or _ANNOUNCED[1] in data
        if self._announced:
            head, end, rest = data.partition(_END)
            self._handler.data_received(head + end)
            data = rest
        if data:
            self._handler.data_received(data)
        if self._announced or self._request is not None:
            self.look()

    def look(self) -> None:
        """Tell whoever reads a body of a fault in it: nothing else can stand behind one that is not complete."""
        waiting: Any = getattr(self._handler, "_messages", ())
        bodies = [body for _, body in waiting]
        if self._request is not None:
            bodies.insert(0, self._request.content)
        for body in bodies[:-1]:
            if not body.is_eof():
                body.set_exception(web.RequestPayloadError("a chunk is malformed"))
