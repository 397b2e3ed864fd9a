"""Writes messages as a terminal sees them: as PDUs or, with +CMGF=1, as text (3GPP TS 27.005 §3)."""

from datetime import UTC, datetime, timedelta, timezone

from bridge.messages.segmentation import GSM7_DEFAULT, join
from device_drivers.gsm_modem.pdu import Deliver, Malformed, StatusReport, Submit, decode
from device_drivers.virtual.modem.settings import Settings
from device_drivers.virtual.modem.storage import STATUS_TEXT, Stored

#: TS 27.005 <toda>: international or unknown type of number, telephone numbering plan
INTERNATIONAL, UNKNOWN = 145, 129


def length(pdu: str) -> int:
    """Octets of a PDU without its service centre's address, as +CMGS, +CMGR and +CMT count; broken ones just count."""
    try:
        return len(pdu) // 2 - 1 - int(pdu[:2], 16)
    except ValueError:
        return len(pdu) // 2


def stamp(at: int | None, zone: int | None = 0) -> str:
    """Unix ms as TS 27.005 <scts> writes it: `26/11/20,10:11:12+04`, the zone in quarters of an hour."""
    minutes = zone or 0
    moment = datetime.fromtimestamp((at or 0) / 1000, UTC).astimezone(timezone(timedelta(minutes=minutes)))
    quarters = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 15:02d}"
    return moment.strftime("%y/%m/%d,%H:%M:%S") + quarters


def type_of(number: str) -> int:
    """<toda> of a number."""
    return INTERNATIONAL if number.startswith("+") else UNKNOWN


# -- alphabets of +CSCS -----------------------------------------------------------------------------
def spell(text: str, charset: str) -> str:
    """A text as the computer wants it, by +CSCS. What it sends for a character above 0xFF is UTF-8."""
    if charset == "UCS2":
        return text.encode("utf-16-be", "surrogatepass").hex().upper()
    if charset == "HEX":
        return bytes(_septet(char) for char in text).hex().upper()
    return text


def understand(typed: str, charset: str) -> str:
    """A text as the computer typed it, one character an octet. Raises ValueError for invalid hex."""
    if charset == "UCS2":
        return bytes.fromhex(typed).decode("utf-16-be", "surrogatepass")
    if charset == "HEX":
        return "".join(GSM7_DEFAULT[octet & 0x7F] for octet in bytes.fromhex(typed))
    if charset == "GSM":
        return "".join(GSM7_DEFAULT[ord(char)] if ord(char) < 0x20 and char not in "\r\n" else char for char in typed)
    return typed


def _septet(char: str) -> int:
    return max(GSM7_DEFAULT.find(char), 0)


# -- listings ---------------------------------------------------------------------------------------
def stored_lines(stored: Stored, settings: Settings, omits_status: bool = False) -> list[str]:
    """The parameters behind `+CMGR: ` or `+CMGL: <index>,` and the line that follows."""
    if not settings.text_mode:
        status = "" if omits_status else str(stored.status.value)
        return [f"{status},,{length(stored.pdu)}", stored.pdu]
    parameters, text = _described(stored.pdu, settings)
    return [f'"{STATUS_TEXT[stored.status]}",{parameters}', *([text] if text is not None else [])]


def direct_message(pdu: str, settings: Settings) -> str:
    """+CMT with its second line."""
    if not settings.text_mode:
        return f"+CMT: ,{length(pdu)}\r\n{pdu}"
    parameters, text = _described(pdu, settings)
    return f"+CMT: {parameters}\r\n{text or ''}"


def direct_report(pdu: str, settings: Settings) -> str:
    """+CDS, in PDU mode with its second line."""
    if not settings.text_mode:
        return f"+CDS: {length(pdu)}\r\n{pdu}"
    return f"+CDS: {_described(pdu, settings)[0]}"


def _described(pdu: str, settings: Settings) -> tuple[str, str | None]:
    """A PDU in text mode's words; the text is None where there is none."""
    try:
        tpdu = decode(pdu)
    except Malformed:
        return '"",,""', pdu
    if isinstance(tpdu, StatusReport):
        times = f'"{stamp(tpdu.sent_at, tpdu.zone)}","{stamp(tpdu.done_at, tpdu.zone)}"'
        kind = type_of(tpdu.recipient)
        return f'{tpdu.first_octet},{tpdu.reference},"{tpdu.recipient}",{kind},{times},{tpdu.status}', None
    text = spell(join([tpdu.text]), settings.charset) if not tpdu.data else tpdu.data.hex().upper()
    if isinstance(tpdu, Submit):
        return f'"{spell(tpdu.recipient, settings.charset)}",', text
    assert isinstance(tpdu, Deliver)  # noqa: S101 - the codec knows no fourth kind
    return f'"{spell(tpdu.sender, settings.charset)}",,"{stamp(tpdu.sent_at, tpdu.zone)}"', text
