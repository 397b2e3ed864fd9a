"""What passes between the core and a link: parts to send, and everything received."""

from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.line import Channel
from bridge.model.message import State


class Alphabet(StrEnum):
    """The alphabet of a text on the radio (3GPP TS 23.038 §6.2)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One item for a link to send, as cut by `Link.split`."""

    message: str
    recipient: str
    text: str
    #: 1-based, of `total`
    index: int = 1
    total: int = 1
    #: the same for all parts of a message and for every retry of them (3GPP TS 23.040 §9.2.3.24.1), 0–255
    concat_ref: int = 0
    report: bool = True
    #: seconds the network may keep trying (TP-VP); 0 for the network's default
    validity: int = 0
    #: Unix ms after which it must not go out any more; 0 for never
    expires_at: int = 0
    #: that of the whole message, which every part of it must have (TS 23.040 §9.2.3.24.1); None: what `text` needs
    alphabet: Alphabet | None = None
    #: URL of what goes with the text, for lines that carry such; "" for none
    media: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The network accepted a part."""

    #: TP-MR by which reports will speak of it, or what a driver makes of a provider's id; None when there is none
    reference: int | None
    #: `sent`, or `delivered` where a device knows at once
    state: State = State.SENT


@dataclass(frozen=True, slots=True)
class Concat:
    """The position of a received part in its message (3GPP TS 23.040 §9.2.3.24.1 and .8)."""

    reference: int
    total: int
    index: int
    #: 8 or 16: references of different width are never the same message
    bits: int = 8


@dataclass(frozen=True, slots=True)
class InboundPart:
    """A received SMS, or one part of one. The core commits it, then calls `acknowledge`."""

    line: str
    #: names the place it was read from and its content: equal for each re-read of the same stored SMS
    slot: str
    sender: str
    text: str
    #: the service centre's time stamp, Unix ms; 0 when absent or broken
    sent_at: int = 0
    concat: Concat | None = None
    #: user data that is not text, hex
    data: str = ""
    #: set when it could not be decoded; `data` then holds the whole PDU
    error: str = ""
    #: the PDU as read, hex, for the record
    raw: str = ""
    #: when the device stored it, Unix ms by its own clock; 0 where it does not tell
    received_at: int = 0
    channel: Channel = Channel.SMS
    #: as in `Received.media`
    media: str = ""
    #: what holds the slot, the same in whatever line that is: a SIM, or a modem; "" for the line
    holder: str = ""


@dataclass(frozen=True, slots=True)
class InboundReport:
    """A status report for a part sent earlier (3GPP TS 23.040 §9.2.2.3)."""

    line: str
    #: as in `InboundPart`
    slot: str
    recipient: str
    reference: int
    #: `delivered`, `failed`, or `sent` for "still trying"
    state: State
    #: in people's words, with TP-ST
    detail: str = ""
    #: TP-DT, Unix ms by the service centre's clock; 0 when absent
    at: int = 0
    raw: str = ""
    #: TP-SCTS, Unix ms by the service centre's clock: when it took the part, to the second; 0 when absent or broken
    sent_at: int = 0
    #: as in `InboundPart`
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Later knowledge about a part with unknown outcome (a stored copy, a type-2 row)."""

    line: str
    message: str
    index: int
    #: `queued` when it is certain that nothing went out
    state: State
    reference: int | None = None
    detail: str = ""
    #: it is about the whole text, which the device took in one piece
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """An SMS typed on the phone itself."""

    line: str
    slot: str
    recipient: str
    text: str
    #: Unix ms
    sent_at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call in the phone's log."""

    line: str
    slot: str
    #: missed, incoming (answered) or outgoing
    kind: str
    number: str
    #: the name in the phone's address book; "" when it has none
    name: str
    #: Unix ms
    at: int
    #: seconds
    duration: int


@dataclass(frozen=True, slots=True)
class Held:
    """What a memory of the device was just *seen* to hold: all its other slots are free.

    Until a slot is told to be gone, whatever is read there under its name is a re-read of what the core has; from then
    on it is a new SMS. So a link tells this only of what it has looked at: after a complete list of a memory, or after
    it has seen one place empty. That a deletion was asked for, or answered with OK, is no sight.
    """

    line: str
    #: how the names of the slots that were looked at begin: `SM:` for a memory, a whole name for one slot
    place: str
    #: those that are there, acknowledged or not
    slots: tuple[str, ...] = ()
    #: as in `InboundPart`: what it was seen of
    holder: str = ""


Inbound = InboundPart | InboundReport | Evidence | Typed | Call | Held


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A stored part with unknown outcome, for a device that can look for traces of it."""

    message: str
    #: 1-based, of what `Link.split` made
    index: int
    line: str
    recipient: str
    #: of the whole message, before `Link.split`
    text: str
    #: Unix ms of the intent
    since: int
