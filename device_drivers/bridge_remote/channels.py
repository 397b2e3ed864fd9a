"""Byte streams side by side over one connection, so that HTTP goes over it as over TCP.

The hub opens a channel where it would open a TCP connection, and the site joins it to its own HTTP server. Each is a
socket on either side: HTTP's own rules for lengths, ends and errors hold, and nothing of it is written twice.

A frame is a kind (one byte), the number of a channel (four bytes) and what belongs to it. No side sends more than the
other has granted, so that a channel which nobody reads stops itself alone, and takes no more than `WINDOW` bytes.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import IntEnum

from bridge.ports.driver import Frames
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: bytes that a side sends on a channel before the other has read any, and bytes of a frame's content
WINDOW, PIECE = 64 * 1024, 16 * 1024
#: bytes of the longest frame, with its head
LONGEST = PIECE + 5
#: channels open at a time: an event stream, and a request of each line, with many more to spare
MOST = 128
#: frames a second that say nothing, such as those of channels that were ended here meanwhile
MOST_IDLE = 1000
#: why a connection is closed (RFC 6455 §7.4): the hub ends, the rules were broken, the site is connected anew, or is
#: connected from elsewhere
GOING_AWAY, BROKEN, REPLACED, TAKEN = 1001, 1002, 4001, 4002
_HEAD = struct.Struct("!BI")
_SIZE = struct.Struct("!I")
#: given a socket at the other end of which somebody speaks HTTP
Accept = Callable[[socket.socket], Awaitable[None]]


class Kind(IntEnum):
    """What a frame is for."""

    OPEN = 1
    GRANT = 2
    DATA = 3
    END = 4


class Channels:
    """The channels of one connection. `run` it; whoever cancels that ends them all."""

    def __init__(self, frames: Frames, accept: Accept | None = None) -> None:
        """`accept` takes the channels that the other side opens; None where it may open none."""
        self.peer = frames.peer
        self._frames = frames
        self._accept = accept
        self._open: dict[int, _Channel] = {}
        self._newest = 0
        self._tasks = Tasks("channels")
        self._over = False
        #: frames that said nothing, in the second that began then
        self._idle, self._second = 0, 0.0

    async def run(self) -> None:
        """Carry until the connection is over. Raises ValueError when the other side breaks the rules."""
        try:
            while (frame := await self._frames.receive()) is not None:
                self._take(frame)
        finally:
            self._cut()
            await self._tasks.close()

    async def close(self, words: str, code: int = GOING_AWAY) -> None:
        """End the connection, and say why: the channels at once, for the other side may not take it."""
        self._cut()
        await self._frames.close(words, code)

    def _cut(self) -> None:
        self._over = True
        for channel in list(self._open.values()):
            channel.cut()

    async def open(self) -> socket.socket:
        """A new channel, once the other side has taken it. Raises ConnectionError; cancel it for a time-out."""
        if self._over:
            raise ConnectionResetError("the connection is over")
        if len(self._open) >= MOST:
            raise ConnectionRefusedError(f"{MOST} channels are open")
        self._newest += 1
        channel = self._open[self._newest] = _Channel(self._newest)
        try:
            await self._send(Kind.OPEN, channel.number, _SIZE.pack(WINDOW))
            await channel.taken
        except BaseException:
            channel.cut()
            self._tasks.start(self._give_up(channel), f"give up {channel.number}")
            raise
        self._start(channel)
        return channel.hand_over()

    async def answers(self, patience: float) -> bool:
        """Whether the other side takes a channel within so many seconds."""
        try:
            async with asyncio.timeout(patience):
                (await self.open()).close()
        except (ConnectionError, TimeoutError):
            return False
        return True

    async def _give_up(self, channel: "_Channel") -> None:
        """It counts as open until that is said, which takes long where the other side does not read."""
        try:
            await self._refuse(channel.number)
        finally:
            self._open.pop(channel.number, None)

    def _start(self, channel: "_Channel") -> None:
        self._tasks.start(self._carry(channel), f"channel {channel.number}")

    async def _send(self, kind: Kind, number: int, content: bytes = b"") -> None:
        await self._frames.send(_HEAD.pack(kind, number) + content)

    # -- what comes -------------------------------------------------------------------------------
    def _take(self, frame: bytes) -> None:
        """Never waits: one channel that is not read holds up no other. Raises ValueError."""
        if not _HEAD.size <= len(frame) <= LONGEST:
            raise ValueError(f"a frame of {len(frame)} bytes")
        kind, number = _HEAD.unpack_from(frame)
        content, channel = frame[_HEAD.size :], self._open.get(number)
        if kind == Kind.OPEN:
            self._admit(number, _size(content))
        elif kind not in list(Kind):
            raise ValueError(f"a frame of kind {kind}")
        elif channel is None or (kind == Kind.END and channel.is_ended):
            self._count_idle()  # it was ended here meanwhile
        elif kind == Kind.GRANT:
            channel.grant(_size(content))
        elif kind == Kind.DATA:
            channel.came(content)
        else:
            channel.ended()

    def _count_idle(self) -> None:
        """Raises ValueError for a side that keeps this one busy with nothing."""
        now = asyncio.get_running_loop().time()
        if now - self._second >= 1:
            self._idle, self._second = 0, now
        self._idle += 1
        if self._idle > MOST_IDLE:
            raise ValueError(f"more than {MOST_IDLE} frames a second that say nothing")

    def _admit(self, number: int, granted: int) -> None:
        if self._accept is None or number <= self._newest:
            raise ValueError(f"channel {number} may not be opened")
        self._newest = number
        if len(self._open) >= 2 * MOST:  # this side may be through with one later than the side that opens the next
            raise ValueError(f"{2 * MOST} channels are open")
        channel = self._open[number] = _Channel(number)
        channel.grant(granted)
        self._tasks.start(self._join(channel, self._accept), f"join {number}")

    async def _refuse(self, number: int) -> None:
        with suppress(ConnectionError):
            await self._send(Kind.END, number)

    async def _join(self, channel: "_Channel", accept: Accept) -> None:
        try:
            await accept(channel.hand_over())
            await self._send(Kind.GRANT, channel.number, _SIZE.pack(WINDOW))
        except OSError:
            channel.cut()
            self._open.pop(channel.number, None)
            await self._refuse(channel.number)
            return
        self._start(channel)

    # -- what goes --------------------------------------------------------------------------------
    async def _carry(self, channel: "_Channel") -> None:
        """Both ways, until either side ends it."""
        tasks = Tasks(f"channel {channel.number}")
        try:
            await channel.begin()
            ways = [tasks.start(self._outward(channel), "out"), tasks.start(self._inward(channel), "in")]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await tasks.close()
            channel.cut()
            if self._open.pop(channel.number, None) is not None and not channel.is_ended and not self._over:
                await self._refuse(channel.number)

    async def _outward(self, channel: "_Channel") -> None:
        with suppress(ConnectionError):
            while content := await channel.read():
                await self._send(Kind.DATA, channel.number, content)

    async def _inward(self, channel: "_Channel") -> None:
        with suppress(ConnectionError):
            while size := await channel.write():
                await self._send(Kind.GRANT, channel.number, _SIZE.pack(size))


class _Channel:
    """One of them: a pair of sockets here, and how much may be sent to the other side."""

    def __init__(self, number: int) -> None:
        self.number = number
        #: done when the other side has taken it
        self.taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_ended = False
        #: that of this side, until it is read, and that of whoever speaks HTTP, until it is handed over
        self._near: socket.socket | None
        self._far: socket.socket | None
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        #: bytes that may be sent, and bytes that may come
        self._granted, self._expected = 0, WINDOW
        self._more = asyncio.Event()
        #: what came and is not written yet, in one piece: many small ones would take many times their size
        self._unwritten = bytearray()
        self._came = asyncio.Event()

    def hand_over(self) -> socket.socket:
        """The socket for whoever speaks HTTP, once. Raises ConnectionError when the channel was ended."""
        far, self._far = self._far, None
        if far is None:
            raise ConnectionResetError("the connection is over")
        return far

    async def begin(self) -> None:
        """Read and write the socket from now on."""
        near, self._near = self._near, None
        if near is not None:
            self._streams = await asyncio.open_connection(sock=near, limit=PIECE)

    def grant(self, size: int) -> None:
        """The other side takes more. Raises ValueError for more than there is room for."""
        self._granted += size
        if self._granted > WINDOW:
            raise ValueError(f"{self._granted} bytes are granted at once")
        self._more.set()
        if not self.taken.done():
            self.taken.set_result(None)

    def came(self, content: bytes) -> None:
        """Raises ValueError for more than was granted."""
        self._expected -= len(content)
        if self._expected < 0 or not content or self.is_ended:
            raise ValueError("more came on a channel than it takes")
        self._unwritten += content
        self._came.set()

    def ended(self) -> None:
        """The other side sends no more; what came before is still written."""
        self.is_ended = True
        self._came.set()
        if not self.taken.done():
            self.taken.set_exception(ConnectionRefusedError("the site does not take it"))

    async def read(self) -> bytes:
        """What the socket has, as much as may be sent; b"" at its end. Raises ConnectionError."""
        if self._streams is None:
            return b""
        while not self._granted:
            self._more.clear()
            await self._more.wait()
        content = await self._streams[0].read(min(PIECE, self._granted))
        self._granted -= len(content)
        return content

    async def write(self) -> int:
        """Write what came next, once there is room; how many bytes, 0 at the end. Raises ConnectionError."""
        while not self._unwritten and not self.is_ended:
            self._came.clear()
            await self._came.wait()
        content = bytes(self._unwritten[:PIECE])
        del self._unwritten[:PIECE]
        if not content or self._streams is None:
            return 0
        self._streams[1].write(content)
        await self._streams[1].drain()
        self._expected += len(content)
        return len(content)

    def cut(self) -> None:
        """Let go of the socket; what was written to it can still be read. Never raises."""
        if not self.taken.done():
            self.taken.set_exception(ConnectionResetError("the connection is over"))
            self.taken.exception()  # somebody may wait for it or not
        for each in (self._near, self._far):
            if each is not None:
                each.close()
        self._near = self._far = None
        if self._streams is not None:
            self._streams[1].close()


def _size(content: bytes) -> int:
    """Raises ValueError."""
    if len(content) != _SIZE.size:
        raise ValueError("a frame without its size")
    size: int = _SIZE.unpack(content)[0]
    return size
