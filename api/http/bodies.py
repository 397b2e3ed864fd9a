"""Reads request bodies with limits on size, speed and total memory."""

import asyncio
from collections import Counter

from aiohttp import web

from api.http.errors import BodyTooLarge, BodyTooSlow
from api.http.proxies import address
from bridge.errors import BadRequest, TooManyRequests

#: bytes of the largest body where nothing else is configured
LARGEST = 64 * 1024 * 1024
#: bytes, beside one of the largest, for others that arrive at the same time
FURTHER = 16 * 1024 * 1024
#: bytes of a body that need no room: as many connections as there may be have it without being asked
SMALL = 64 * 1024
#: bytes a second with which a long body must come
PACE = 1024
#: in a request: bytes of room that its body holds
HELD = web.RequestKey("held", int)


class Reading:
    """The memory that request bodies of an application may occupy while they arrive."""

    def __init__(self, largest: int = LARGEST, patience: float = 20.0) -> None:
        #: bytes of one, whatever a dialect would take
        self.largest = largest
        #: seconds for one, or for the next `PACE` bytes of a long one for each of them
        self.patience = patience
        #: bytes left for all bodies that are not small, until their requests are answered
        self.room = largest + FURTHER
        #: bytes that each address holds of that; one may hold no more than one of the largest bodies
        self._held: Counter[str] = Counter()

    def hold(self, request: web.Request, size: int) -> None:
        """Reserve room for this many more bytes of a body. Raises TooManyRequests when there is none."""
        before = request.get(HELD, 0)
        request[HELD] = before + size
        more = _beyond(before + size) - _beyond(before)
        sender = address(request)
        self.room -= more
        self._held[sender] += more
        if more and (self.room < 0 or self._held[sender] > self.largest):
            raise TooManyRequests(5, "Too many large requests are arriving at once.")

    def release(self, request: web.Request) -> None:
        """Release what a request's body had reserved."""
        if HELD not in request:
            return
        held, sender = _beyond(request.pop(HELD)), address(request)
        self.room += held
        self._held[sender] -= held
        if not self._held[sender]:
            del self._held[sender]


def _beyond(size: int) -> int:
    return max(0, size - SMALL)


READING = web.AppKey("reading", Reading)


async def read_body(request: web.Request, limit: int) -> bytes:
    """Read the whole body. Raises BodyTooLarge beyond `limit` bytes, at once if the length was announced.

    Raises BadRequest for one that ends too early or is not packed as its headers say, BodyTooSlow for one that
    takes too long, TooManyRequests when others are arriving that leave it no room.
    """
    content = request.content
    try:
        if content.is_eof():
            body = await content.readany()
            if content.at_eof() and len(body) <= limit:
                return body
            return await _read_on(request, body, limit)
        return await _read_on(request, b"", limit)
    except (web.RequestPayloadError, ConnectionError) as error:
        raise BadRequest("The request body could not be read to its end.") from error


async def _read_on(request: web.Request, start: bytes, limit: int) -> bytes:
    """Read the rest of a body that did not come in one piece."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge(limit)
    reading, now = request.app[READING], asyncio.get_running_loop().time
    chunks, size, paced = [start], len(start), 0
    reading.hold(request, size)
    try:
        async with asyncio.timeout(reading.patience) as timer:
            while size <= limit and not request.content.at_eof():
                chunks.append(await request.content.readany())
                size += len(chunks[-1])
                reading.hold(request, len(chunks[-1]))
                if size - paced >= PACE * reading.patience:
                    paced = size
                    timer.reschedule(now() + reading.patience)
    except TimeoutError:
        raise BodyTooSlow(reading.patience) from None
    if size > limit:
        raise BodyTooLarge(limit)
    return b"".join(chunks)
