"""A line: one SIM in a device, with its number and its state."""

from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.forms import Form


class Channel(StrEnum):
    """By what a line carries messages."""

    SMS = "sms"
    WHATSAPP = "whatsapp"


class LineState(StrEnum):
    """Whether a line can carry messages now."""

    ABSENT = "absent"
    CONNECTING = "connecting"
    READY = "ready"
    #: present but cannot send: not registered, airplane mode …
    OUT_OF_SERVICE = "out_of_service"
    #: needs a person: PIN, PUK, no SIM, prompt not accepted
    PARKED = "parked"


#: at the end of an ICCID of which a device tells the beginning only: it is shown, and matches nothing
CUT = "…"


@dataclass(frozen=True, slots=True)
class Line:
    """One SIM in a device, or one number of a provider: identity and health. Unknown values are "" or None."""

    #: unique: the device's name, or `device:slot` when it has several SIMs
    name: str
    device: str
    driver: str
    state: LineState = LineState.ABSENT
    slot: int = 1
    number: str = ""
    #: whole, or its beginning and CUT
    iccid: str = ""
    imsi: str = ""
    imei: str = ""
    model: str = ""
    operator: str = ""
    #: home, roaming, searching, denied, none; "" when not known
    registration: str = ""
    #: received level in dBm
    signal_dbm: int | None = None
    #: battery percent, phones only
    battery: int | None = None
    charging: bool | None = None
    #: one sentence for a person: what is wrong and what to do
    reason: str = ""
    #: Unix ms of the last proof of life
    seen_at: int = 0
    #: can this line's device report delivery?
    reports: bool = True
    #: ms by which what is known here of a line of another bridge is behind; None for a line of this one
    lag_ms: int | None = None
    #: does it tell of its calls? None: not known, or a kind of device without a call log
    calls: bool | None = None
    #: one sentence: why it does not tell of them; "" when it does
    calls_reason: str = ""
    channel: Channel = Channel.SMS
    #: the only texts that it carries, for messages that name it; None for any text
    forms: tuple[Form, ...] | None = None
    #: radio parts of a message, and digits of a number without +, that it takes at most and at least
    most_parts: int = 255
    fewest_digits: int = 1
    #: by which `sim` its SIM was known first, in another device that told less or more of it; "" for as it is told here
    known_as: str = ""
    #: the bridge that has it, of several on one database; "" where the store is this bridge's alone
    bridge: str = ""

    def carries(self, recipient: str, parts: int) -> bool:
        """Whether it takes a message of this size to this number; another line may."""
        return parts <= self.most_parts and (len(recipient) >= self.fewest_digits or recipient[:1] == "+")

    @property
    def sim(self) -> str:
        """An identifier of the SIM, the same in any device; "" when unknown."""
        return self.known_as or self.whole_iccid or self.imsi

    @property
    def whole_iccid(self) -> str:
        """The ICCID, or "" when only its beginning is known, which many SIMs share."""
        return "" if self.iccid.endswith(CUT) else self.iccid
