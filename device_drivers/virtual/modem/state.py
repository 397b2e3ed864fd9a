"""The state of a modem: SIM, settings, memories, terminal and network. Commands read and change it."""

import time
from collections.abc import Callable, Mapping

from device_drivers.virtual.modem.answers import cms
from device_drivers.virtual.modem.faults import Faults
from device_drivers.virtual.modem.incoming import Incoming
from device_drivers.virtual.modem.profile import GENERIC, Profile
from device_drivers.virtual.modem.settings import Settings
from device_drivers.virtual.modem.sim import Sim
from device_drivers.virtual.modem.storage import Memory, Storage
from device_drivers.virtual.modem.terminal import Terminal
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.network.timers import Timers

#: +CREG: registered at home or roaming (TS 27.007 §7.2); 6 and 7 for SMS only, 9 and 10 with CSFB not preferred
REGISTERED = frozenset({1, 5, 6, 7, 9, 10})


class ModemState:
    """What commands work on, without a port; `write` gets every byte it says. `Engine` carries commands out."""

    def __init__(
        self,
        network: Network,
        sim: Sim,
        *,
        imei: str,
        write: Callable[[bytes], None],
        profile: Profile = GENERIC,
        storage_sizes: Mapping[str, int] | None = None,
    ) -> None:
        self.network = network
        self.sim = sim
        self.imei = imei
        self.profile = profile
        self.faults = Faults()
        self.timers = Timers()
        self.settings = Settings.of(profile)
        sizes = {**profile.sizes, **(storage_sizes or {})}
        self.storage = Storage(sizes, profile.first_index, lambda: self.faults.one_memory)
        self.terminal = Terminal(write)
        self.incoming = Incoming(
            self.settings, profile, self.terminal, self.storage, self.timers, lambda: network.retry(self.number)
        )
        #: +CSQ: 0 to 31, 99 for none
        self.signal = 20
        #: +CREG's stat
        self.registration = 1
        #: +CFUN: 1 on, 0 and 4 off
        self.functionality = 1
        self._powered = False
        self._ready_at = 0.0
        self._reference = -1
        #: counts how often it lost its power: what began before is over
        self.boots = 0

    @property
    def number(self) -> str:
        """The subscriber's number."""
        return self.sim.number

    # -- power ------------------------------------------------------------------------------------
    def power_on(self, silently: bool = False) -> None:
        """Start as a modem does that is plugged in: settings forgotten, SIM locked, messages kept.

        Silently: it says nothing of it, as modems do that find the line's speed by themselves.
        """
        self.settings.restore(self.profile)
        self.functionality = 1
        self.terminal.restore()
        self.terminal.hung = False
        self.sim.lock()
        self._powered = True
        self._ready_at = time.monotonic() + self.profile.settling
        for delay, line in () if silently else self.profile.startup:
            self.timers.after(delay, self.terminal.unsolicited, line)
        if self.profile.noise and self.profile.noise_every > 0:
            self.timers.after(self.profile.noise_every, self._chatter, 0)
        self.network.attach(self)
        if self.profile.settling > 0:
            self.timers.after(self.profile.settling, self.recover)

    def power_off(self) -> None:
        """No power, no network; what was under way is lost."""
        self._powered = False
        self.network.detach(self)
        self.timers.close()
        self.incoming.reset()
        self.terminal.reset()
        self.boots += 1

    def reset(self, silently: bool = False) -> None:
        """Restart, as after a brown-out or AT+CFUN=1,1: the port stays."""
        self.power_off()
        self.power_on(silently)

    def _chatter(self, turn: int) -> None:
        self.terminal.unsolicited(self.profile.noise[turn % len(self.profile.noise)])
        self.timers.after(self.profile.noise_every, self._chatter, turn + 1)

    # -- the SIM ----------------------------------------------------------------------------------
    def change_sim(self, sim: Sim, stored: Memory | None = None) -> None:
        """Another SIM is in the slot, with the SMS on it; the modem stays on and may say nothing of it."""
        self.network.detach(self)
        self.sim = sim
        if stored is not None:
            self.storage.put_sim(stored)
        if self._powered:
            self.network.attach(self)

    # -- the air ----------------------------------------------------------------------------------
    @property
    def settled(self) -> bool:
        """Whether it is through with its start."""
        return time.monotonic() >= self._ready_at

    @property
    def reachable(self) -> bool:
        """Whether the network reaches it and it the network."""
        on = self._powered and self.functionality == 1 and self.settled and self.sim.ready
        return on and any(self.stat_in(domain) in REGISTERED for domain in self.profile.domains)

    def stat_in(self, domain: str) -> int:
        """What +CREG, +CEREG … tells: not every modem registers in every domain."""
        told = self.faults.registrations.get(domain)
        if told is not None:
            return told
        return self.registration if domain in self.profile.domains else 0

    def require_network(self) -> None:
        """Raises Refused for a message that cannot go out now."""
        if not self.reachable:
            raise cms(331)

    def set_registration(self, stat: int) -> None:
        """Change +CREG's stat: 0 not registered, 1 home, 2 searching, 3 denied, 5 roaming."""
        changed, self.registration = stat != self.registration, stat
        if changed:
            for name, detail in self.settings.registration.items():
                if detail:
                    self.terminal.unsolicited(f"{name}: {self.stat_in(name)}")
        self.recover()

    def recover(self) -> None:
        """There is room or reception again: the network may deliver what it held back."""
        self.incoming.room()
        self.network.retry(self.number)

    def take(self, pdu: str) -> bool:
        """A message comes from the network; False when it cannot be taken now."""
        return self.reachable and self.incoming.message(pdu)

    def take_report(self, pdu: str) -> bool:
        """A status report comes from the network; False when it cannot be taken now."""
        return self.reachable and self.incoming.report(pdu)

    def next_reference(self) -> int:
        """TP-MR of the next message: 0 to 255 and round again (TS 23.040 §9.2.3.6)."""
        if self.faults.reference is not None:
            return self.faults.reference
        self._reference = (self._reference + 1) % 256
        return self._reference
