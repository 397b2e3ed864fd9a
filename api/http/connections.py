"""Limits open connections: their number, how long each may stay idle or slow, and the memory it may occupy.

aiohttp waits for a request's header and for a caller who does not read for as long as they like, and keeps what it was
sent in the meantime. So what it receives passes a `Connection`, which notes what it sees; once a second all are looked
at, and those that took too long go. A request costs it two glances at the clock and an addition.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from api.http.chunks import Chunks
from api.http.proxies import Proxies
from api.http.refusals import TOO_LONG, TOO_SLOW
from api.http.request_line import RequestLine
from api.http.room import Room
from bridge.dataclass import dataclass
from bridge.networks import is_this_machine, sender

log = logging.getLogger(__name__)

PIECE = 32 * 1024  # bytes that are read at once
GLANCE = 1.0  # seconds between looks at the connections, at most
COMPLAIN_EVERY = 60.0  # seconds between lines about refused connections
#: bytes of headers, and of requests that wait for the one before them, that need no room: each is kept several times
FREE = 16 * 1024
#: bytes of all headers beyond that: as many long request lines as come at once; a half of it for one address
HEADERS = 16 * 1024 * 1024
#: bytes of an answer that need no room, and of all longer answers until their callers have read them
SHORT, ANSWERS = 64 * 1024, 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for callers."""

    #: connections open at a time: of all, and of one address
    connections: int = 500
    per_address: int = 100
    #: seconds for the header of a request to arrive, and for each body, which gets more as it comes
    request: float = 20.0
    #: seconds until the next request must begin
    idle: float = 90.0
    #: seconds without progress for an answer that is not read
    answer: float = 60.0

    @property
    def glance(self) -> float:
        """Seconds between checks of the connections."""
        return min(GLANCE, self.request / 4, self.idle / 4, self.answer / 4)


