"""Keeps a modem working: reads its memories, checks that it is alive and set up.

One task does the chores, when news hint at them or their time has come; messages go out in between.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from bridge.errors import DeviceLost, LinkError, Refusal, SendRefused
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.errands import COMPANY
from device_drivers.gsm_modem.identity import OtherSim
from device_drivers.gsm_modem.intake import Intake
from device_drivers.gsm_modem.memories import Hint, Stored
from device_drivers.gsm_modem.options import Options
from device_drivers.gsm_modem.recovery import Recovery, Stage, Watchdog
from device_drivers.gsm_modem.session import GsmModemException, Session
from device_drivers.gsm_modem.settings import NotAsSetUp
from device_drivers.gsm_modem.storage import Storage
from device_drivers.gsm_modem.tries import Tries
from device_drivers.gsm_modem.worker import GiveUp, Worker, never

log = logging.getLogger(__name__)

T = TypeVar("T")

#: seconds between two set-ups, and between two looks at the registration, that news ask for: some modems never stop
NEWS_EVERY = 1.0
#: in all memories
EVERYWHERE = Hint()


class Keeper:
    """Maintains one modem, on the loop.

    `refresh` looks at registration and signal; `require_same_sim` raises DeviceLost for another SIM, Silent; `silent`
    hears that the modem does not answer, `noted` that something was learned of the memories.
    """

    def __init__(  # noqa: PLR0913 - the parts of one link
        self,
        options: Options,
        worker: Worker,
        session: Session,
        storage: Storage,
        intake: Intake,
        recovery: Recovery,
        *,
        refresh: Callable[[], Awaitable[object]],
        require_same_sim: Callable[[], None],
        silent: Callable[[Exception], None],
        noted: Callable[[], None],
    ) -> None:
        self._line = intake.line
        self._options = options
        self._worker = worker
        self._session = session
        self._storage = storage
        self._intake = intake
        self._recovery = recovery
        self._refresh = refresh
        self._require_same_sim = require_same_sim
        self._silent = silent
        self._noted = noted
        self._watchdog = Watchdog(options.watchdog)
        self._chores = asyncio.Event()
        #: wakes for what is committed and not deleted yet
        self._forgetting: asyncio.TimerHandle | None = None
        #: all memories are to be read
        self._everywhere = False
        self._restarted = False
        self._setting_up = asyncio.Lock()
        self._set_up_at = 0.0
        self._look_again = False
        self._looked_at = 0.0
        self._swept_at = 0.0
        #: of reading memories while the modem does not stay as it is set up
        self._reading = Tries()

    # -- what is to be done -----------------------------------------------------------------------
    def hint(self, *hints: Hint, look: bool = False, restarted: bool = False) -> None:
        """Something may have arrived, registration may have changed, or settings may be lost."""
        self._everywhere |= EVERYWHERE in hints
        self._storage.errands.announce([hint for hint in hints if hint != EVERYWHERE])
        self._look_again |= look
        self._restarted |= restarted
        self._chores.set()

    def note(self, hint: Hint) -> None:
        """Something arrived (any thread): what is done at the modem next looks for it, too."""
        if hint == EVERYWHERE:
            self._worker.post(self.hint, EVERYWHERE)
            return
        self._storage.errands.announce((hint,))
        self._worker.post(self.hint)

    async def run(self, work: Callable[..., T], *arguments: object, give_up: GiveUp = never) -> T:
        """Run work on the modem's thread and react to what it shows. Raises DeviceLost, Withdrawn."""
        try:
            return await self._worker.run(work, *arguments, give_up=give_up)
        except OtherSim as other:
            log.warning("%s: %s", self._line, other)
            self._worker.fail(str(other))
            raise
        finally:
            if self._session.echoes_again:
                self.hint(restarted=True)

    async def run_as_set_up(self, work: Callable[..., T], *arguments: object, give_up: GiveUp = never) -> T:
        """Run work; if the modem turns out to have lost its settings, set it up and run again.

        Raises DeviceLost, Withdrawn, and SendRefused when the modem does not stay as it is set up.
        """
        try:
            return await self.run(work, *arguments, give_up=give_up)
        except NotAsSetUp as found:
            await self._set_up_again(found.reason)
        try:
            return await self.run(work, *arguments, give_up=give_up)
        except NotAsSetUp as again:
            words = f"the modem does not stay as it is set up: {again.reason}"
            raise SendRefused(words, Refusal.NETWORK) from again

    async def forget(self, slot: str) -> None:
        """Delete a committed SMS, now or when possible. Raises DeviceLost."""
        try:
            self._give_out(await self.run_as_set_up(self._storage.forget, slot))
        except SendRefused as refused:
            log.warning("%s: could not delete %s: %s", self._line, slot, refused.cause)
            self._give_out(())

    def forget_soon(self, slot: str) -> None:
        """Delete a committed report soon: in a queue that is full, along with the look for the next one."""
        self._storage.errands.release(slot)
        if self._forgetting is None:
            self._forgetting = asyncio.get_running_loop().call_later(COMPANY, self._forget_now)

    def _forget_now(self) -> None:
        self._forgetting = None
        self._chores.set()

    async def give_back(self, reason: str) -> None:
        """Restart an unresponsive modem, unless just done, and release it."""
        if self._recovery.may(Stage.RESTART):
            with suppress(LinkError):
                await self.run(self._session.reset)
                self._recovery.take(Stage.RESTART)
                reason = f"{reason}; it was told to restart"
        self._worker.fail(reason)

    # -- the chores -------------------------------------------------------------------------------
    async def mind(self) -> None:
        """Maintain until the device is gone."""
        self.hint(EVERYWHERE)
        while not self._worker.loss:
            await self._wait_for_chores()
            with suppress(DeviceLost):  # the loop ends by itself
                await self._do_chores()

    async def _wait_for_chores(self) -> None:
        now = time.monotonic()
        wait = min(self._probe_at(now), self._read_at(now)) - now
        if not self._chores.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0.001)):
                    await self._chores.wait()
        self._chores.clear()

    async def _do_chores(self) -> None:
        if self._restarted and self._is_due(self._set_up_at):
            await self._set_up_again("it restarted, echoes what is typed, or is in text mode")
        if time.monotonic() - self._swept_at >= self._options.poll_interval:
            self._everywhere = True
        if self._reading.are_due:
            await self._read()
        if self._look_again and self._is_due(self._looked_at):
            self._look_again, self._looked_at = False, time.monotonic()
            await self._refresh()
        now = time.monotonic()
        if self._probe_at(now) <= now:
            await self._probe()

    def _is_due(self, last: float) -> bool:
        """Whether it may be repeated already; otherwise it is scheduled."""
        wait = last + NEWS_EVERY - time.monotonic()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._chores.set)
        return wait <= 0

    # -- memories ---------------------------------------------------------------------------------
    def _read_at(self, now: float) -> float:
        """When memories are to be read next."""
        hinted = now if self._everywhere else self._storage.errands.due_at
        wanted = min(hinted, self._swept_at + self._options.poll_interval, self._storage.due_at)
        return max(wanted, self._reading.due)

    async def _read(self) -> None:
        try:
            await self._look()
        except SendRefused as refused:
            self._reading.fail()
            log.warning("%s: reading memories again in %g s: %s", self._line, self._reading.pause, refused.cause)
        else:
            self._reading = Tries()

    async def _look(self) -> None:
        if self._everywhere:
            await self._look_everywhere()
        elif self._storage.errands.due_at <= time.monotonic():
            self._give_out(await self.run_as_set_up(self._storage.tend))
        elif self._storage.is_scanning and not self._storage.hangs:
            self._give_out(await self.run_as_set_up(self._storage.scan))
        if self._storage.due_at <= time.monotonic():
            self._give_out(await self.run_as_set_up(self._storage.retry))

    async def _look_everywhere(self) -> None:
        self._everywhere, hints = False, self._storage.errands.take_hints()
        try:
            await self._sweep()
        except SendRefused:
            self._everywhere = True
            self._storage.errands.announce(hints)
            raise
        self._storage.errands.announce(self._storage.unseen(hints))

    def read_beside(self) -> None:
        """Read what arrived while a message waits for its answer (worker thread). What fails is read later."""
        try:
            found = self._storage.look((EVERYWHERE,))
        except (NotAsSetUp, Silent, OtherSim):
            self._worker.post(self.hint, EVERYWHERE)
            return
        self._worker.post(self._give_out, found)

    async def _sweep(self) -> None:
        self._swept_at = time.monotonic()
        if not await self._check(thoroughly=True):
            return
        self._storage.hangs = False
        found: list[Stored] = []
        try:
            for name in self._storage.names:  # messages may go out in between
                if not self._storage.hangs:  # else each memory would cost the same silence
                    found += await self.run_as_set_up(self._storage.sweep, name)
        finally:
            self._give_out(found)
        if self._storage.blind != self._session.avoid:
            self._session.avoid = self._storage.blind
            names = ", ".join(sorted(self._storage.blind))
            await self._set_up_again(f"it counts SMS in {names} and shows none" if names else "its memories are well")

    def _give_out(self, stored: Sequence[Stored]) -> None:
        self._intake.take_stored(stored)
        self._intake.tell_sights(self._storage.sights())
        self._noted()
        if self._storage.is_scanning or self._storage.due_at < float("inf"):
            self._chores.set()  # it has to be seen to in time

    # -- signs of life ----------------------------------------------------------------------------
    def _probe_at(self, now: float) -> float:
        return self._watchdog.due_at(now, self._session.heard_at, self._session.in_step)

    async def _probe(self) -> None:
        """Check that the modem answers; after three silences it is restarted and released."""
        if await self._check():
            self._storage.hangs = False
            self._give_out(())  # a reading that was broken off goes on
            if self._watchdog.answered():
                self._look_again = True
                self._recovery.answered()
        elif (stage := self._watchdog.missed(time.monotonic())) is Stage.RESTART:
            await self.give_back(f"the modem on {self._session.port} does not answer any more")
        else:
            self._recovery.take(stage)

    async def _check(self, thoroughly: bool = False) -> bool:
        """Check the modem's settings and restore them if needed; False when it does not answer."""
        try:
            await self.run(self._session.settings.check, thoroughly)
        except NotAsSetUp as found:
            if self._is_due(self._set_up_at):
                await self._set_up_again(found.reason)
            else:
                self._restarted = True
        except Silent as silent:
            self._silent(silent)
            return False
        return True

    # -- setting up -------------------------------------------------------------------------------
    async def _set_up_again(self, reason: str) -> None:
        """Set up again after a restart or another program's changes. Raises DeviceLost when impossible."""
        before = self._set_up_at
        async with self._setting_up:
            if self._set_up_at == before:  # else somebody did so while we waited for our turn
                self._restarted = False
                log.warning("%s is not as it was set up (%s): setting it up again", self._line, reason)
                await self._restore()
                self._set_up_at = time.monotonic()
        if self._worker.loss:
            raise DeviceLost(self._worker.loss)

    async def _restore(self) -> None:
        try:
            await self.run(self._session.restore, self._options.pin, self._options.init)
            await self.run(self._require_same_sim)  # it can be exchanged while the power is off
        except Silent as silent:
            self._silent(silent)
            self._restarted = True  # it is set up once it answers: until then the watchdog sees to it
            return
        except (Failed, SendRefused, GsmModemException) as error:
            if not self._restarted:  # else again, while we were at it: so will we
                self._worker.fail(f"the modem on {self._session.port} restarted and could not be set up again: {error}")
            return
        self._storage.set_up(self._session.setup)
        self.hint(EVERYWHERE, look=True)
