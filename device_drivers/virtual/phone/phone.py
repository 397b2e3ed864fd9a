"""An emulated Android phone that a real adb server attaches to over TCP, with SIMs in a virtual network."""

from collections.abc import Sequence
from dataclasses import replace

from device_drivers.virtual.network.service_centre import NO_SERVICE, Network
from device_drivers.virtual.phone.adbd import Adbd
from device_drivers.virtual.phone.calllog import CallLog, Kind
from device_drivers.virtual.phone.card import Card
from device_drivers.virtual.phone.commands import Commands
from device_drivers.virtual.phone.content import Content, Rights
from device_drivers.virtual.phone.faults import Faults
from device_drivers.virtual.phone.isms import Isms
from device_drivers.virtual.phone.profile import GENERIC, Profile
from device_drivers.virtual.phone.provider import MESSAGING, Box, Provider
from device_drivers.virtual.phone.radio import THREAD
from device_drivers.virtual.phone.radiolog import RadioLog
from device_drivers.virtual.phone.service import Service
from device_drivers.virtual.phone.shell import Shell
from device_drivers.virtual.phone.sim import Sim
from device_drivers.virtual.phone.sms import Sms
from device_drivers.virtual.phone.state import State
from device_drivers.virtual.phone.telephony import Telephony, parts_of

#: what the real adbd offers and we have, from Android 7 on
_FEATURES = "features=shell_v2,cmd,stat_v2,fixed_push_mkdir"
FIRST_WITH_FEATURES = 24
#: the serial of the phone that may take this one's place
ANOTHER = "VIRTUAL9999"
DAY = 86_400_000  # ms


