"""Shares one database among bridges: who has which device, how the lines of the others are, and who has the duties.

Each gives a sign of life every few seconds. The same transaction asks for the duties: what goes by a clock or an event
rather than by a device or a caller, and is done once for all of them. One bridge has them, for three signs of life
after its last; what it writes for them is refused once another has them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from bridge.bus import Bus
from bridge.config.role import Role
from bridge.dataclass import dataclass
from bridge.errors import NotPossible, StoreUnavailable
from bridge.gateway.gateway import Devices
from bridge.model.event import LINE_CHANGED
from bridge.model.line import Line, LineState
from bridge.model.neighbour import MISSED, Beat, Neighbour
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Device
from bridge.ports.store import TimeStore
from bridge.ports.store.neighbours import NeighbourStore, PlaceLost
from bridge.ports.store_rows import ClockState
from bridge.tasks import Tasks
from bridge.version import version

log = logging.getLogger(__name__)
T = TypeVar("T")

#: the clock of this machine differs so much from the server's before it is followed
APART = 250  # ms


@dataclass(frozen=True, slots=True)
class Part:
    """A part that one bridge of a database runs."""

    start: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


class ServerClock(SystemClock):
    """The clock of the database's server, so that all who write there stamp by one clock."""

    def __init__(self) -> None:
        self._offset = super().now() - self.monotonic()

    def now(self) -> int:
        """Unix milliseconds."""
        return self._offset + self.monotonic()

    def follow(self, at: int) -> None:
        """The server said a moment ago that it is `at`."""
        if abs(at - self.now()) > APART:
            self._offset += at - self.now()


