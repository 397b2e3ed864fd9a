"""What comes in: received SMS, SMS typed on a phone, calls."""

from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.line import Channel


@dataclass(frozen=True, slots=True)
class Received:
    """A complete SMS that came in on a line (all parts put together)."""

    #: UUID, the same for every re-read of the same SMS
    id: str
    line: str
    device: str
    sender: str
    text: str
    #: the service centre's time stamp; 0 when absent or broken
    sent_at: int
    received_at: int
    #: parts were missing when the wait ended; the gaps are marked in the text
    partial: bool = False
    #: user data that is not text, hex; "" for ordinary SMS
    data: str = ""
    #: could not be decoded: why; `data` then holds the whole PDU
    error: str = ""
    channel: Channel = Channel.SMS
    #: what came with the text, by WhatsApp: its kind and the provider's id of it, such as `voice 1234`; "" for none
    media: str = ""
    #: position in the inbox, grows by time of commit
    seq: int = 0
    read: bool = False


@dataclass(frozen=True, slots=True)
class TypedMessage:
    """An SMS that somebody typed on the phone itself."""

    #: UUID
    id: str
    line: str
    device: str
    recipient: str
    text: str
    #: by the phone's clock
    sent_at: int
    #: when the bridge learned of it
    recorded_at: int
    #: position in the log, grows by time of commit
    seq: int = 0


class CallKind(StrEnum):
    """Kinds of calls."""

    MISSED = "missed"
    #: answered here
    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call in a phone's log."""

    #: UUID
    id: str
    line: str
    device: str
    kind: CallKind
    #: the other side; "" when it was withheld
    number: str
    #: in the phone's address book; "" when it has none
    name: str
    call_at: int
    duration_seconds: int
    #: when the bridge learned of it
    recorded_at: int
    #: position in the log, grows by time of commit
    seq: int = 0
