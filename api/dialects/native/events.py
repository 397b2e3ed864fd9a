"""/v1/events: a stream of server-sent events (WHATWG HTML, "Server-sent events").

A stream reads the event log at its caller's pace: it holds one event and what fits the connection's
buffers. A caller who stops reading is let go and comes back with `Last-Event-ID`; nobody else waits.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

from aiohttp import web

from api.dialect import auth
from api.dialects.native import fields, serializers, validators
from api.dialects.native.authorization import still_known
from api.dialects.native.http import HttpIncoming
from api.dialects.native.open_streams import Streams
from api.dialects.native.request import Call
from api.dialects.native.responses import written
from api.http.connections import goes_on
from bridge.errors import StoreUnavailable
from bridge.model.event import NAMES, Event
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

FAREWELL = 1.0  # seconds a stream gets to end at shutdown
GLANCE = 1.0  # seconds between looks at a stream's key, which others than this process may change too
MAX_SEQ = 2**53  # what every JSON parser can count to
#: the newest event of all when the stream began: a smaller one than before is another store's
POSITION = "SMS-Bridge-Position"
#: the release that tells
VERSION = "SMS-Bridge-Version"
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    # nginx would hold back what is written
    "X-Accel-Buffering": "no",
}


def names(value: str) -> tuple[str, ...]:
    """Parse comma-separated event names."""
    given = tuple(value.split(","))
    for name in given:
        if name not in NAMES:
            raise fields.Unfit(f"must be some of {', '.join(NAMES)}" + fields.nearest(name, NAMES))
    return given


QUERY = {"after": validators.digits(0, MAX_SEQ), "since": validators.moment, "names": names}


class Standing:
    """Since which change of accounts and keys a stream's own is known to be good."""

    def __init__(self, call: Call) -> None:
        self._authenticator = call.gateway.authenticator
        self._seen = -1
        self._looked = asyncio.Event()

    def confirm(self, seen: int) -> None:
        """It was good after so many changes."""
        self._seen = seen
        self._looked.set()

    async def sure(self) -> None:
        """Wait until it is known to be good after what has changed so far."""
        wanted = self._authenticator.changes
        while self._seen < wanted:
            self._looked.clear()
            await self._looked.wait()


async def stream(call: Call) -> web.StreamResponse:
    """Stream events as they are committed; after `Last-Event-ID` or `after`, or `since`, first the missed ones."""
    after = _resumed(call)
    if after is None and "since" in call.query:
        after = await call.gateway.position_at(call.query["since"])
    with call.streams.place(call.account.name):
        newest = await call.gateway.position()
        if after is None:
            after = newest
        goes_on(_request(call))
        response = web.StreamResponse(headers={**HEADERS, POSITION: str(newest), VERSION: call.gateway.version})
        await response.prepare(_request(call))
        tasks, standing = Tasks("event stream"), Standing(call)
        tasks.start(_cut_when_over(call), "end")
        tasks.start(_cut_without_key(call, standing), "key")
        try:
            async with aclosing(call.gateway.events(call.account, after, call.query.get("names", ()))) as news:
                await _pass_on(response, news, call.streams, standing)
        except Exception as error:
            # that somebody stops listening is nothing to tell of
            level = logging.DEBUG if isinstance(error, ConnectionError) else logging.INFO
            log.log(level, "an event stream ended early: %s", type(error).__name__)
            _cut(call)
        finally:
            await tasks.close()
    return response


def _resumed(call: Call) -> int | None:
    """The position to resume after. The header wins: a reconnecting browser repeats its first URL."""
    last = call.incoming.headers.get("Last-Event-ID")
    given = {"Last-Event-ID": last} if last else {}
    return fields.take(given, {"Last-Event-ID": QUERY["after"]}).get("Last-Event-ID", call.query.get("after"))


async def _pass_on(
    response: web.StreamResponse, news: AsyncGenerator[Event, None], streams: Streams, standing: Standing
) -> None:
    async with aclosing(_chunks(news, streams, standing)) as chunks:
        async for chunk in chunks:
            async with asyncio.timeout(streams.patience):
                await response.write(chunk)
    # here, where a caller who does not read is cut off, and not when the handler has ended
    async with asyncio.timeout(streams.patience):
        await response.write_eof()


async def _chunks(news: AsyncIterator[Event], streams: Streams, standing: Standing) -> AsyncGenerator[bytes, None]:
    tasks = Tasks("event stream")
    end = tasks.start(streams.closing.wait(), "end")
    try:
        yield b": listening\n\n"
        while True:
            coming = tasks.start(_next(news, standing), "next event")
            while not coming.done():
                await asyncio.wait({coming, end}, timeout=streams.heartbeat, return_when=asyncio.FIRST_COMPLETED)
                if end.done():
                    return
                if not coming.done():
                    yield b": still here\n\n"
            event = coming.result()
            yield b"id: %d\nevent: %b\ndata: %b\n\n" % (
                event.seq,
                event.name.encode(),
                written(serializers.event(event)),
            )
    finally:
        await tasks.close()


async def _next(news: AsyncIterator[Event], standing: Standing) -> Event:
    event = await anext(news)
    await standing.sure()
    return event


async def _cut_when_over(call: Call) -> None:
    """At shutdown, cut off a caller who does not read."""
    await call.streams.closing.wait()
    await asyncio.sleep(FAREWELL)
    _cut(call)


async def _cut_without_key(call: Call, standing: Standing) -> None:
    """End the stream within a second of its key or session: revoked, expired, or of no use to this caller any more."""
    authenticator, address, known = call.gateway.authenticator, auth.address(_request(call)), True
    while known:
        # counted before the look: what changes meanwhile is looked at once more
        seen = authenticator.changes
        with suppress(StoreUnavailable):
            known = await still_known(call.caller, call.incoming, call.gateway, address)
            if known:
                standing.confirm(seen)
        if known:
            with suppress(TimeoutError):
                async with asyncio.timeout(GLANCE):
                    await authenticator.change(seen)
    _cut(call)


def _cut(call: Call) -> None:
    transport = _request(call).transport
    if transport is not None:
        transport.abort()


def _request(call: Call) -> web.Request:
    """The HTTP request; streams exist in HTTP only."""
    assert isinstance(call.incoming, HttpIncoming)  # noqa: S101 - narrows the type: the HTTP side makes no other
    return call.incoming.request