class Connection(asyncio.BufferedProtocol):
    """Sits between a transport and aiohttp's protocol and tracks what is being waited for.

    It reads by small pieces into one buffer for all: what aiohttp cannot make sense of stays in its errors, with all
    that came at the same time, until the garbage collector comes by.
    """

    __slots__ = (
        "_answer", "_arrived", "_book", "_chunks", "_handler", "_held", "_last", "_line", "_over", "_paused",
        "_request", "_transport", "_unsent", "address", "busy", "framed", "fresh", "heard", "patient", "since",
        "undo", "unending",
    )  # fmt: skip

    def __init__(self, book: "Connections", handler: asyncio.Protocol, address: str, patient: bool) -> None:
        now = book.now()
        self._book = book
        self._handler = handler
        self._chunks, self._line = Chunks(handler), RequestLine()
        self._transport: asyncio.Transport | None = None
        #: bytes not sent yet and when they last became fewer
        self._unsent = (0, now)
        #: bytes that came and are in no body, as far as they were not answered; of these, those that hold room
        self._arrived, self._held = 0, 0
        #: nothing more is read before this request is answered
        self._paused = False
        #: bytes of room that its answer holds
        self._answer = 0
        #: what a handler of ours is at work on
        self._request: web.BaseRequest | None = None
        self.address = address
        #: it may stay idle: a proxy keeps some connections for the next caller
        self.patient = patient
        #: nothing was answered on it yet
        self.fresh = True
        #: a handler is at work on a request
        self.busy = False
        #: when it began to wait for a request, and for the rest of one (0 while none of it came)
        self.since, self.heard = now, 0.0
        #: no HTTP any more: what comes are frames, and whoever takes them bounds them
        self.framed = False
        #: the answer goes on until its caller closes
        self.unending = False
        #: nothing more comes: the other side has closed its direction, and waits for its answers
        self._last = False
        self._over = False
        #: ends what sets the connection up: a TLS handshake
        self.undo: Callable[[], object] | None = None

    # -- what the transport tells, passed on ----------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is established, including TLS."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type: sockets have such
        self._transport = transport
        self._handler.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """A buffer for incoming data; it is consumed before anything else happens."""
        return self._book.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Data has arrived."""
        if not self.heard and not self.busy:
            self.heard = self._book.now()
            self._forget()
        self._arrived += nbytes
        if self.framed or self._arrived <= FREE or self._has_room():
            self._chunks.feed(self._line.encoded(bytes(self._book.buffer[:nbytes])), self.busy)

    def eof_received(self) -> bool:
        """The other side has closed its direction: who closes it behind a request (`nc -N`) still reads the answer."""
        self._handler.eof_received()
        self._last = self._owes_answer()
        return self._last

    def _owes_answer(self) -> bool:
        """Whether a request that is here as a whole has no answer yet. TLS does not close one direction alone."""
        transport, handler = self._transport, cast(Any, self._handler)
        if self.framed or self.unending or transport is None or transport.get_extra_info("sslcontext"):
            return False
        bodies = [body for _, body in handler._messages]
        if self._request is not None:
            bodies.append(self._request.content)
        if not bodies:  # aiohttp has taken one that our handler has not begun with
            return bool(self.heard) and handler._waiter is None
        return all(body.is_eof() for body in bodies)

    def pause_writing(self) -> None:
        """The other side reads more slowly than we write."""
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """The other side has caught up."""
        self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._book.leave(self)
        self._handler.connection_lost(exc)

    # -- what it makes us hold ------------------------------------------------------------------
    def _has_room(self) -> bool:
        """Reserve room for headers and waiting requests; end the connection when there is none."""
        body = 0
        if self._request is not None:
            body = self._request.content.total_bytes
            if self._request.content.is_eof():
                # further requests: they can wait where they are until this one is answered
                self._read(False)
                return True
        more = max(0, self._arrived - body - FREE) - self._held
        if more <= 0 or self._book.headers.take(self.address, more):
            self._held += max(more, 0)
            return True
        if self._transport is None or self.busy:
            self.drop()
        else:
            self._transport.write(TOO_LONG)
            self._transport.close()
        return False

    def _read(self, on: bool) -> None:
        """Resume or pause reading."""
        if self._transport is not None and self._paused == on:
            self._paused = not on
            (self._transport.resume_reading if on else self._transport.pause_reading)()

    def _forget(self) -> None:
        """All that came is answered: release its room."""
        if self._held:
            self._book.headers.give_back(self.address, self._held)
        self._arrived = self._held = 0

    def hold(self, size: int) -> bool:
        """Reserve room for an answer until it is written; False when there is none.

        Nobody needs room whose caller went away: it would never be given back.
        """
        if self._over:
            return True
        if size > SHORT and not self._book.answers.take(self.address, size):
            return False
        self._answer = size if size > SHORT else 0
        return True

    def _release(self) -> None:
        if self._answer:
            self._book.answers.give_back(self.address, self._answer)
            self._answer = 0

    def let_go(self) -> None:
        """The connection is over: release its room."""
        self._over = True
        self._forget()
        self._release()

    # -- what the application tells -------------------------------------------------------------
    def began(self, request: web.BaseRequest) -> None:
        """The request header is complete."""
        self.busy, self._request = True, request
        self._chunks.begin(request)
        if self._last and not request.content.is_eof():
            self.drop()

    def carry_frames(self) -> None:
        """The request became a WebSocket, which lasts until its handler ends."""
        self.framed = True
        self._forget()
        self._read(True)

    def ended(self) -> None:
        """The answer is written."""
        if self._arrived > FREE and self._request is not None:
            # what waits behind it goes on to count
            self._arrived = max(0, self._arrived - _size(self._request))
        if self._request is not None and self._request.content.is_eof() and not cast(Any, self._handler)._messages:
            self._line.renew()  # no body is on its way
        self._release()
        self.busy, self.fresh, self._request = False, False, None
        self.since, self.heard = self._book.now(), 0.0
        if self._last and self._transport is not None and not cast(Any, self._handler)._messages:
            self._transport.close()
        else:
            self._read(True)

    def goes_on(self) -> None:
        """The answer goes on until its caller closes, which may have happened."""
        self.unending = True
        if self._last:
            self.drop()

    # -- what is thought of it ------------------------------------------------------------------
    def drop(self) -> None:
        """Close the connection now."""
        self._book.leave(self)
        if self._transport is not None:
            self._transport.abort()
        elif self.undo is not None:
            self.undo()

    def judge(self, now: float, limits: Limits) -> None:
        """Close the connection if it exceeds its time."""
        transport = self._transport
        if transport is None:  # a handshake, which has a limit of its own
            return
        if self._is_stuck(transport.get_write_buffer_size(), now, limits.answer):
            self.drop()
        elif self.busy or transport.is_closing():
            self._chunks.look()  # what was put off until its reader had time
        elif self.heard and now - self.heard > limits.request:
            transport.write(TOO_SLOW)
            transport.close()
        else:
            if not self.heard:
                self._forget()
            if self._is_idle(now, limits):
                transport.close()

    def _is_idle(self, now: float, limits: Limits) -> bool:
        if self.heard or (self.patient and not self.fresh):
            return False
        return now - self.since > (limits.request if self.fresh else limits.idle)

    def _is_stuck(self, unsent: int, now: float, patience: float) -> bool:
        before, moved = self._unsent
        if unsent == 0 or unsent < before or before == 0:
            moved = now
        self._unsent = (unsent, moved)
        return now - moved > patience


class Connections:
    """Tracks all open connections over all ports."""

    def __init__(self, limits: Limits, proxies: Proxies) -> None:
        self.limits = limits
        self._proxies = proxies
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self.buffer = memoryview(bytearray(PIECE))
        self.headers = Room(HEADERS, HEADERS // 2)
        self.answers = Room(ANSWERS, ANSWERS // 2)
        #: the oldest first
        self._open: dict[Connection, None] = {}
        self._by_address: Counter[str] = Counter()
        self._next_look: asyncio.TimerHandle | None = None
        self._refused = 0
        self._complained = -COMPLAIN_EVERY

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, peer: str, handler: Callable[[], asyncio.Protocol]) -> Connection | None:
        """Register a connection from an address ("" for a Unix socket); None when there are too many.

        When there is no room, the connection waiting longest for a request is closed: slow senders come first.
        """
        address = sender(peer)
        if self._by_address[address] >= self.limits.per_address and not self._is_exempt(peer):
            self._refuse(f"{self.limits.per_address} from {address} are open")
            return None
        if len(self._open) >= self.limits.connections:
            idlest = min((each for each in self._open if not each.busy), key=lambda each: each.since, default=None)
            if idlest is None:
                self._refuse(f"{self.limits.connections} are at work")
                return None
            idlest.drop()
        made = Connection(self, handler(), address, self._proxies.trusts(peer))
        self._open[made] = None
        self._by_address[address] += 1
        if self._next_look is None:
            self._next_look = self._loop.call_later(self.limits.glance, self._look)
        return made

    def leave(self, connection: Connection) -> None:
        """Unregister a connection; harmless when repeated."""
        if connection not in self._open:
            return
        del self._open[connection]
        connection.let_go()
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]

    def close(self) -> None:
        """Stop checking."""
        if self._next_look is not None:
            self._next_look.cancel()

    def _look(self) -> None:
        now = self.now()
        for each in list(self._open):
            each.judge(now, self.limits)
        self._next_look = self._loop.call_later(self.limits.glance, self._look) if self._open else None

    def _is_exempt(self, peer: str) -> bool:
        return not peer or is_this_machine(peer) or self._proxies.trusts(peer)

    def _refuse(self, why: str) -> None:
        self._refused += 1
        if self.now() - self._complained >= COMPLAIN_EVERY:
            log.warning("refused %d connections since the last such line: %s", self._refused, why)
            self._refused, self._complained = 0, self.now()


def begin(request: web.BaseRequest) -> Connection | None:
    """A handler starts: from now on its caller is not being waited for. Returns the connection if it is one of ours."""
    connection = _of(request)
    if connection is not None:
        connection.began(request)
    return connection


def goes_on(request: web.BaseRequest) -> None:
    """The answer to a request has no end: who closes a direction of the connection wants no more of it."""
    connection = _of(request)
    if connection is not None:
        connection.goes_on()


class Endings(AbstractAccessLogger):
    """aiohttp's hook for the end of an answer. It logs nothing, as requests contain keys and texts."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """An answer was written."""
        connection = _of(request)
        if connection is not None:
            connection.ended()


def _size(request: web.BaseRequest) -> int:
    """The size of a request in bytes, about: line, header and body."""
    header = sum(len(name) + len(value) for name, value in request.raw_headers)
    return len(request.raw_path) + header + request.content.total_bytes


def _of(request: web.BaseRequest) -> Connection | None:
    transport = request.transport
    protocol = None if transport is None else transport.get_protocol()
    return protocol if isinstance(protocol, Connection) else None
