"""Keeps one device connected: opens it, sends and receives, notices its loss, backs off and reconnects."""

import asyncio
import logging
import random
from collections.abc import Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from bridge.bus import Bus
from bridge.devices.lanes import Shared, end_lanes, end_receiving
from bridge.devices.memory import LastingMemory
from bridge.devices.receiver import Receiver
from bridge.devices.sender import LineSender
from bridge.errors import DeviceLost, LinkError, NoSuchThing, SendRefused, StoreUnavailable, WrongSecret
from bridge.messages.outcomes import SendingRules
from bridge.model.event import LINE_CHANGED, Event
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.site import Site
from bridge.ports.clock import Clock
from bridge.ports.driver import (
    Carrying,
    Clarifying,
    Device,
    Dialled,
    Distant,
    Driver,
    Examining,
    Frames,
    Link,
    Paced,
    Yielding,
)
from bridge.ports.store import DeviceStore, EventStore, ReceivingStore, SendingStore
from bridge.retry import Backoff, retry_until_stored
from bridge.tasks import Tasks
from bridge.telemetry.logs import words

log = logging.getLogger(__name__)

#: a lost device is looked for again after 1 s, 2 s … one minute
RECONNECT = Backoff(first=1_000, ceiling=60_000)  # ms
#: one that needs a person (PIN, SIM, prompt) is not pestered
PARKED_RECONNECT = Backoff(first=30_000, ceiling=300_000)  # ms
#: unless something was plugged in: a SIM takes seconds to be ready, a phone to trust us, so that many tries come soon
PLUGGED_TRIES = 4
#: the device's health is asked for this often
REFRESH_INTERVAL = 30.0  # s
#: what the link already knows of it is looked at this often
LOOK_INTERVAL = 1.0  # s
#: a link may look so long for traces of parts whose outcome is unknown
CLARIFY_PATIENCE = 30.0  # s
#: an examination waits so long for a device that is busy sending or connecting
EXAMINE_PATIENCE = 45.0  # s
#: for which somebody who wants the open link waits until the device was looked for once, after a start or a reload
LOOKED_FOR = 10.0  # s
#: how long a part in a device's hands may hold up a shutdown
STOP_PATIENCE = 30.0  # s
#: the same when its device was lost, which the link reports to those waiting for an answer
LOSS_PATIENCE = 10.0  # s
#: whatever else is under way with a device at its end may take so long
CLOSE_PATIENCE = 3.0  # s


class WorkerStore(SendingStore, ReceivingStore, DeviceStore, EventStore, Protocol):
    """The parts of the store that supervision uses."""


