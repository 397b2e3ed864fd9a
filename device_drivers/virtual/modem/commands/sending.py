"""Sending, and storing to send later (3GPP TS 27.005 §3.5)."""

from typing import TYPE_CHECKING

from bridge.model.radio import Outgoing
from device_drivers.gsm_modem.pdu import Malformed, deliver_of_submit, encode_deliver, encode_submit
from device_drivers.virtual.modem.answers import Lines, NoAnswer, Outcome, Pending, Prompt, Reply, cms
from device_drivers.virtual.modem.registry import command
from device_drivers.virtual.modem.storage import Status
from device_drivers.virtual.modem.syntax import Command, Kind
from device_drivers.virtual.modem.textmode import length, stamp, understand
from device_drivers.virtual.network.message import SERVICE_CENTRE, Posting, Verdict, now

if TYPE_CHECKING:
    from device_drivers.virtual.modem.state import Stick

#: TP-SRR in the first octet of +CSMP (TS 23.040 §9.2.3.5)
STATUS_REPORT_REQUEST = 0x20


@command("+CMGS", family="CMS", sim=True)
def send(stick: "Stick", given: Command) -> Reply:
    """Send what is typed at the prompt."""
    if given.kind is not Kind.SET:
        return []
    if stick.settings.text_mode:
        recipient = _number(stick, given)
        return Prompt(lambda text: _send_text(stick, recipient, text))
    announced = int(given.text(0))
    return Prompt(lambda text: _send_pdu(stick, _pdu(text, announced)))


@command("+CMGW", family="CMS", sim=True)
def write(stick: "Stick", given: Command) -> Reply:
    """Keep what is typed at the prompt."""
    if stick.settings.text_mode:
        recipient = _number(stick, given)
        return Prompt(lambda text: _keep(stick, encode_submit(_outgoing(stick, recipient, text))[0]))
    announced = int(given.text(0))
    return Prompt(lambda text: _keep(stick, _pdu(text, announced)))


@command("+CMSS", family="CMS", sim=True)
def send_stored(stick: "Stick", given: Command) -> Reply:
    """Send what is kept."""
    stored = stick.storage[stick.settings.memories[1]].get(int(given.text(0)))
    if stored is None:
        raise cms(321)
    stored.status = Status.STO_SENT
    return _send_pdu(stick, stored.pdu, "+CMSS")


def _number(stick: "Stick", given: Command) -> str:
    typed = given.text(0)
    return typed if typed.lstrip("+").isdigit() and len(typed) < 16 else understand(typed, stick.settings.charset)


def _pdu(typed: str, announced: int) -> str:
    """What was typed as a PDU of the length that was announced. Raises Refused for anything else."""
    pdu = "".join(typed.split()).upper()
    try:
        bytes.fromhex(pdu)
    except ValueError:
        raise cms(304) from None
    if not pdu or length(pdu) != announced:
        raise cms(304)
    return pdu


def _keep(stick: "Stick", pdu: str) -> Lines:
    index = stick.incoming.store(stick.settings.memories[1], pdu, Status.STO_UNSENT)
    if index is None:
        raise cms(322)
    return [f"+CMGW: {index}"]


def _send_pdu(stick: "Stick", pdu: str, name: str = "+CMGS") -> Pending:
    stick.require_network()
    at = now()
    try:
        recipient, report, deliver = deliver_of_submit(pdu, stick.number, sent_at=at, smsc=SERVICE_CENTRE)
    except Malformed:
        raise cms(304) from None
    return _post(stick, Posting(stick.number, recipient, stick.next_reference(), report, deliver, at), name)


def _send_text(stick: "Stick", recipient: str, typed: str) -> Pending:
    stick.require_network()
    at, text = now(), understand(typed, stick.settings.charset)
    try:
        deliver = encode_deliver(stick.number, text, sent_at=at, smsc=SERVICE_CENTRE)
    except ValueError:
        raise cms(305) from None
    posting = Posting(stick.number, recipient, stick.next_reference(), _wants_report(stick), deliver, at)
    return _post(stick, posting, "+CMGS")


def _outgoing(stick: "Stick", recipient: str, typed: str) -> Outgoing:
    return Outgoing("", recipient, understand(typed, stick.settings.charset), report=_wants_report(stick))


def _wants_report(stick: "Stick") -> bool:
    return bool(int(stick.settings.parameters[0]) & STATUS_REPORT_REQUEST)


def _post(stick: "Stick", posting: Posting, name: str) -> Pending:
    pending = Pending()
    stick.network.post(posting, lambda verdict: pending.settle(_outcome(stick, posting, verdict, name)))
    return pending


def _outcome(stick: "Stick", posting: Posting, verdict: Verdict, name: str) -> Outcome:
    if isinstance(verdict, int):
        return cms(verdict)
    if not verdict.answered:
        return NoAnswer()
    stamped = stick.profile.stamps_sends and stick.settings.service == 1
    return [f"{name}: {posting.reference}" + (f',"{stamp(posting.sent_at)}"' if stamped else "")]
