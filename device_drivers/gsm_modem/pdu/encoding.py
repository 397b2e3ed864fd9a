"""From what to say to hex."""

from bridge.ports import Concat, Outgoing


def encode_submit(outgoing: Outgoing) -> tuple[str, int]:
    """The PDU for `AT+CMGS` and its length there (octets without the service centre's address).

    GSM 7-bit when this part fits it, else UCS-2. Raises ValueError for a recipient that is not clean digits (with or
    without `+`) and for a text longer than one part.
    """
    raise NotImplementedError


def encode_deliver(
    sender: str,
    text: str = "",
    *,
    sent_at: int,
    zone: int = 0,
    concat: Concat | None = None,
    data: bytes | None = None,
    smsc: str = "+15550100",
    message_class: int | None = None,
) -> str:
    """The PDU of an incoming SMS. Raises ValueError like `encode_submit`; the sender may be a name."""
    raise NotImplementedError


def deliver_of_submit(pdu: str, sender: str, *, sent_at: int, zone: int = 0) -> tuple[str, bool, str]:
    """What a service centre makes of a SUBMIT: the recipient, whether a report is wanted, the DELIVER.

    User data, header, DCS and PID are copied octet by octet. Raises Malformed.
    """
    raise NotImplementedError


def encode_report(
    recipient: str, reference: int, status: int, *, sent_at: int, done_at: int, zone: int = 0, smsc: str = "+15550100"
) -> str:
    """The PDU of a status report for a part sent earlier."""
    raise NotImplementedError