class Sharing:
    """The place of this bridge among those on its database. `end` is called when it dies of a bug.

    One that has no devices leaves the duties to any other that has lines, as long as there is one.
    """

    def __init__(
        self, store: NeighbourStore, name: str, beat: float, end: Callable[[BaseException], None], *,
        role: Role = Role.ALL,
    ) -> None:  # fmt: skip
        self._store = store
        self._name, self._role, self._reluctant = name, role, role is Role.API
        #: by which all of them stamp
        self.clock = ServerClock()
        self._interval, self.lease = beat, beat * MISSED
        self._own: Callable[[], Sequence[Line]] = tuple
        #: called after each sign of life: by the bridge with the duties, by the others
        self.heed: tuple[Callable[[], None], Callable[[], Awaitable[None]]] | None = None
        #: called when another bridge has taken a device
        self.give_up: Callable[[], Awaitable[None]] | None = None
        self._devices: Sequence[str] = ()
        self._told: dict[str, Sequence[Line]] = {}
        self._neighbours: Sequence[Neighbour] = ()
        self._parts: list[Part] = []
        self._running: list[Part] = []
        self.on_duty = False
        #: its place was lost: what others have taken meanwhile is to be given up, and whether that is something
        self._came_back = self._has_lost = False
        self._woken = asyncio.Event()
        self._tasks = Tasks("sharing", end)

    # -- lines ---------------------------------------------------------------------------------------
    def of_all(self, own: Callable[[], Sequence[Line]]) -> Callable[[], Sequence[Line]]:
        """What tells the lines of all bridges; `own` those of this one."""
        self._own = own
        return self._lines

    def _lines(self) -> tuple[Line, ...]:
        """The lines of all bridges, this one's first."""
        own = tuple(replace(line, bridge=self._name) for line in self._own())
        mine = {line.device for line in own}
        others = (line for each in self._neighbours for line in each.seen(self.lease).lines)
        return (*own, *(line for line in others if line.device not in mine))

    async def bridges(self) -> Sequence[Neighbour]:
        """All bridges of the database, this one first. Raises StoreUnavailable."""
        own = [replace(line, bridge=self._name) for line in self._own()]
        me = Neighbour(self._name, version(), 0, False, own, self._role, self.on_duty)
        return [me, *(each.seen(self.lease) for each in await self._store.neighbours())]

    def beside(self, devices: Devices) -> Devices:
        """The same devices, with the lines of all bridges."""
        return replace(
            devices, lines=self._lines, own=devices.lines, bridges=self.bridges,
            examine=self._here(devices.examine), loop=self._loop(self._here(devices.loop)),
            call_back=self._here(devices.call_back), dialled=self._here(devices.dialled),
            fetch=self._here(devices.fetch),
        )  # fmt: skip

    def _loop(self, loop: Callable[[str, str], Awaitable[T]]) -> Callable[[str, str], Awaitable[T]]:
        """The same call, which raises NotPossible where only other bridges have lines that could send one."""

        async def asked(sender: str, receiver: str) -> T:
            others = [each.name for each in self._neighbours if each.lines]
            if others and not sender and not self._own():
                raise NotPossible(f"no line is of this process: ask the bridge {' or '.join(others)}")
            return await loop(sender, receiver)

        return asked

    def _here(self, call: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        """The same call about a device, which raises NotPossible for another bridge's."""

        async def asked(device: str, *given: object) -> T:
            for each in self._neighbours:
                if any(device in (line.device, line.name) for line in each.lines):
                    raise NotPossible(f"{device} belongs to the bridge {each.name}: ask that one")
            return await call(device, *given)

        return asked

    # -- devices -------------------------------------------------------------------------------------
    async def begin(self, devices: Sequence[str]) -> None:
        """Take these devices. Raises StoreUnavailable when another bridge has one and keeps it."""
        loop = asyncio.get_running_loop()
        self.clock.follow(await self._store.moment())
        patience, told = self.lease + self._interval, False
        self._devices, ends = devices, loop.time() + patience
        while refused := await self.hold(devices):
            device, why = next(iter(refused.items()))
            if loop.time() >= ends:
                raise StoreUnavailable(f"devices.{device}: {why}")
            if not told:
                log.warning("devices.%s: waiting up to %g s, in case it is gone: %s", device, patience, why)
                told = True
            await asyncio.sleep(self._interval / 5)
        await self._look()

    async def hold(self, devices: Sequence[str]) -> Mapping[str, str]:
        """Have these devices and no others; returns those that another bridge has, and why that is so."""
        refused = await self._store.hold(devices, self.lease, self.clock.now())
        self._devices = [device for device in devices if device not in refused]
        return refused

    async def change(
        self, devices: Mapping[str, Device], change: Callable[[Sequence[Device]], Awaitable[None]]
    ) -> None:
        """Change to these devices, without those that another bridge has: `change` ends and begins them."""
        refused = await self.hold(tuple({*self._devices, *devices}))
        for device, why in refused.items():
            log.error("devices.%s: %s", device, why)
        await change([device for name, device in devices.items() if name not in refused])
        await self.hold([name for name in devices if name not in refused])

    # -- duties --------------------------------------------------------------------------------------
    def once(self, start: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]]) -> None:
        """Run a part whenever this bridge has the duties; it may be started again after its close."""
        self._parts.append(Part(start, close))

    def time(self, store: TimeStore) -> "SharedTime":
        """The store's times, by the clock of all."""
        return SharedTime(store, self)

    def hear(self, bus: Bus) -> None:
        """Tell at once when one of the lines changes, and know when another bridge tells that."""
        bus.subscribe(lambda _: self._woken.set(), LINE_CHANGED)

    async def start(self) -> None:
        """Give signs of life from now on; callers are answered already, so that nothing ends where the first fails."""
        await self._try_to_beat()
        self._tasks.start(self._run(), "signs of life")

    async def close(self) -> None:
        """Let go of the duties; another bridge takes them."""
        await self._tasks.close()
        await self._lay_down()

    async def leave(self) -> None:
        """Say that this bridge ends, with nothing left in its hands."""
        try:
            await self._store.leave()
        except StoreUnavailable as error:
            log.warning("the other bridges could not be told that this one ends: %s", error.message)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self._interval
            while not self._is_news() and loop.time() < due:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await self._woken.wait()
                        await asyncio.sleep(self._interval / 10)
                        await self._look_again()
            await asyncio.sleep(self._interval / 10)  # what changes together is told together
            if not await self._try_to_beat():
                await asyncio.sleep(self._interval)

    async def _try_to_beat(self) -> bool:
        """Give a sign of life, or take the place that was lost again; False while the store does not answer."""
        try:
            await self._beat()
            if self._came_back:
                await self._give_up_taken()
        except PlaceLost as error:
            log.error("%s", error.message)
            await self._take_again()
        except StoreUnavailable as error:
            log.error("no sign of life: %s", error.message)
            return False
        return True

    async def _beat(self) -> None:
        news = self._news()
        asks = not (self._reluctant and any(each.lines and each.is_there(self.lease) for each in self._neighbours))
        beat = await self._store.beat(self.lease, news, asks, self._role)
        self._told.update(news)
        self.clock.follow(beat.at)
        await self._look()
        await self._change(beat)
        if self.heed is not None:
            work, follow = self.heed
            work() if self.on_duty else await follow()

    async def _look_again(self) -> None:
        self._woken.clear()
        try:
            await self._look()
        except StoreUnavailable as error:
            log.error("%s", error.message)

    async def _look(self) -> None:
        self._neighbours = await self._store.neighbours()

    def _news(self) -> Mapping[str, Sequence[Line]]:
        """How the lines are of each device of which that was not told yet."""
        now: dict[str, list[Line]] = {device: [] for device in self._devices}
        for line in self._own():
            if line.device in now:
                now[line.device].append(line)
        return {device: lines for device, lines in now.items() if self._told.get(device) != lines}

    def _is_news(self) -> bool:
        """Whether a line can do now what it was told not to, or cannot any more; the rest waits for the next sign."""
        return any(_states(lines) != _states(self._told.get(device, ())) for device, lines in self._news().items())

    async def _change(self, beat: Beat) -> None:
        if not beat.on_duty:
            if self.on_duty:
                log.warning("another bridge of the database does now what only one does")
                await self._lay_down()
            return
        if not self.on_duty:
            log.info("this bridge does what only one bridge of the database does")
        self.on_duty = True
        with self._store.on_duty():  # those that the store kept from starting last time
            for part in self._parts[len(self._running) :]:
                # before it starts: one that is ended meanwhile is closed, too
                self._running.append(part)
                try:
                    await part.start()
                except StoreUnavailable:
                    await part.close()
                    self._running.pop()
                    raise

    async def _lay_down(self) -> None:
        self.on_duty = False
        while self._running:
            await self._running[-1].close()
            self._running.pop()

    async def _take_again(self) -> None:
        """Go on, without what another bridge has taken meanwhile."""
        try:
            await self._store.take_again()
            self._told.clear()
            self._came_back = True
            await self._give_up_taken()
        except StoreUnavailable as error:
            log.error("the place is not taken again yet: %s", error.message)

    async def _give_up_taken(self) -> None:
        self._has_lost |= bool(await self.hold(self._devices))
        if self._has_lost and self.give_up is not None:
            await self.give_up()
        self._came_back = self._has_lost = False


def _states(lines: Sequence[Line]) -> Sequence[tuple[str, LineState, str]]:
    return [(line.name, line.state, line.reason) for line in lines]


class SharedTime:
    """The store's times, by a clock that all its bridges have: the one with the duties shifts them where it is set."""

    def __init__(self, store: TimeStore, sharing: Sharing) -> None:
        self._store = store
        self._sharing = sharing

    async def clock_state(self) -> ClockState:
        """Nothing is known of the time before."""
        return ClockState("", 0, 0)

    async def note_clock(self, state: ClockState) -> None:
        """The server knows what time it is."""

    async def shift(self, step: int, state: ClockState) -> None:
        """See `TimeStore.shift`."""
        if self._sharing.on_duty:
            await self._store.shift(step, state)
