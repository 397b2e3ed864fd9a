"""The state of a phone, shared by its commands and its telephony."""

import secrets
from collections.abc import Sequence
from dataclasses import field

from bridge.dataclass import dataclass
from device_drivers.virtual.network.message import now
from device_drivers.virtual.phone.calllog import GRANTED
from device_drivers.virtual.phone.card import Card
from device_drivers.virtual.phone.faults import Faults

#: SDK → Android's own number
RELEASES = {
    23: "6.0", 24: "7.0", 25: "7.1", 26: "8.0.0", 27: "8.1.0", 28: "9", 29: "10", 30: "11", 31: "12", 32: "12",
    33: "13", 34: "14", 35: "15", 36: "16", 37: "17",
}  # fmt: skip
#: from here on SIMs may be one user's, and the number of the work profile's
OF_USERS, WORK = 34, 10
#: the oldest we know the codes of
OLDEST = 23


@dataclass
class State:
    """Changes by the phone's own commands and by its owner."""

    sdk: int
    serial: str
    manufacturer: str
    model: str
    #: how many SIMs there is room for
    slots: int = 1
    faults: Faults = field(default_factory=Faults)
    #: those that lie in a slot, by slot
    cards: Sequence[Card] = ()
    #: the storage is locked until somebody enters the PIN
    locked: bool = False
    boots: int = 1
    boot_id: str = ""
    #: app ops of the shell that were set, by name
    ops: dict[str, str] = field(default_factory=dict)
    #: `settings`, as "global adb_enabled"
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.sdk < OLDEST:
            raise ValueError(f"SDK {self.sdk}: the virtual phone knows Android 6 (SDK {OLDEST}) and later")
        self.new_boot()

    def new_boot(self) -> None:
        """Another run of the kernel."""
        random = secrets.token_hex(16)
        self.boot_id = "-".join((random[:8], random[8:12], random[12:16], random[16:20], random[20:]))

    @property
    def release(self) -> str:
        """Android's own number."""
        return RELEASES.get(self.sdk, str(self.sdk - 20))

    def now(self) -> int:
        """Unix ms by the phone's clock."""
        return now() + self.faults.clock_offset

    # -- what the shell may ------------------------------------------------------------------------
    def op(self, name: str) -> str:
        """An app op of the shell: allow, ignore, deny or default."""
        if name == "READ_SMS" and self.faults.deny_read_sms:
            return "ignore"
        return self.ops.get(name, "ignore" if name in ("WRITE_SMS", "READ_RESTRICTED_MESSAGES") else "allow")

    def reads_calls(self) -> bool:
        """READ_CALL_LOG."""
        granted = self.faults.call_log_granted
        return self.sdk >= GRANTED if granted is None else granted

    # -- SIMs --------------------------------------------------------------------------------------
    @property
    def active(self) -> Sequence[Card]:
        """Those that work."""
        return () if self.faults.no_sim else self.cards

    def card(self, slot: int) -> Card | None:
        """What works in a slot."""
        return next((card for card in self.active if card.slot == slot), None)

    def user(self, sub_id: int) -> int:
        """The only user who has this SIM, who is not the shell's; -10000 for nobody."""
        at_work = self.card(self.faults.work_slot) if self.sdk >= OF_USERS else None
        return WORK if at_work is not None and at_work.sub_id == sub_id else -10000

    def hidden(self) -> Sequence[int]:
        """The subscriptions whose messages the shell does not see and cannot send by."""
        return [card.sub_id for card in self.active if self.user(card.sub_id) == WORK]

    def preferred(self) -> int:
        """The subscription for SMS; -1 for none."""
        return self.active[0].sub_id if self.active else -1
