"""Byte streams side by side over one connection: whole, in order, bounded, and each for itself."""

import asyncio
import socket
import struct
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bridge.errors import DeviceLost
from device_drivers.bridge_remote.channels import MOST, MOST_IDLE, PIECE, WINDOW, Channels
from device_drivers.bridge_remote.stream import Stream
from device_drivers.bridge_remote.switchboard import Switchboard
from tests.support.waiting import PATIENCE, until

END_OF_ALL = None


class Half:
    """One end of a connection in this process; keeps how many bytes passed."""

    def __init__(self) -> None:
        self.peer = ""
        self.came: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.other: Half
        self.sent = 0

    async def receive(self) -> bytes | None:
        return await self.came.get()

    async def send(self, frame: bytes) -> None:
        self.sent += len(frame)
        self.other.came.put_nowait(frame)

    async def close(self, words: str, code: int = 1001) -> None:
        self.came.put_nowait(END_OF_ALL)
        self.other.came.put_nowait(END_OF_ALL)


class Site:
    """Takes channels as a server would."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        #: of both sides
        self.writers: list[asyncio.StreamWriter] = []

    async def accept(self, far: socket.socket) -> None:
        streams = await asyncio.open_connection(sock=far)
        self.writers.append(streams[1])
        self.taken.put_nowait(streams)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Channels, Site, Half, Half]]:
    near, far = Half(), Half()
    near.other, far.other = far, near
    site = Site()
    hub, other = Channels(near), Channels(far, site.accept)
    async with asyncio.TaskGroup() as group:
        group.create_task(hub.run())
        group.create_task(other.run())
        try:
            yield hub, site, near, far
        finally:
            await near.close("")
            for writer in site.writers:
                writer.close()


async def pair(hub: Channels, site: Site) -> tuple[Streams, Streams]:
    """A channel, as both ends see it."""
    here = await asyncio.open_connection(sock=await hub.open())
    site.writers.append(here[1])
    return here, await site.taken.get()


async def test_what_is_written_on_one_side_is_read_on_the_other_and_then_it_ends() -> None:
    async with connected() as (hub, site, _, _):
        (reader, writer), (there, back) = await pair(hub, site)
        whole = bytes(range(256)) * 4096  # a megabyte, sixteen windows
        writer.write(b"ask\n")
        assert await there.readline() == b"ask\n"
        back.write(whole)
        back.close()
        assert await reader.read(-1) == whole
        writer.close()
        await until(lambda: not hub._open)


async def test_a_channel_that_is_not_read_holds_a_window_and_no_other_channel() -> None:
    async with connected() as (hub, site, _, far):
        (stuck, _), (_, flood) = await pair(hub, site)
        flood.write(bytes(20 * WINDOW))
        (reader, _), (_, back) = await pair(hub, site)
        back.write(b"quick\n")
        async with asyncio.timeout(PATIENCE):
            assert await reader.readline() == b"quick\n"
        before = -1
        while before != far.sent:  # until nothing moves
            before = far.sent
            await asyncio.sleep(0.1)
        assert far.sent < 12 * WINDOW  # the window, and what the sockets here hold
        assert len(await stuck.readexactly(20 * WINDOW)) == 20 * WINDOW


async def test_each_end_of_a_connection_ends_its_channels() -> None:
    async with connected() as (hub, site, near, _):
        (reader, _), (there, _) = await pair(hub, site)
        await near.close("")
        assert await reader.read() == await there.read() == b""
        with pytest.raises(ConnectionError, match="over"):
            await hub.open()


async def test_a_reader_who_goes_away_ends_the_channel_on_the_other_side() -> None:
    async with connected() as (hub, site, _, _):
        (_, writer), (there, _) = await pair(hub, site)
        writer.close()
        async with asyncio.timeout(PATIENCE):
            assert await there.read() == b""


async def test_there_are_so_many_channels_and_no_more() -> None:
    async with connected() as (hub, _site, _, _):
        far = [await hub.open() for _ in range(MOST)]
        with pytest.raises(ConnectionRefusedError):
            await hub.open()
        for each in far:
            each.close()
        await until(lambda: not hub._open)
        (await hub.open()).close()


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x01",
        struct.pack("!BI", 9, 1),
        struct.pack("!BII", 1, 1, 1),  # opened by the side that may not
        struct.pack("!BI", 3, 1) + bytes(PIECE + 1),
    ],
)
async def test_a_frame_that_breaks_the_rules_ends_it_all(frame: bytes) -> None:
    half = Half()
    half.came.put_nowait(frame)
    with pytest.raises(ValueError, match=r"frame|channel"):
        await Channels(half).run()


@pytest.mark.parametrize(("kind", "content"), [(3, bytes(PIECE)), (2, struct.pack("!I", WINDOW))])
async def test_more_than_was_granted_ends_it_all(kind: int, content: bytes) -> None:
    half, site = Half(), Site()
    half.other = Half()
    half.came.put_nowait(struct.pack("!BII", 1, 1, WINDOW))
    for _ in range(WINDOW // PIECE + 1):
        half.came.put_nowait(struct.pack("!BI", kind, 1) + content)
    with pytest.raises(ValueError, match=r"more|granted"):
        await Channels(half, site.accept).run()
    for writer in site.writers:
        writer.close()


class Stuck(Half):
    """One whose other side reads nothing: what is sent waits for ever."""

    async def send(self, frame: bytes) -> None:
        self.sent += len(frame)
        await asyncio.Event().wait()

    async def close(self, words: str, code: int = 1001) -> None:
        await asyncio.Event().wait()


class Flood(Half):
    """One from which much comes at once; tells how many bytes of memory it cost before anything else had its turn."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        super().__init__()
        self.other = Half()
        self.frames = list(reversed(frames))
        self.cost = -1

    async def receive(self) -> bytes | None:
        if self.cost < 0 and not tracemalloc.is_tracing():
            tracemalloc.start()
        if self.frames:
            return self.frames.pop()
        if tracemalloc.is_tracing():
            self.cost = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
        return await super().receive()


