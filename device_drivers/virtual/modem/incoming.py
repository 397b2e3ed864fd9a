"""Routes what arrives into a memory or straight to the computer, as +CNMI says (3GPP TS 27.005 §3.4.1)."""

import asyncio
from collections.abc import Callable

from device_drivers.virtual.modem import textmode
from device_drivers.virtual.modem.profile import Profile
from device_drivers.virtual.modem.settings import Settings
from device_drivers.virtual.modem.storage import Status, Storage
from device_drivers.virtual.modem.terminal import Terminal
from device_drivers.virtual.network.timers import Timers

#: seconds the computer has for its +CNMA (TS 27.005 §3.4.4 leaves it to the modem)
ACKNOWLEDGE_WITHIN = 10.0


class Incoming:
    """The routing of one modem. `ask_again` lets the network deliver what it held back."""

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        terminal: Terminal,
        storage: Storage,
        timers: Timers,
        ask_again: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._profile = profile
        self._terminal = terminal
        self._storage = storage
        self._timers = timers
        self._ask_again = ask_again
        self.acknowledge_within = ACKNOWLEDGE_WITHIN
        #: memories that were announced as full
        self._full: set[str] = set()
        #: what was handed over directly and is not acknowledged yet
        self._unacknowledged: str | None = None
        self._deadline: asyncio.Handle | None = None

    def reset(self) -> None:
        """Power lost."""
        self._full.clear()
        self._forget()

    # -- messages ---------------------------------------------------------------------------------
    def message(self, pdu: str) -> bool:
        """Take an SMS-DELIVER; False when it must wait."""
        settings = self._settings
        mode, route = settings.announce[0], settings.announce[1]
        if mode and route in (2, 3):
            return self._direct(pdu, textmode.direct_message(pdu, settings))
        memory = settings.memories[2]
        index = self.store(memory, pdu)
        if index is None:
            return False
        if mode and route == 1:
            named = "SM" if self._profile.misnames_memory else memory
            self._terminal.unsolicited(f'+CMTI: "{named}",{index}')
        return True

    def report(self, pdu: str) -> bool:
        """Take an SMS-STATUS-REPORT; False when it must wait. Without a route it is dropped, as +CNMI says."""
        settings = self._settings
        mode, route = settings.announce[0], settings.announce[3]
        if mode and route == 1:
            return self._direct(pdu, textmode.direct_report(pdu, settings))
        if not (mode and route == 2):
            return True
        memory = self._profile.report_memory
        index = self.store(memory, pdu)
        if index is not None:
            self._terminal.unsolicited(f'+CDSI: "{memory}",{index}')
        return index is not None

    def store(self, memory: str, pdu: str, status: Status = Status.REC_UNREAD) -> int | None:
        """Keep a PDU; None when the memory is full, which some modems announce once."""
        index = self._storage[memory].put(pdu, status)
        if index is None and memory not in self._full:
            self._full.add(memory)
            if self._profile.full:
                self._terminal.unsolicited(self._profile.full.format(memory=memory))
        return index

    def room(self) -> None:
        """Something was deleted."""
        self._full.clear()

    # -- straight to the computer -----------------------------------------------------------------
    def _direct(self, pdu: str, lines: str) -> bool:
        if self._unacknowledged is not None:
            return False
        self._terminal.unsolicited(lines)
        if self._settings.service == 1:
            self._unacknowledged = pdu
            self._deadline = self._timers.after(self.acknowledge_within, self._give_up)
        return True

    def acknowledge(self) -> bool:
        """+CNMA came; False when nothing waited for it."""
        waited = self._unacknowledged is not None
        self._forget()
        return waited

    def _forget(self) -> None:
        self._unacknowledged = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Nobody listens: keep the message and hand nothing over directly any more, as TS 27.005 §3.4.1 demands."""
        pdu = self._unacknowledged
        self._forget()
        settings = self._settings
        settings.announce[1] = settings.announce[3] = 0
        if pdu is not None:
            self.store(settings.memories[2], pdu)
        self._ask_again()
