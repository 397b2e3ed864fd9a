"""Notifies the service manager (sd_notify(3)): readiness, status, reloads, watchdog."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Self

from bridge.bus import Bus
from bridge.errors import BridgeError, StoreUnavailable
from bridge.model.event import LINE_CHANGED, Event
from bridge.model.line import Line, LineState
from bridge.ports.store import HealthStore
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: between signs of life where the manager asked for none: the status grows no older
STATUS_INTERVAL = 30.0  # s
#: the manager's socket may be full for so long
SOCKET_PATIENCE = 1.0  # s

#: reads again what may have changed on disk
Reload = Callable[[], Awaitable[None]]


class Notifier:
    """The service manager's socket; silent without one. `watchdog`: the manager expects a ping within this many
    seconds, 0 for never.
    """

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog = watchdog

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID."""
        address = environment.get("NOTIFY_SOCKET", "")
        wanted = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(
            address if address[:1] in {"/", "@"} else "", int(wanted) / 1e6 if ours and wanted.isdecimal() else 0
        )

    def __bool__(self) -> bool:
        return bool(self._address)

    def tell(self, *assignments: str) -> None:
        """Send `NAME=value` lines. Errors are ignored: a manager that does not listen is no reason to stop."""
        if not self:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(SOCKET_PATIENCE)
            try:
                channel.sendto("\n".join(assignments).encode(), self._address)
            except OSError as error:
                log.debug("the service manager does not listen: %s", error)


class Service:
    """Reports the bridge to its service manager.

    Signs of life go out at half the time that the manager allows, and each only when the store's writer has answered:
    a bridge whose event loop or store hangs is restarted. `on_reload` is done in order at each `reload`.
    """

    def __init__(
        self,
        notifier: Notifier,
        store: HealthStore,
        bus: Bus,
        lines: Callable[[], Sequence[Line]],
        on_reload: Sequence[Reload],
        on_death: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._notifier = notifier
        self._store = store
        self._bus = bus
        self._lines = lines
        self._on_reload = on_reload
        self._waiting = 0
        #: why the store does not answer; "" while it does
        self._trouble = ""
        self._shown = ""
        self._reloading = asyncio.Lock()
        self._closed = False
        self._tasks = Tasks("service", on_death)

    async def start(self) -> None:
        """Report readiness, then status and watchdog pings."""
        self._unsubscribe = self._bus.subscribe(self._hear, LINE_CHANGED)
        self._ready()
        if self._notifier:
            self._tasks.start(self._live(), "signs of life")

    async def close(self) -> None:
        """Report that the bridge is stopping; no reload begins any more."""
        self._closed = True
        self._unsubscribe()
        self._notifier.tell("STOPPING=1", "STATUS=stopping")
        await self._tasks.close()

    def reload(self) -> None:
        """Reload files that may have changed; what cannot be read stays as it is."""
        if not self._closed:
            self._tasks.start(self._reload(), "reload")

    async def _reload(self) -> None:
        async with self._reloading:
            self._notifier.tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
            done = [await self._done(again) for again in self._on_reload]
            if all(done):
                log.info("reloaded")
            self._ready()

    async def _done(self, again: Reload) -> bool:
        try:
            await again()
        except BridgeError as error:
            log.error("not reloaded: %s", error.message)
            return False
        except Exception:
            log.exception("not reloaded")
            return False
        return True

    async def _live(self) -> None:
        interval = self._notifier.watchdog / 2 or STATUS_INTERVAL
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            # without a time-out: no answer is no sign of life
            try:
                self._waiting = await self._store.pulse()
            except StoreUnavailable as error:
                self._trouble = error.message
            else:
                self._trouble = ""
                self._notifier.tell("WATCHDOG=1")
            self._show()
            await asyncio.sleep(max(0.0, interval - (loop.time() - begun)))

    def _hear(self, _: Sequence[Event]) -> None:
        self._show()

    def _ready(self) -> None:
        self._shown = self._status()
        self._notifier.tell("READY=1", f"STATUS={self._shown}")

    def _show(self) -> None:
        status = self._status()
        if status != self._shown and not self._reloading.locked():
            self._shown = status
            self._notifier.tell(f"STATUS={status}")

    def _status(self) -> str:
        """The status line: `2 of 2 lines ready, 3 messages waiting`."""
        states = [line.state for line in self._lines()]
        words = f"{states.count(LineState.READY)} of {len(states)} line{'s' * (len(states) != 1)} ready"
        if self._trouble:
            return f"{words}; {self._trouble}"
        return f"{words}, {self._waiting} message{'s' * (self._waiting != 1)} waiting"