class Phone:
    """A phone with one number for each of its SIMs. `start` it, then `adb connect` its `address`.

    Raises ValueError for an SDK before 23 (Android 6) and for a number of SIMs that no phone has.
    """

    def __init__(
        self,
        network: Network,
        numbers: Sequence[str],
        *,
        sdk: int = 0,
        serial: str = "VIRTUAL0001",
        profile: Profile = GENERIC,
        port: int = 0,
    ) -> None:
        if len(numbers) not in (1, 2):
            raise ValueError(f"a phone has one or two SIMs, not {len(numbers)}")
        sdk = sdk or profile.sdk
        self.profile = replace(profile, sdk=sdk)
        self._network = network
        #: by which people speak of it, whatever SIM it has now
        self.number = numbers[0]
        self._serial = serial
        self.state = State(sdk, serial, profile.manufacturer, profile.model, slots=len(numbers))
        for name, value in profile.ways.items():
            setattr(self.faults, name, value)
        #: what no driver should have done, in order; tests assert that there is nothing
        self.mistakes: list[str] = []
        self.log = RadioLog(self.state.now)
        self.provider = Provider(sdk)
        self.calls = CallLog(sdk, self.state.reads_calls)
        self.telephony = Telephony(network, self.provider, self.log, self.state)
        #: number → subscription, of every card that was ever in
        self._subscriptions: dict[str, int] = {}
        self.sims: list[Sim] = []
        for slot, number in enumerate(numbers, 1):
            self.sims.append(self._sim(number, slot))
        self._deal()
        self.commands = self._commands()
        old = sdk < FIRST_WITH_FEATURES
        self._shell = Shell(self.commands.names, self.commands.run, self.mistakes.append, self.faults, old=old)
        self._adbd = Adbd(self._banner(), self._shell.opened, lambda: self.faults.authorized, self._is_silent, port)
        self._port = port
        self.faults.watch(self._fault_changed)

    def _commands(self) -> Commands:
        isms = Isms(self.state, self.telephony.send, self.mistakes.append)
        rights = Rights(
            sms=lambda: self.state.op("READ_SMS") == "allow",
            restricted=lambda: self.state.op("READ_RESTRICTED_MESSAGES") == "allow",
            unlocked=lambda: not (self.state.locked or self.faults.booting),
            hidden=self.state.hidden,
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

    def _is_silent(self) -> bool:
        return self.faults.offline or self.faults.use_up("offline_next")

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
        self._port = self._adbd.port
        for sim in self.sims:
            self._network.attach(sim)

    async def close(self) -> None:
        """Switch it off for good. Harmless when repeated."""
        for sim in self.sims:
            self._network.detach(sim)
            sim.close()
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

    def move(self) -> None:
        """Its wireless debugging was switched off and on: it has another address."""
        self._adbd.move()

    def move_back(self) -> None:
        """To the address that it had at first."""
        self._adbd.move(self._port)

    # -- the SIMs ----------------------------------------------------------------------------------
    def _sim(self, number: str, slot: int) -> Sim:
        subscription = self._subscriptions.setdefault(number, len(self._subscriptions) + 1)
        return Sim(Card(number, slot, subscription), self.state, self.provider, self.log)

    def _deal(self) -> None:
        self.state.cards = [sim.card for sim in sorted(self.sims, key=lambda sim: sim.slot)]

    def pull_sim(self, slot: int = 1) -> None:
        """Somebody takes a SIM out. Harmless when there is none."""
        for sim in [sim for sim in self.sims if sim.slot == slot]:
            self._network.detach(sim)
            self.sims.remove(sim)
        self._deal()

    def insert_sim(self, number: str, slot: int = 1) -> None:
        """Somebody puts a SIM in, for the one that is there if any."""
        self.pull_sim(slot)
        sim = self._sim(number, slot)
        self.sims.append(sim)
        self._deal()
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

    def restart_telephony(self) -> None:
        """The phone process dies, and starts anew: what was under way is lost."""
        self.telephony.restart()

    def exchange(self, serial: str = ANOTHER, held: int = 40) -> None:
        """Another person's phone takes this one's place and SIMs; it holds so many messages of theirs."""
        serial = serial or self._serial
        self.state.serial = serial
        if self.provider.use("" if serial == self._serial else serial):
            for place in range(held):
                self._hold(place, self.state.now() - (held - place) * 600_000, "private")
        self.reboot()

    def unlock(self) -> None:
        """Somebody enters the PIN: what came meanwhile is stored now."""
        self.state.locked = False
        for sim in self.sims:
            sim.unlock()

    # -- its store ---------------------------------------------------------------------------------
    def wipe_store(self) -> None:
        """All messages are gone, and their ids begin anew."""
        self.provider.wipe()

    def restore_backup(self, count: int = 120, days: int = 1000) -> None:
        """Somebody gets back messages and calls that are so many days old and more, from an app that keeps them."""
        for place in range(count):
            self.add_call(Kind.MISSED, f"+1555019{place % 10}", at=self.state.now() - (days + count - place) * DAY)
            self._hold(place, self.state.now() - (days + count - place) * DAY, "long ago")

    def _hold(self, place: int, at: int, words: str) -> None:
        """A message of the past, that nobody was told of."""
        self.provider.insert(
            type=int(Box.SENT if place % 4 == 3 else Box.INBOX), address=f"+1555019{place % 10}",
            body=f"{words} {place}", date=at, date_sent=at, sub_id=1, creator="com.example.backup", read=1, seen=1,
        )  # fmt: skip

    def copy_store(self) -> None:
        """An app stores all messages once more, as some do that import or merge."""
        for row in self.provider.rows():
            self.provider.insert(
                type=row.type, address=row.address, body=row.body, date=row.date, date_sent=row.date_sent,
                sub_id=row.sub_id, creator="com.example.backup", read=1, seen=1,
            )  # fmt: skip

    def set_times(self, seconds: float = 3600.0, *, all: bool = False) -> None:
        """An app moves the dates of what was received, where the service centre's is there to compare it with.

        With `all` it moves every date there is.
        """
        where = "1" if all else f"type={int(Box.INBOX)} AND date_sent>0"
        self.provider.move_dates(round(seconds * 1000), where)

    def spoil(self, column: str = "date", value: object = "") -> None:
        """An app stores nonsense in a column of the newest message that was received. Raises ValueError for others."""
        if column not in ("date", "date_sent", "sub_id"):
            raise ValueError(f"no number is stored in {column}")
        for row in self.provider.rows(int(Box.INBOX))[-1:]:
            self.provider.change(row.id, column, value)

    def delete_newest(self, type: int = int(Box.INBOX)) -> None:
        """Somebody deletes the newest message of a kind. Harmless when there is none."""
        for row in self.provider.rows(type)[-1:]:
            self.provider.delete(row.id)

    def outage(self, seconds: float, cause: int = NO_SERVICE) -> None:
        """The network takes nothing from its SIMs for so long, with this cause; 0 ends that."""
        for sim in self.sims:
            self._network.outage(seconds, cause, sim.number)

    def type_sms(self, to: str, text: str, slot: int = 1) -> Sms:
        """Somebody writes an SMS on the phone itself; with RCS on it is a chat, and no SMS."""
        sms = Sms(self._subscription(slot), to, list(parts_of(text)), package=MESSAGING, persist=not self.faults.rcs)
        self.telephony.send(sms)
        return sms

    def app_sends(self, to: str, text: str, *, fail: bool = False) -> Sms:
        """Another app sends an SMS."""
        return self.telephony.send_for_rival(to, text, self._subscription(1), fail=fail)

    def _subscription(self, slot: int) -> int:
        return next((sim.card.sub_id for sim in self.sims if sim.slot == slot), -1)

    def add_call(
        self, kind: Kind, number: str, name: str | None = None, duration: int = 0, at: int | None = None, slot: int = 1
    ) -> int:
        """A call happened; `duration` in seconds, `at` in Unix ms (now). Its id."""
        when = self.state.now() if at is None else at
        if not self.faults.log_silent:
            self.log.write("RILJ", "[UNSL]< UNSOL_RESPONSE_CALL_STATE_CHANGED [PHONE0]", thread=THREAD)
        return self.calls.add(
            kind, number, name, duration, when, next((sim.card.iccid for sim in self.sims if sim.slot == slot), "")
        )

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
