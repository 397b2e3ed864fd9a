"""Reads request bodies with limits on size, speed and total memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

from aiohttp import web

from api.http.errors import BodyTooLarge, BodyTooSlow
from api.http.proxies import address
from api.http.room import PIECE, Room
from bridge.errors import BadRequest, TooManyRequests

#: bytes of the largest body where nothing else is configured
LARGEST = 64 * 1024 * 1024
#: bytes of bodies that are read as a whole: of one address, and for others that arrive at the same time
SHARE, FURTHER = 16 * 1024 * 1024, 16 * 1024 * 1024
#: bytes that as many messages are made to as one call may submit, besides their texts
MADE = 48 * 1024 * 1024
#: bytes of a body that need no room: as many connections as there may be have it without being asked
SMALL = 64 * 1024
#: bytes a second with which a long body must come
PACE = 1024
#: seconds, and bytes after unpacking, in which the rest of a body is taken and dropped once its request is answered
LINGER, DROPPED = 10.0, LARGEST
#: in a request: bytes of room that its body holds, and that what is made of its body does
HELD, HELD_MADE = web.RequestKey("held", int), web.RequestKey("held made", int)


class Reading:
    """The memory that request bodies of an application, and what is made of them, may occupy."""

    def __init__(self, largest: int = LARGEST, patience: float = 20.0) -> None:
        #: bytes of one, whatever a dialect would take
        self.largest = largest
        #: seconds for one, or for the next `PACE` bytes of a long one for each of them
        self.patience = patience
        #: held by the long body whose next piece is taken, or that is complete
        self.turn = asyncio.Lock()
        #: for all bodies that are read as a whole and are not small, until their requests are answered
        self.room = Room(SHARE + FURTHER, SHARE)
        #: for what is made of those that are read by pieces; one address may hold what one of the largest makes
        self.made = Room(largest + MADE + FURTHER, largest + MADE)

    def hold(self, request: web.Request, size: int) -> None:
        """Reserve room for this many more bytes of a body. Raises TooManyRequests when there is none."""
        before = request.get(HELD, 0)
        _take(self.room, request, _beyond(before + size) - _beyond(before))
        request[HELD] = before + size

    def hold_made(self, request: web.Request, size: int) -> None:
        """Reserve room for this many more bytes that were made of a body.

        Raises TooManyRequests when there is none, BadRequest when there never is as much for one request.
        """
        before = request.get(HELD_MADE, 0)
        if before + size > self.made.share:
            most = self.made.share >> 20
            raise BadRequest(f"these messages take more than {most} MiB together: send them in several calls")
        _take(self.made, request, size)
        request[HELD_MADE] = before + size

    def release(self, request: web.Request) -> None:
        """Release what a request had reserved."""
        if not len(request):  # most have reserved nothing, and nothing else is kept in them
            return
        if held := _beyond(request.pop(HELD, 0)):
            self.room.give_back(address(request), held)
        if made := request.pop(HELD_MADE, 0):
            self.made.give_back(address(request), made)


def _take(room: Room, request: web.Request, size: int) -> None:
    if size and not room.take(address(request), size):
        raise TooManyRequests(5, "Too many large requests are arriving at once.")


def _beyond(size: int) -> int:
    return max(0, size - SMALL)


READING = web.AppKey("reading", Reading)
CUT_SHORT = "The request body could not be read to its end."


def read_arrived(request: web.Request, limit: int) -> bytes | None:
    """The body where it is short and all of it came with the header, as most do; None for any other.

    Raises BadRequest for one that is not packed as its headers say.
    """
    content = request.content
    if not content.is_eof() or content.total_bytes >= min(limit, PIECE):
        return None
    try:
        return content.read_nowait()
    except (web.RequestPayloadError, ConnectionError) as error:
        raise BadRequest(CUT_SHORT) from error


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
        raise BadRequest(CUT_SHORT) from error


async def _read_on(request: web.Request, start: bytes, limit: int) -> bytes:
    """Read the rest of a body that did not come in one piece."""
    body, reading = bytearray(start), request.app[READING]
    reading.hold(request, len(start))
    async for piece in _arriving(request, limit, len(start)):
        reading.hold(request, len(piece))
        body += piece
    if len(body) > SMALL:
        # what is made of it may take twenty milliseconds: those that came at the same time have theirs one by one
        async with reading.turn:
            await asyncio.sleep(0)
    return bytes(body)


async def read_pieces(request: web.Request, limit: int) -> AsyncGenerator[bytes, None]:
    """Read a body in pieces of `PIECE` bytes, as they arrive; the last one is shorter.

    Of all bodies that are read so, one piece at a time is taken, and all other requests have a turn before the next.
    The caller reserves room for what it makes of them. Raises what `read_body` does.
    """
    waiting, turn = bytearray(), request.app[READING].turn
    try:
        async for some in _arriving(request, limit, 0):
            waiting += some
            while len(waiting) >= PIECE:
                async with turn:
                    yield bytes(waiting[:PIECE])
                    del waiting[:PIECE]
                    await asyncio.sleep(0)
    except (web.RequestPayloadError, ConnectionError) as error:
        raise BadRequest(CUT_SHORT) from error
    yield bytes(waiting)


async def answer_early(request: web.Request, response: web.Response) -> None:
    """Send an answer now where some of the body is still to come, and drop that.

    A caller whose connection ends while he sends may never read the answer. aiohttp would drop it too, but unpacks as
    much as has come without a turn for others, and the answer counts as over by then.
    """
    if request.content.is_eof():
        return
    content, turn, left = request.content, request.app[READING].turn, DROPPED
    with suppress(web.RequestPayloadError, ConnectionError, TimeoutError):
        await response.prepare(request)
        await response.write_eof()
        async with asyncio.timeout(LINGER):
            while left > 0 and not content.is_eof():
                left -= len(await content.readany())
                async with turn:
                    await asyncio.sleep(0)


async def _arriving(request: web.Request, limit: int, size: int) -> AsyncIterator[bytes]:
    """Yield a body as it arrives, within its limits of size and time; `size` bytes of it are here already."""
    if max(request.content_length or 0, size) > limit:
        raise BodyTooLarge(limit)
    reading, now, paced = request.app[READING], asyncio.get_running_loop().time, 0
    end = now() + reading.patience
    while not request.content.at_eof():
        try:
            async with asyncio.timeout_at(end):
                piece = await request.content.readany()
        except TimeoutError:
            raise BodyTooSlow(reading.patience) from None
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(limit)
        given = now()
        yield piece
        # what we take our time for is not the caller's
        end += now() - given
        if size - paced >= PACE * reading.patience:
            paced = size
            end = now() + reading.patience