OPEN = struct.pack("!BII", 1, 1, WINDOW)


@pytest.mark.parametrize(
    "frames",
    [[struct.pack("!BI", 3, 1) + b"ab"] * (WINDOW // 2), [struct.pack("!BI", 4, 1)] * MOST_IDLE],
    ids=["small pieces", "ends"],
)
async def test_a_channel_takes_a_window_of_memory_whatever_comes(frames: list[bytes]) -> None:
    flood, site = Flood([OPEN, *frames]), Site()
    async with asyncio.TaskGroup() as group:
        run = group.create_task(Channels(flood, site.accept).run())
        (_, writer) = await site.taken.get()
        assert 0 < flood.cost < 3 * WINDOW
        writer.close()
        await flood.close("")
        await run


async def test_who_opens_more_and_more_channels_and_reads_nothing_breaks_the_rules() -> None:
    stuck, site = Stuck(), Site()
    for number in range(1, 2 * MOST + 2):
        stuck.came.put_nowait(struct.pack("!BII", 1, number, WINDOW))
    with pytest.raises(ValueError, match="channels are open"):
        await Channels(stuck, site.accept).run()
    for writer in site.writers:
        writer.close()


async def test_nothing_comes_behind_the_end() -> None:
    half, site = Half(), Site()
    half.other = Half()
    for frame in (OPEN, struct.pack("!BI", 4, 1), struct.pack("!BI", 3, 1) + b"more"):
        half.came.put_nowait(frame)
    with pytest.raises(ValueError, match="more"):
        await Channels(half, site.accept).run()
    for writer in site.writers:
        writer.close()


async def test_a_site_that_reads_nothing_holds_up_nobody_who_opens_a_channel() -> None:
    stuck = Stuck()
    hub = Channels(stuck)
    run = asyncio.get_running_loop().create_task(hub.run())
    for _ in range(MOST):
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await hub.open()
    with pytest.raises(ConnectionRefusedError):  # nor does it cost more and more
        await hub.open()
    stuck.came.put_nowait(END_OF_ALL)
    await run
    assert not hub._open


async def test_what_is_asked_over_a_replaced_connection_ends_though_its_site_does_not_answer_any_more() -> None:
    async with connected() as (hub, site, near, _):
        (reader, _), _ = await pair(hub, site)
        hub._frames = Stuck()
        closing = asyncio.get_running_loop().create_task(hub.close("another took its place"))
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        closing.cancel()
        hub._frames = near


async def test_a_site_that_takes_no_channel_is_given_up_by_who_listens_to_it() -> None:
    board, silent = Switchboard("shop2"), Half()
    silent.other = Half()
    carried = asyncio.get_running_loop().create_task(board.carry(silent))
    await until(lambda: board._current)
    stream = Stream("http://shop2", {}, 0.1, board.connector)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(DeviceLost, match="listened"):
            await anext(stream.read(1, ""))
    await stream.close()
    await silent.close("")
    await carried


async def test_frames_without_end_that_say_nothing_end_the_connection() -> None:
    half = Half()
    for _ in range(2 * MOST_IDLE + 1):
        half.came.put_nowait(struct.pack("!BI", 4, 7))
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(ValueError, match="frames a second that say nothing"):
            await Channels(half).run()


async def test_frames_of_channels_that_were_ended_meanwhile_are_passed_over() -> None:
    half = Half()
    for _ in range(WINDOW // PIECE):
        half.came.put_nowait(struct.pack("!BI", 3, 7) + b"x")
    half.came.put_nowait(END_OF_ALL)
    async with asyncio.timeout(PATIENCE):
        await Channels(half).run()
