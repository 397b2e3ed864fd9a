"""The three TPDUs a gateway handles, decoded (3GPP TS 23.040 §9.2.2).

`text` holds one part exactly as it travelled: a part that begins or ends inside a surrogate pair keeps its lone half,
and `join` (bridge.messages.segmentation) makes valid Unicode of the parts in order.
`data` holds the user data that is not text.
"""

from bridge.dataclass import dataclass
from bridge.model.message import State
from bridge.model.radio import Concat
from device_drivers.gsm_modem.pdu.status import outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """An incoming SMS: SMS-DELIVER (§9.2.2.1)."""

    #: `+` and digits, digits, or an alphanumeric name
    sender: str
    text: str = ""
    #: the octets behind the header when `encoding` is "8bit"; empty for text
    data: bytes = b""
    #: "gsm7", "8bit" (also for compressed text, which nobody sends) or "ucs2"
    encoding: str = "gsm7"
    #: TP-SCTS, Unix ms; None when absent or broken
    sent_at: int | None = None
    #: minutes east of UTC in TP-SCTS; None like above
    zone: int | None = None
    #: service centre; "" when the PDU names none
    smsc: str = ""
    pid: int = 0
    dcs: int = 0
    #: information elements of the header: identifier and content, in order
    udh: tuple[tuple[int, bytes], ...] = ()
    concat: Concat | None = None
    #: application ports: destination, source (§9.2.3.24.3 and .4)
    ports: tuple[int, int] | None = None
    #: 0 flash, 1 device, 2 SIM, 3 terminal equipment; None for none (TS 23.038 §4)
    message_class: int | None = None
    #: the service centre has more for us
    more: bool = False
    reply_path: bool = False
    first_octet: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """The report on a sent part: SMS-STATUS-REPORT (§9.2.2.3)."""

    recipient: str
    #: TP-MR of the part it speaks of
    reference: int
    #: TP-ST; `outcome` puts it into words
    status: int
    #: TP-SCTS, Unix ms: when the service centre took the part; None when absent or broken
    sent_at: int | None = None
    #: TP-DT, Unix ms: when it was delivered or last tried; None when absent or broken
    done_at: int | None = None
    #: minutes east of UTC in TP-SCTS
    zone: int | None = None
    smsc: str = ""
    more: bool = False
    first_octet: int = 0

    @property
    def outcome(self) -> tuple[State, str]:
        """The state that this report means, and its description."""
        return outcome(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """An outgoing SMS: SMS-SUBMIT (§9.2.2.2)."""

    recipient: str
    text: str = ""
    #: like Deliver.data
    data: bytes = b""
    encoding: str = "gsm7"
    #: TP-MR as written; a modem puts its own in
    reference: int = 0
    #: TP-VP as a period in seconds; None when absent or absolute
    validity: int | None = None
    #: TP-VP as a moment, Unix ms; None when absent, relative or broken
    expires_at: int | None = None
    #: a status report is wanted
    report: bool = False
    smsc: str = ""
    pid: int = 0
    dcs: int = 0
    udh: tuple[tuple[int, bytes], ...] = ()
    concat: Concat | None = None
    ports: tuple[int, int] | None = None
    message_class: int | None = None
    reply_path: bool = False
    #: the service centre is to refuse a repeat of this reference (TP-RD)
    reject_duplicates: bool = False
    first_octet: int = 0
