"""Encodes PDUs to hex."""

from binascii import unhexlify

from bridge.model.radio import Alphabet, Concat, Outgoing
from device_drivers.gsm_modem.pdu import address
from device_drivers.gsm_modem.pdu.decoding import (
    DELIVER,
    HAS_HEADER,
    NO_MORE,
    REPLY_PATH,
    REPORT_WANTED,
    STATUS_REPORT,
    SUBMIT,
    decode,
    open_submit,
)
from device_drivers.gsm_modem.pdu.reader import Malformed, Reader
from device_drivers.gsm_modem.pdu.timestamp import timestamp
from device_drivers.gsm_modem.pdu.udh import concat_header
from device_drivers.gsm_modem.pdu.userdata import coded_data, coded_text
from device_drivers.gsm_modem.pdu.validity import RELATIVE, period

#: the virtual network's service centre
CENTRE = "+15550100"


def encode_submit(outgoing: Outgoing) -> tuple[str, int]:
    """The PDU for `AT+CMGS` and its length there (octets without the service centre's address).

    In the alphabet of the whole message, of which this may be a part. Raises ValueError for a recipient that is not
    clean digits (with or without `+`), for a text longer than one part and for one that its alphabet does not have.
    """
    header = b""
    if outgoing.total > 1:
        header = concat_header(Concat(outgoing.concat_ref, outgoing.total, outgoing.index))
    data = coded_text(outgoing.text, header, outgoing.alphabet)
    first = SUBMIT
    first |= HAS_HEADER if header else 0
    first |= REPORT_WANTED if outgoing.report else 0
    first |= RELATIVE if outgoing.validity > 0 else 0
    validity = bytes((period(outgoing.validity),)) if outgoing.validity > 0 else b""
    # the modem puts its own reference in for the zero
    tpdu = bytes((first, 0)) + address.number(outgoing.recipient) + bytes((0, data.dcs)) + validity
    tpdu += bytes((data.length,)) + data.octets
    return (address.centre("") + tpdu).hex().upper(), len(tpdu)


def encode_deliver(
    sender: str,
    text: str = "",
    *,
    sent_at: int,
    zone: int = 0,
    concat: Concat | None = None,
    data: bytes | None = None,
    smsc: str = CENTRE,
    alphabet: Alphabet | None = None,
) -> str:
    """The PDU of an incoming SMS with a text, or with octets when `data` is given. Raises ValueError like
    `encode_submit`.

    The sender may be a name of up to eleven characters. A lone surrogate travels as it is, so that a test can send
    what splits a pair.
    """
    header = concat_header(concat) if concat else b""
    coded = coded_text(text, header, alphabet) if data is None else coded_data(data, header)
    first = DELIVER | NO_MORE | (HAS_HEADER if header else 0)
    tpdu = bytes((first,)) + address.sender(sender) + bytes((0, coded.dcs)) + timestamp(sent_at, zone)
    return (address.centre(smsc) + tpdu + bytes((coded.length,)) + coded.octets).hex().upper()


def deliver_of_submit(
    pdu: str, sender: str, *, sent_at: int, zone: int = 0, smsc: str = CENTRE
) -> tuple[str, bool, str]:
    """Convert a SUBMIT as a service centre does: the recipient, whether a report is requested, the DELIVER.

    User data, header, DCS, PID and reply path are copied octet by octet. Raises Malformed.
    """
    decode(pdu, from_mobile=True)  # refuses what a real service centre would refuse
    reader = Reader(unhexlify(pdu.strip()))
    address.read_centre(reader)
    submit = open_submit(reader, reader.octet("the first octet"))
    if not submit.recipient:
        raise Malformed("no recipient", pdu)
    first = DELIVER | NO_MORE | submit.first_octet & (HAS_HEADER | REPLY_PATH)
    tpdu = bytes((first,)) + address.sender(sender) + bytes((submit.pid, submit.dcs)) + timestamp(sent_at, zone)
    deliver = address.centre(smsc) + tpdu + bytes((submit.length,)) + submit.octets
    return submit.recipient, bool(submit.first_octet & REPORT_WANTED), deliver.hex().upper()


def encode_report(
    recipient: str, reference: int, status: int, *, sent_at: int, done_at: int, zone: int = 0, smsc: str = CENTRE
) -> str:
    """The PDU of a status report for a sent part. Raises ValueError for an invalid recipient."""
    tpdu = bytes((STATUS_REPORT | NO_MORE, reference)) + address.number(recipient)
    tpdu += timestamp(sent_at, zone) + timestamp(done_at, zone) + bytes((status,))
    return (address.centre(smsc) + tpdu).hex().upper()
