"""Decodes PDUs from hex."""

from binascii import unhexlify

from bridge.dataclass import dataclass
from device_drivers.gsm_modem.pdu.address import read_address, read_centre
from device_drivers.gsm_modem.pdu.dcs import coding
from device_drivers.gsm_modem.pdu.reader import Malformed, Reader
from device_drivers.gsm_modem.pdu.timestamp import SIZE, read_timestamp
from device_drivers.gsm_modem.pdu.tpdu import Deliver, StatusReport, Submit
from device_drivers.gsm_modem.pdu.userdata import content, read_octets
from device_drivers.gsm_modem.pdu.validity import read_validity

#: TP-MTI (3GPP TS 23.040 §9.2.3.1)
TYPE_MASK, DELIVER, SUBMIT, STATUS_REPORT = 0x03, 0x00, 0x01, 0x02
#: bits of the first octet: what 0x04 and 0x20 mean depends on the type
NO_MORE, REJECT_DUPLICATES = 0x04, 0x04
REPORT_WANTED, HAS_HEADER, REPLY_PATH = 0x20, 0x40, 0x80

_FROM_MOBILE = {DELIVER: "DELIVER-REPORT", STATUS_REPORT: "COMMAND"}


def decode(pdu: str, *, from_mobile: bool = False, has_smsc: bool = True) -> Deliver | StatusReport | Submit:
    """Decode a PDU as a modem prints it. Raises Malformed, and nothing else, for any invalid string.

    `from_mobile`: what a phone hands to the network, where only SUBMIT is of use; else what a modem holds, which may
    be a stored SUBMIT too. `has_smsc`: the service centre's address comes first.
    """
    try:
        reader = Reader(_octets(pdu))
        smsc = read_centre(reader) if has_smsc else ""
        return _tpdu(reader, smsc, from_mobile)
    except Malformed as error:
        error.pdu = pdu
        raise


def _octets(pdu: str) -> bytes:
    try:
        return unhexlify(pdu.strip())
    except ValueError as error:
        raise Malformed(f"not hex: {error}") from None


def _tpdu(reader: Reader, smsc: str, from_mobile: bool) -> Deliver | StatusReport | Submit:
    first = reader.octet("the first octet")
    kind = first & TYPE_MASK
    if kind == SUBMIT:
        return _submit(open_submit(reader, first), smsc)
    if from_mobile:
        raise Malformed(f"no SUBMIT but {_FROM_MOBILE.get(kind, 'a reserved type')}")
    if kind == DELIVER:
        return _deliver(reader, first, smsc)
    if kind == STATUS_REPORT:
        return _status_report(reader, first, smsc)
    raise Malformed("reserved message type 3")


def _deliver(reader: Reader, first: int, smsc: str) -> Deliver:
    sender = read_address(reader, "the sender")
    pid = reader.octet("the protocol identifier")
    dcs = reader.octet("the data coding scheme")
    sent_at, zone = read_timestamp(reader.take(SIZE, "the time stamp"))
    data = content(dcs, bool(first & HAS_HEADER), *read_octets(reader, dcs))
    return Deliver(
        sender=sender,
        text=data.text,
        data=data.data,
        encoding=data.encoding,
        sent_at=sent_at,
        zone=zone,
        smsc=smsc,
        pid=pid,
        dcs=dcs,
        udh=data.header.elements,
        concat=data.header.concat,
        ports=data.header.ports,
        message_class=coding(dcs)[1],
        more=not first & NO_MORE,
        reply_path=bool(first & REPLY_PATH),
        first_octet=first,
    )


def _status_report(reader: Reader, first: int, smsc: str) -> StatusReport:
    reference = reader.octet("the reference")
    recipient = read_address(reader, "the recipient")
    sent_at, zone = read_timestamp(reader.take(SIZE, "the time stamp"))
    done_at, _ = read_timestamp(reader.take(SIZE, "the discharge time"))
    return StatusReport(
        recipient=recipient,
        reference=reference,
        # what may follow (TP-PI and on) says nothing about the part, so a broken one costs no report
        status=reader.octet("the status"),
        sent_at=sent_at,
        done_at=done_at,
        zone=zone,
        smsc=smsc,
        more=not first & NO_MORE,
        first_octet=first,
    )


@dataclass(frozen=True, slots=True)
class OpenSubmit:
    """A SUBMIT whose user data is not decoded yet."""

    first_octet: int
    reference: int
    recipient: str
    pid: int
    dcs: int
    validity: int | None
    expires_at: int | None
    length: int
    octets: bytes


def open_submit(reader: Reader, first: int) -> OpenSubmit:
    """Read the fields after the first octet (§9.2.2.2)."""
    reference = reader.octet("the reference")
    recipient = read_address(reader, "the recipient")
    pid = reader.octet("the protocol identifier")
    dcs = reader.octet("the data coding scheme")
    validity, expires_at = read_validity(reader, first)
    return OpenSubmit(first, reference, recipient, pid, dcs, validity, expires_at, *read_octets(reader, dcs))


def _submit(opened: OpenSubmit, smsc: str) -> Submit:
    first, dcs = opened.first_octet, opened.dcs
    data = content(dcs, bool(first & HAS_HEADER), opened.length, opened.octets)
    return Submit(
        recipient=opened.recipient,
        text=data.text,
        data=data.data,
        encoding=data.encoding,
        reference=opened.reference,
        validity=opened.validity,
        expires_at=opened.expires_at,
        report=bool(first & REPORT_WANTED),
        smsc=smsc,
        pid=opened.pid,
        dcs=dcs,
        udh=data.header.elements,
        concat=data.header.concat,
        ports=data.header.ports,
        message_class=coding(dcs)[1],
        reply_path=bool(first & REPLY_PATH),
        reject_duplicates=bool(first & REJECT_DUPLICATES),
        first_octet=first,
    )