class DeviceWorker:
    """Keeps one device connected for as long as the bridge runs."""

    def __init__(
        self,
        device: Device,
        driver: Driver,
        store: WorkerStore,
        bus: Bus,
        clock: Clock,
        rules: SendingRules,
        shared: Shared,
    ) -> None:
        self.device = device
        self._driver = driver
        self._store = store
        self._bus = bus
        self._clock = clock
        self._rules = rules
        self._idle, self._twins, self._tasks = shared.idle, shared.twins, shared.tasks
        self._link: Link | None = None
        self._lanes: dict[str, LineSender] = {}
        self._known: tuple[Line, ...] = (Line(device.name, device.name, device.driver, LineState.CONNECTING),)
        self._retry_now = asyncio.Event()
        #: the device was looked for, found or not
        self._tried = asyncio.Event()
        #: held while the device is opened, or examined while it is away
        self._door = asyncio.Lock()
        self._closing = asyncio.Event()

    @property
    def _fields(self) -> dict[str, str]:
        """Log fields that name the device."""
        return {"sms_device": self.device.name}

    @property
    def lines(self) -> tuple[Line, ...]:
        """The device's lines; while it is away, the last known ones, marked absent."""
        if self._link is None:
            return self._known
        return tuple(self._as_usable(line) for line in self._link.lines)

    def _as_usable(self, line: Line) -> Line:
        if line.state is not LineState.READY:
            return line
        lane = self._lanes.get(line.name)
        if lane is not None and lane.rest.reason:
            return replace(line, state=lane.rest.state, reason=lane.rest.reason)
        return replace(line, reason=twin) if (twin := self._twins.trouble(line.name)) and not line.reason else line

    @property
    def site(self) -> Site | None:
        """The other bridge that the device is; None for any other device."""
        if not isinstance(self._driver, Distant):
            return None
        lines = [line for line in self.lines if line.name != self.device.name]
        reason = "" if self._link is not None else self._known[0].reason
        return replace(self._driver.site(self.device, self._link, reason), lines=lines)

    def pause(self, line: str) -> float:
        """Seconds until the line may send another part; 0 when it may send now or sets no pace."""
        return self._link.pause(line) if isinstance(self._link, Paced) else 0.0

    def retry(self) -> None:
        """Reconnect now: the device may be back."""
        self._retry_now.set()

    @property
    def is_dialled(self) -> bool:
        """Whether the device may be one that dials the bridge."""
        return isinstance(self._driver, Dialled)

    @property
    def is_open(self) -> bool:
        """Whether there is an open link to the device."""
        return self._link is not None

    def close(self) -> None:
        """Begin to stop; `run` ends when the device is released."""
        self._closing.set()
        self._retry_now.set()

    def adopt(self, rules: SendingRules) -> None:
        """Go by these rules from the next refusal on."""
        self._rules = rules
        for lane in self._lanes.values():
            lane.rules = rules

    async def leave(self, reason: str) -> None:
        """Say why the device is not used any more, once `run` has ended."""
        before, self._link = self.lines, None
        self._twins.release(self.device.name)
        self._known = tuple(replace(line, state=LineState.ABSENT, reason=reason) for line in before)
        await self._tell(before, self._known)

    async def run(self) -> None:
        """Connect, serve, and connect again until `close`."""
        failures, soon = 0, 0
        while not self._closing.is_set():
            self._retry_now.clear()
            schedule = RECONNECT
            try:
                async with self._door:
                    link = await self._driver.open(await self._remembering())
                    self._link = await self._twins.admit(self.device.name, link)
                self._tried.set()
                failures, soon = 0, 0
                self._bus.metrics.connected(self.device.name)
                await self._serve(self._link)
            except SendRefused as refusal:
                schedule = RECONNECT if failures < soon else PARKED_RECONNECT
                await self._away(LineState.PARKED, refusal.message)
            except LinkError as error:
                await self._away(LineState.ABSENT, error.message)
            except Exception as error:
                log.exception("the driver of %s failed", self.device.name, extra=self._fields)
                await self._away(LineState.ABSENT, f"the driver failed: {words(error)}")
            self._tried.set()
            failures += 1
            if await self._pause(schedule.delay(failures, random.random()) / 1000):  # noqa: S311 - jitter, no secret
                failures, soon = 0, PLUGGED_TRIES

    async def examine(self) -> list[Finding]:
        """Examine the device: over the open link, else through its driver."""
        subject = f"devices.{self.device.name}"
        try:
            async with asyncio.timeout(EXAMINE_PATIENCE):
                found = await self._examined()
        except LinkError as error:
            found = [Finding("fail", subject, error.message, "look at the cable and at the power supply")]
        except TimeoutError:
            words = f"was busy for {EXAMINE_PATIENCE:g} seconds and could not be examined"
            found = [Finding("warn", subject, words, "ask again when less is being sent")]
        remedy = "check coverage and the SIM (credit, barring, PIN); the line tries again by itself"
        for name, lane in self._lanes.items():
            if lane.rest.reason:
                found.append(Finding("fail", f"line {name}", lane.rest.reason, remedy))
            if twin := self._twins.trouble(name):
                found.append(Finding("warn", f"line {name}", twin, "use the SIM in one device only"))
        return found

    async def opened(self) -> Link:
        """The open link, once the device was looked for. Raises DeviceLost while it is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKED_FOR):
                await self._tried.wait()
        if self._link is None:
            raise DeviceLost(f"the device {self.device.name} is not connected")
        return self._link

    async def dialled(self, key: str) -> Carrying:
        """Let the device in, which dials the bridge, and open it by that. Raises NoSuchThing, WrongSecret."""
        if not isinstance(self._driver, Dialled):
            raise NoSuchThing(f"the device {self.device.name} does not dial the bridge")
        driver, device = self._driver, await self._remembering()
        if not driver.is_dialled_with(device, key):
            raise WrongSecret

        async def carry(frames: Frames) -> None:
            asyncio.get_running_loop().call_soon(self.retry)
            await driver.carry(device, frames)

        return carry

    async def _examined(self) -> list[Finding]:
        if self._link is None:
            async with self._door:  # never two at a device that may be had once only
                if self._link is None:
                    return list(await self._driver.examine(await self._remembering()))
        return list(await self._link.examine()) if isinstance(self._link, Examining) else []

    async def _remembering(self) -> Device:
        """The device with its lasting memory."""
        if not isinstance(self.device.memory, LastingMemory):
            memory = await LastingMemory.of(self._store, self.device.name)
            self.device = replace(
                self.device,
                memory=memory,
                memory_of=self._memory_of,
                slots_of=self._slots_of,
                recovering=self._count_recovery,
            )
        return self.device

    async def _memory_of(self, hardware: str) -> LastingMemory:
        # no device has a blank in its name
        return await LastingMemory.of(self._store, hardware)

    async def _slots_of(self, holders: Collection[str]) -> Collection[str]:
        return await retry_until_stored(lambda: self._store.held(holders))

    def _count_recovery(self, stage: str) -> None:
        self._bus.metrics.recoveries.add(self.device.name, stage)

    async def _pause(self, seconds: float) -> bool:
        """Wait, or return early for `retry` or `close` (also one since the last try began); True when early."""
        try:
            await asyncio.wait_for(self._retry_now.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _away(self, state: LineState, reason: str) -> None:
        before = self.lines
        if self._link is not None:
            self._bus.metrics.lost(self.device.name)
            self._twins.release(self.device.name)
        self._link = None
        self._known = tuple(replace(line, state=state, reason=reason) for line in before)
        await self._tell(before, self._known)

    async def _serve(self, link: Link) -> None:
        """Serve an open link until it is lost (raises) or the bridge closes."""
        tasks = Tasks(self.device.name)
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        inbox = Receiver(self._store, link, self.device.name, self._clock, self._bus.metrics)
        await self._tell(self._known, self.lines)
        cleared = asyncio.Event()
        lanes = {
            line.name: self._tasks.start(self._until(over, self._drive(link, line, cleared)), line.name)
            for line in link.lines
        }
        receiving = self._tasks.start(self._until(over, inbox.run()), f"inbox of {self.device.name}")
        tasks.start(self._until(over, self._watch(link, cleared)), "health")
        tasks.start(self._until(over, self._closed()), "close")
        try:
            await over
        finally:
            for lane in self._lanes.values():
                lane.stop()
            if isinstance(link, Yielding):
                link.give_back()
            cleared.set()
            patience = STOP_PATIENCE if self._closing.is_set() else LOSS_PATIENCE
            running = {task: self._lanes.get(name) for name, task in lanes.items()}
            await end_lanes(running, patience, CLOSE_PATIENCE)
            await tasks.close()
            await self._let_go(link)
            await end_receiving(receiving, CLOSE_PATIENCE)
            self._lanes.clear()

    async def _let_go(self, link: Link) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_PATIENCE if self._closing.is_set() else None):
                await link.close()

    async def _until(self, over: "asyncio.Future[None]", work: Coroutine[Any, Any, None]) -> None:
        """Wait for whichever ends first, and end the link with its reason."""
        try:
            await work
        except Exception as error:
            if not over.done():
                over.set_exception(error)
            elif not isinstance(error, LinkError):
                log.exception("%s: failed while closing", self.device.name, extra=self._fields)
        else:
            if not over.done():
                over.set_result(None)

    async def _closed(self) -> None:
        await self._closing.wait()

    async def _drive(self, link: Link, line: Line, cleared: asyncio.Event) -> None:
        """Send on a line once unknown parts have been looked for."""

        def current() -> Line:
            return next((each for each in link.lines if each.name == line.name), line)

        lane = LineSender(
            self._store, link, current,
            clock=self._clock, rules=self._rules, idle=self._idle, metrics=self._bus.metrics,
        )  # fmt: skip
        self._lanes[line.name] = lane
        await cleared.wait()
        await lane.run()

    async def _clarify(self, link: Link) -> None:
        """Let a link look for traces of parts with unknown outcome before new messages are sent."""
        doubtful = await retry_until_stored(lambda: self._store.doubtful([line.name for line in link.lines]))
        if not doubtful or not isinstance(link, Clarifying):
            return
        try:
            async with asyncio.timeout(CLARIFY_PATIENCE):
                await link.clarify(doubtful)
        except TimeoutError:
            sentence = "%s: %d parts stay unknown: it took too long to look"
            log.warning(sentence, self.device.name, len(doubtful), extra=self._fields)

    async def _watch(self, link: Link, cleared: asyncio.Event) -> None:
        """Look for unknown parts first; then publish changes of health."""
        before, countdown = self.lines, REFRESH_INTERVAL
        await self._clarify(link)
        cleared.set()
        while True:
            await asyncio.sleep(LOOK_INTERVAL)
            countdown -= LOOK_INTERVAL
            if countdown <= 0:
                countdown = REFRESH_INTERVAL
                await link.refresh()
            self._twins.compare()
            now = self.lines
            await self._tell(before, now)
            if [line.state for line in now] != [line.state for line in before]:
                for lane in self._lanes.values():
                    lane.look()
            before = now

    async def _tell(self, before: Sequence[Line], now: Sequence[Line]) -> None:
        was = {line.name: (line.state, line.reason) for line in before}
        for line in now:
            if was.get(line.name) == (line.state, line.reason):
                continue
            is_well = line.state is LineState.CONNECTING or (line.state is LineState.READY and not line.reason)
            level = logging.INFO if is_well else logging.WARNING
            reason = f": {line.reason}" if line.reason else ""
            log.log(level, "%s is %s%s", line.name, line.state, reason, extra=self._fields | {"sms_line": line.name})
            data = {"line": line.name, "device": line.device, "state": line.state.value, "reason": line.reason}
            try:
                await self._store.note(Event(0, "", LINE_CHANGED, "", self._clock.now(), line.name, data))
            except StoreUnavailable as error:
                log.error("%s", error.message)
