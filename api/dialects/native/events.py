"""/v1/events: what happens, as server-sent events (WHATWG HTML, "Server-sent events").

A stream holds one event and what fits the connection's buffers. A caller who stops reading is let go
and comes back with `Last-Event-ID`; nobody else waits for it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from aiohttp import web

from api.dialects.native import fields, shapes
from api.dialects.native.answers import written
from api.dialects.native.call import Call, TooMany
from bridge.errors import BadRequest
from bridge.events import NAMES, Event
from bridge.tasks import Tasks

HEARTBEAT = 15.0  # seconds; proxies cut connections that stay silent for 30 to 60
PATIENCE = 20.0  # seconds a caller may take to read what was written
FAREWELL = 1.0  # seconds that open streams get to end at shutdown
PER_ACCOUNT = 32  # streams open at once
MAX_SEQ = 2**53  # what every JSON parser can count to


def names(value: str) -> tuple[str, ...]:
    """Names of events with commas between them. Raises BadRequest."""
    given = tuple(value.split(","))
    for name in given:
        if name not in NAMES:
            raise BadRequest(f"must be some of {', '.join(NAMES)}" + fields.nearest(name, NAMES))
    return given


QUERY = {"after": fields.whole(0, MAX_SEQ), "names": names}
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    # nginx would hold back what is written
    "X-Accel-Buffering": "no",
}


class Streams:
    """The open streams of one app."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._open: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    @contextmanager
    def place(self, account: str) -> Iterator[None]:
        """A place for one more stream. Raises TooMany."""
        task = asyncio.current_task()
        if self._open[account] >= PER_ACCOUNT:
            raise TooMany(f"{PER_ACCOUNT} event streams of this account are open; close one first.")
        self._open[account] += 1
        self._tasks.add(task)
        try:
            yield
        finally:
            self._open[account] -= 1
            self._tasks.discard(task)

    async def close(self, _: web.Application) -> None:
        """End every stream; one whose caller does not read is cut off."""
        self.closing.set()
        if self._tasks:
            _, deaf = await asyncio.wait(self._tasks, timeout=FAREWELL)
            for task in deaf:
                task.cancel()


STREAMS = web.AppKey("event streams", Streams)


async def stream(call: Call) -> web.StreamResponse:
    """Events as they are committed; first those after `Last-Event-ID` or `after`, when given."""
    streams = call.request.app[STREAMS]
    after = _resumed(call.request, call.query.get("after"))
    with streams.place(call.account.name):
        news = call.gateway.events(call.account, after, call.query.get("names", ()))
        response = web.StreamResponse(headers=HEADERS)
        try:
            async for chunk in _chunks(news, streams.closing):
                async with asyncio.timeout(PATIENCE):
                    if not response.prepared:
                        await response.prepare(call.request)
                    await response.write(chunk)
        except TimeoutError:
            _cut(call.request)
        except ConnectionResetError:
            pass  # the caller went away
    return response


def _resumed(request: web.Request, after: int | None) -> int | None:
    """A browser that reconnects repeats its first address, so the header is the newer word."""
    last = request.headers.get("Last-Event-ID")
    if not last:
        return after
    try:
        return int(fields.whole(0, MAX_SEQ)(last))
    except BadRequest as error:
        raise BadRequest(error.message, "Last-Event-ID") from None


async def _chunks(news: AsyncIterator[Event], closing: asyncio.Event) -> AsyncIterator[bytes]:
    tasks = Tasks("event stream")
    end = tasks.start(closing.wait(), "end")
    try:
        coming = tasks.start(anext(news, None), "next event")
        # the gateway listens from here on, so whoever has read this line misses nothing
        await asyncio.sleep(0)
        yield b": listening\n\n"
        while True:
            await asyncio.wait({coming, end}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if end.done():
                return
            if not coming.done():
                yield b": still here\n\n"
                continue
            event = coming.result()
            if event is None:
                return
            yield b"id: %d\nevent: %b\ndata: %b\n\n" % (event.seq, event.name.encode(), written(shapes.event(event)))
            coming = tasks.start(anext(news, None), "next event")
    finally:
        await tasks.close()


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
