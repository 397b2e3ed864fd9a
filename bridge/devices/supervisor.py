"""Supervises devices: one worker for each, found by name, as the configuration changes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from bridge.bus import Bus
from bridge.devices.device_worker import CLOSE_PATIENCE, STOP_PATIENCE, DeviceWorker, WorkerStore
from bridge.devices.idle import IdleLines
from bridge.devices.lanes import Shared
from bridge.devices.twins import Twins
from bridge.errors import NoSuchThing
from bridge.messages.outcomes import SendingRules
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.line import Line
from bridge.model.media import Media
from bridge.model.site import Site
from bridge.ports.clock import Clock
from bridge.ports.driver import Answering, Carrying, Device, Driver, Fetching, Frames
from bridge.ports.store_rows import Queued
from bridge.tasks import Tasks


class Supervisor:
    """Supervises all configured devices."""

    def __init__(
        self,
        store: WorkerStore,
        bus: Bus,
        clock: Clock,
        drivers: Mapping[str, Driver],
        devices: Sequence[Device],
        rules: SendingRules,
        on_death: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._store, self._bus, self._clock = store, bus, clock
        self._rules = rules
        self._idle, self._tasks = IdleLines(), Tasks("supervisor", on_death)
        self._shared = Shared(self._idle, Twins(), self._tasks)
        self._workers = [self._worker_of(device, drivers[device.driver]) for device in devices]
        self._running: dict[DeviceWorker, asyncio.Task[None]] = {}
        #: the bridge ends: no device is opened any more
        self._stopped = False

    def _worker_of(self, device: Device, driver: Driver) -> DeviceWorker:
        return DeviceWorker(device, driver, self._store, self._bus, self._clock, self._rules, self._shared)

    def lines(self) -> tuple[Line, ...]:
        """Every line of every configured device, absent ones too."""
        return tuple(line for worker in self._workers for line in worker.lines)

    def sites(self) -> Sequence[Site]:
        """Every device that is another bridge, also one that is away."""
        return [site for worker in self._workers if (site := worker.site) is not None]

    def pause(self, line: str) -> float:
        """Seconds until a line's device may send one more part."""
        workers = (worker for worker in self._workers if any(each.name == line for each in worker.lines))
        return max((worker.pause(line) for worker in workers), default=0.0)

    def _hear(self, queued: Sequence[Queued]) -> None:
        if not queued:
            self._idle.call_all()
        for each in queued:
            if not each.due_at:
                self._idle.call(each.route, each.count)

    def retry(self, device: str = "") -> None:
        """Reconnect this device now: it was plugged in."""
        for worker in self._workers:
            if device in ("", worker.device.name):
                worker.retry()

    async def examine(self, device: str) -> list[Finding]:
        """Examine a device. Raises NoSuchThing."""
        return await self._worker(device).examine()

    async def call_back(self, device: str, callback: Callback) -> Reply:
        """What a device answers its provider. Raises NoSuchThing, DeviceLost."""
        link = await self._worker(device).opened()
        if not isinstance(link, Answering):
            raise NoSuchThing(f"nobody calls the device {device} over HTTP")
        return await link.answer(callback)

    async def fetch(self, device: str, media: str) -> Media:
        """Media that came with a message to a device. Raises NoSuchThing, DeviceLost."""
        link = await self._worker(device).opened()
        if not isinstance(link, Fetching):
            raise NoSuchThing(f"nothing comes with messages to the device {device}")
        return await link.fetch(media)

    async def dialled(self, device: str, key: str) -> Carrying:
        """Let a device in that dials the bridge: what carries its connection. Raises NoSuchThing, WrongSecret."""
        worker = self._worker(device)
        carry = await worker.dialled(key)
        running = self._running.get(worker)
        if running is None:
            raise NoSuchThing(f"the device {device} is not in use any more")

        async def until_it_ends(frames: Frames) -> None:
            tasks = Tasks(device)
            carrying = tasks.start(carry(frames), "connection")
            try:
                await asyncio.wait({carrying, running}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await tasks.close()

        return until_it_ends

    def _worker(self, device: str) -> DeviceWorker:
        """Raises NoSuchThing."""
        for worker in self._workers:
            if worker.device.name == device:
                return worker
        raise NoSuchThing(f"there is no device {device!r}")

    async def start(self) -> None:
        """Start all devices at once, independently."""
        self._unsubscribe = self._bus.subscribe_queues(self._hear)
        for worker in self._workers:
            self._start(worker)

    def _start(self, worker: DeviceWorker) -> None:
        self._running[worker] = self._tasks.start(worker.run(), worker.device.name)

    def adopt(self, rules: SendingRules) -> None:
        """Go by these rules from the next refusal on."""
        self._rules = rules
        for worker in self._workers:
            worker.adopt(rules)

    async def change(self, drivers: Mapping[str, Driver], devices: Sequence[Device]) -> None:
        """Supervise these devices from now on.

        One that is not among them, or is configured otherwise, finishes what it has in hand first; the others notice
        nothing.
        """
        wanted = {device.name: device for device in devices}
        leaving = {
            worker: "its configuration has changed"
            if worker.device.name in wanted
            else "it was removed from the configuration"
            for worker in self._workers
            if wanted.get(worker.device.name) != worker.device
        }
        await self._dismiss(leaving)
        kept = {worker.device.name: worker for worker in self._workers}
        self._workers = [kept.get(each.name) or self._worker_of(each, drivers[each.driver]) for each in devices]
        for worker in self._workers:
            if worker not in self._running and not self._stopped:  # which may be since this began
                self._start(worker)

    async def _dismiss(self, workers: Mapping[DeviceWorker, str]) -> None:
        """Let workers finish, for a limited time, and part with them, for a reason each."""
        ending = [self._running[worker] for worker in workers]
        for worker in workers:
            self._end(worker)
        if ending:
            _, late = await asyncio.wait(ending, timeout=STOP_PATIENCE + 3 * CLOSE_PATIENCE)
            for task in late:
                task.cancel()
        for worker in workers:
            await worker.leave(workers[worker])
            del self._running[worker]
        self._workers = [worker for worker in self._workers if worker not in workers]

    def _end(self, worker: DeviceWorker) -> None:
        worker.close()
        if not worker.is_open:
            self._running[worker].cancel()

    def stop(self) -> None:
        """Begin to stop: parts in hand are finished, nothing new is begun. Harmless when repeated."""
        self._stopped = True
        for worker in self._running:
            self._end(worker)

    async def stop_dialled(self) -> None:
        """Begin to stop, and wait for the devices that dial the bridge: they are reached through its servers."""
        self.stop()
        if dialled := [task for worker, task in self._running.items() if worker.is_dialled]:
            await asyncio.wait(dialled, timeout=STOP_PATIENCE + CLOSE_PATIENCE)

    async def close(self) -> None:
        """Let every device finish what it has in hand, for a limited time."""
        self._unsubscribe()
        self.stop()
        if self._running:
            await asyncio.wait(self._running.values(), timeout=STOP_PATIENCE + 3 * CLOSE_PATIENCE)
        await self._tasks.close()
