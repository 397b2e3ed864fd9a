"""An emulated Android phone that a real adb server attaches to over TCP, with SIMs in a virtual network."""

from collections.abc import Sequence

from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone.adbd import Adbd
from device_drivers.virtual.phone.calllog import CallLog, Kind
from device_drivers.virtual.phone.commands import Commands
from device_drivers.virtual.phone.content import Content, Rights
from device_drivers.virtual.phone.faults import Faults
from device_drivers.virtual.phone.isms import Isms
from device_drivers.virtual.phone.provider import MESSAGING, Provider
from device_drivers.virtual.phone.radiolog import RadioLog
from device_drivers.virtual.phone.service import Service
from device_drivers.virtual.phone.shell import Shell
from device_drivers.virtual.phone.sim import Sim
from device_drivers.virtual.phone.state import State
from device_drivers.virtual.phone.telephony import Sms, Telephony, parts_of

#: what the real adbd offers and we have, from Android 7 on
_FEATURES = "features=shell_v2,cmd,stat_v2,fixed_push_mkdir"
FIRST_WITH_FEATURES = 24


class Phone:
    """A phone with one number for each of its SIMs. `start` it, then `adb connect` its `address`.

    Raises ValueError for an SDK before 23 (Android 6) and for a number of SIMs that no phone has.
    """

    def __init__(
        self,
        network: Network,
        numbers: Sequence[str],
        *,
        sdk: int = 34,
        serial: str = "VIRTUAL0001",
        manufacturer: str = "Virtual",
        model: str = "Phone",
        port: int = 0,
    ) -> None:
        if len(numbers) not in (1, 2):
            raise ValueError(f"a phone has one or two SIMs, not {len(numbers)}")
        self._network = network
        self.state = State(sdk, serial, manufacturer, model)
        #: what no driver should have done, in order; tests assert that there is nothing
        self.mistakes: list[str] = []
        self.log = RadioLog(self.state.now)
        self.provider = Provider(sdk)
        self.calls = CallLog(sdk, self.state.reads_calls)
        self.telephony = Telephony(network, self.provider, self.log, self.state)
        self.sims = [Sim(number, slot, self.state, self.provider, self.log) for slot, number in enumerate(numbers, 1)]
        self.state.sims = self.sims
        self.commands = self._commands()
        old = sdk < FIRST_WITH_FEATURES
        self._shell = Shell(self.commands.names, self.commands.run, self.mistakes.append, old=old)
        self._adbd = Adbd(
            self._banner(), self._shell.opened, lambda: self.faults.authorized, lambda: self.faults.offline, port
        )
        self.faults.watch(self._fault_changed)

    def _commands(self) -> Commands:
        isms = Isms(self.state.sdk, self.faults, self.telephony.send, self.state.preferred, self.mistakes.append)
        rights = Rights(
            sms=lambda: self.state.op("READ_SMS") == "allow",
            restricted=lambda: self.state.op("READ_RESTRICTED_MESSAGES") == "allow",
            unlocked=lambda: not (self.state.locked or self.faults.booting),
        )
        content = Content(self.provider, self.calls, self.faults, rights, self.mistakes.append)
        service = Service(isms, self.faults, self.mistakes.append)
        return Commands(self.state, self.log, content, service, self.mistakes.append)

    def _banner(self) -> bytes:
        properties = {
            "ro.product.name": "virtual",
            "ro.product.model": self.state.model,
            "ro.product.device": "virtual",
        }
        told = "".join(f"{name}={value};" for name, value in properties.items())
        return f"device::{told}{_FEATURES if self.state.sdk >= FIRST_WITH_FEATURES else ''}".encode()

    @property
    def faults(self) -> Faults:
        """What is wrong with it on purpose."""
        return self.state.faults

    # -- the cable ---------------------------------------------------------------------------------
    @property
    def address(self) -> str:
        """What to `adb connect`."""
        return f"127.0.0.1:{self._adbd.port}"

    @property
    def plugged(self) -> bool:
        """Whether adb can reach it."""
        return self._adbd.plugged

    @property
    def attached(self) -> int:
        """How often adb has attached it so far."""
        return self._adbd.accepted

    @property
    def locked(self) -> bool:
        """Whether its storage waits for the PIN."""
        return self.state.locked

    async def start(self) -> None:
        """Switch it on and plug it in. Raises OSError, FileNotFoundError without a shell among them."""
        self._shell.start()
        self._adbd.start()
        self._attach()

    async def close(self) -> None:
        """Switch it off for good. Harmless when repeated."""
        for sim in self.sims:
            self._network.detach(sim)
        self.telephony.restart()
        await self._adbd.close()
        await self._shell.close()
        self.provider.close()
        self.calls.close()

    def unplug(self) -> None:
        """Pull the cable: adb loses it, the SIMs stay in the network."""
        self._adbd.unplug()

    def replug(self) -> None:
        """Put the cable in: adb finds it again under the same address."""
        self._adbd.plug()

    def _attach(self) -> None:
        for sim in self.sims:
            self._network.attach(sim)

    # -- what may happen to it ---------------------------------------------------------------------
    def reboot(self) -> None:
        """Restart: what was under way is lost, and the storage is locked when it has a PIN."""
        self.telephony.restart()
        self.log.clear()
        self.state.new_boot()
        self.state.boots += 1
        self.state.locked = self.faults.has_pin
        self._adbd.drop()

    def unlock(self) -> None:
        """Somebody enters the PIN: what came meanwhile is stored now."""
        self.state.locked = False
        for sim in self.sims:
            sim.unlock()

    def wipe_store(self) -> None:
        """All messages are gone, and their ids begin anew."""
        self.provider.wipe()

    def type_sms(self, to: str, text: str, slot: int = 1) -> Sms:
        """Somebody writes an SMS on the phone itself; with RCS on it is a chat, and no SMS."""
        sms = Sms(self.sims[slot - 1].sub_id, to, list(parts_of(text)), package=MESSAGING, persist=not self.faults.rcs)
        self.telephony.send(sms)
        return sms

    def add_call(
        self, kind: Kind, number: str, name: str | None = None, duration: int = 0, at: int | None = None, slot: int = 1
    ) -> int:
        """A call happened; `duration` in seconds, `at` in Unix ms (now). Its id."""
        when = self.state.now() if at is None else at
        return self.calls.add(kind, number, name, duration, when, self.sims[slot - 1].iccid)

    # -- what it did -------------------------------------------------------------------------------
    @property
    def sent(self) -> Sequence[Sms]:
        """Everything that apps asked it to send, oldest first."""
        return tuple(self.telephony.sent)

    @property
    def segments_last_minute(self) -> int:
        """Of the shell; Android lets thirty pass."""
        return self.telephony.segments()

    def _fault_changed(self, name: str) -> None:
        if name == "authorized" and self.faults.authorized:
            self._adbd.decided()
        elif name in ("authorized", "offline"):
            self._adbd.drop()
        elif name in ("airplane", "no_sim"):
            for sim in self.sims:
                self._network.retry(sim.number)
