"""A modem on a pseudo-terminal, which a program opens as it opens the port of a USB stick."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from device_drivers.virtual.modem.engine import Engine
from device_drivers.virtual.modem.faults import Faults
from device_drivers.virtual.modem.profile import GENERIC, Profile
from device_drivers.virtual.modem.pty import Port
from device_drivers.virtual.modem.sim import Sim
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.storage import Status
from device_drivers.virtual.network.service_centre import NO_SERVICE, Network

#: seconds between two rings (3GPP TS 22.001 leaves it to the network)
RING_EVERY = 3.0


class Modem:
    """An emulated GSM modem with a SIM in it.

    `storage_size` makes every memory that small. Messages in its memories outlive `unplug` and `reset`, settings do
    not.
    """

    def __init__(  # noqa: PLR0913 - what a person who buys a modem may choose
        self,
        network: Network,
        number: str,
        *,
        imei: str = "490154203237518",
        imsi: str = "001010123456789",
        iccid: str = "89001012345678901237",
        link_path: Path | None = None,
        profile: Profile = GENERIC,
        pin: str | None = None,
        storage_size: int | None = None,
    ) -> None:
        sizes = None if storage_size is None else dict.fromkeys(profile.sizes, storage_size)
        self.state = ModemState(
            network, Sim(number, imsi, iccid, pin), imei=imei, write=self._say, profile=profile, storage_sizes=sizes
        )
        self._engine = Engine(self.state)
        self._link = link_path
        self._port: Port | None = None
        #: the SIM that was taken out
        self._out: Sim | None = None

    @property
    def number(self) -> str:
        """The line's number."""
        return self.state.number

    @property
    def faults(self) -> Faults:
        """What is wrong with it on purpose."""
        return self.state.faults

    # -- the port ---------------------------------------------------------------------------------
    @property
    def port(self) -> str:
        """The path to open: the stable link when there is one, "" while unplugged without one."""
        if self._link is not None:
            return str(self._link)
        return self._port.path if self._port is not None else ""

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._port is not None

    async def start(self) -> None:
        """Plug it in."""
        self.replug()

    async def close(self) -> None:
        """Unplug it for good. Harmless when it is."""
        self.unplug()

    def replug(self) -> None:
        """Plug it in: a new pseudo-terminal under the same link. Harmless when it is plugged in."""
        if self._port is not None:
            return
        self._port = Port(self._hear, self.state.faults)
        if self._link is not None:
            _point(self._link, self._port.path)
        self.state.power_on()

    def unplug(self) -> None:
        """Pull it out: readers see the end of file, writers an error. Harmless when it is out."""
        if self._port is None:
            return
        self.state.power_off()
        if self._link is not None:
            with contextlib.suppress(FileNotFoundError):
                self._link.unlink()
        port, self._port = self._port, None
        port.close(keep_name=self._link is None)

    def _hear(self, data: bytes) -> None:
        if self.state.terminal.hung and self.faults.restarts_while_hung and b"+CFUN=1,1" in data.upper():
            self.reset()
        else:
            self.state.terminal.feed(data)

    def _say(self, data: bytes) -> None:
        if self._port is not None:
            self._port.write(data)

    # -- what may happen to it --------------------------------------------------------------------
    def noise(self, data: bytes) -> None:
        """Bytes on the line that mean nothing."""
        self._say(data)

    def outage(self, seconds: float, cause: int = NO_SERVICE) -> None:
        """The network takes nothing from it for so long, with this +CMS ERROR; 0 ends that."""
        self.state.network.outage(seconds, cause, self.number)

    def urc(self, line: str) -> None:
        """Something said unasked: `^RSSI:17`; a second line may follow CR LF."""
        self.state.terminal.unsolicited(line)

    def hang(self) -> None:
        """Stop reading and answering."""
        self.state.terminal.hang()

    def unhang(self) -> None:
        """Go on, with everything that was typed meanwhile."""
        self.state.terminal.unhang()

    def reset(self, silently: bool = False) -> None:
        """Restart on its own, with the port left open. Nothing happens while it is unplugged."""
        if self.plugged:
            self.state.reset(silently)

    def obey_elsewhere(self, line: str) -> None:
        """Another program types a command line at another port of this modem. Raises ValueError."""
        self._engine.obey_elsewhere(line)

    def want_pin(self, pin: str | None = None) -> None:
        """The SIM wants this PIN again; None for a SIM that wants none any more."""
        self.state.sim.guard_with(pin)

    def pull_sim(self) -> None:
        """Somebody takes the SIM out of its slot."""
        self._out = self._out or self.state.sim
        self.state.change_sim(replace(self.state.sim, number="", imsi="", iccid="", present=False))
        self.urc("+CPIN: NOT INSERTED")

    def insert_sim(self, number: str = "", imsi: str = "", iccid: str = "") -> None:
        """Somebody puts a SIM in: another one when it is named, else the one that was there; nothing is said of it.

        The one that was there is kept aside until it comes back.
        """
        ours = self._out or self.state.sim
        named = replace(ours, number=number or ours.number, imsi=imsi or ours.imsi, iccid=iccid or ours.iccid)
        self.state.change_sim(replace(named, present=True, verified=False))
        self._out = None if named == ours else ours

    def exchange_sims(self, other: "Modem") -> None:
        """This modem's SIM and another one's change places, with the SMS on them; neither modem says a word."""
        ours, theirs = self.state, other.state
        sims = (ours.sim, ours.storage["SM"]), (theirs.sim, theirs.storage["SM"])
        for state in (ours, theirs):
            state.network.detach(state)
        ours.change_sim(*sims[1])
        theirs.change_sim(*sims[0])

    def set_registration(self, stat: int) -> None:
        """+CREG's stat: 0 not registered, 1 home, 2 searching, 3 denied, 5 roaming."""
        self.state.set_registration(stat)

    def set_signal(self, rssi: int) -> None:
        """+CSQ's rssi: 0 to 31, or 99 for none."""
        self.state.signal = rssi

    def store(self, pdu: str, memory: str | None = None, status: Status = Status.REC_UNREAD) -> int | None:
        """Put anything into a memory without a word, broken PDUs too; its place, None when there is no room."""
        return self.state.incoming.store(memory or self.state.settings.memories[2], pdu, status)

    def ring(self, caller: str = "+15550150", times: int = 3) -> None:
        """A call comes in, rings so often, and is given up unless the computer hangs up first."""
        if not self.plugged:
            return
        self.state.settings.other["ring"] = caller
        self._ring(caller, times)

    def _ring(self, caller: str, left: int) -> None:
        settings = self.state.settings
        if settings.other.get("ring") != caller:
            return
        if left <= 0:
            del settings.other["ring"]
            self.urc("NO CARRIER")
            return
        self.urc("+CRING: VOICE" if settings.extended_ring else "RING")
        if settings.caller_id:
            self.urc(f'+CLIP: "{caller}",145,,,,0')
        self.state.timers.after(RING_EVERY, self._ring, caller, left - 1)


def _point(link: Path, target: str) -> None:
    """Make a symlink in one step, in place of whatever link was there."""
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(target)
    fresh.replace(link)
