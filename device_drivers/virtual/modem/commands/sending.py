"""Sending, and storing to send later (3GPP TS 27.005 §3.5)."""

from bridge.model.radio import Outgoing
from device_drivers.gsm_modem.pdu import Malformed, deliver_of_submit, encode_deliver, encode_submit
from device_drivers.virtual.modem.answers import Lines, NoAnswer, Outcome, Pending, Prompt, Reply, cms
from device_drivers.virtual.modem.registry import command
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.storage import Status
from device_drivers.virtual.modem.syntax import Command, Kind
from device_drivers.virtual.modem.textmode import length, stamp, understand
from device_drivers.virtual.network.message import SERVICE_CENTRE, Posting, Verdict

#: TP-SRR in the first octet of +CSMP (TS 23.040 §9.2.3.5)
STATUS_REPORT_REQUEST = 0x20


@command("+CMGS", family="CMS", sim=True)
def send(state: ModemState, given: Command) -> Reply:
    """Send what is typed at the prompt."""
    if given.kind is not Kind.SET:
        return []
    if state.settings.text_mode:
        recipient = _number(state, given)
        return Prompt(lambda text: _send_text(state, recipient, text))
    announced = int(given.text(0))
    return Prompt(lambda text: _send_pdu(state, _pdu(text, announced)))


@command("+CMGW", family="CMS", sim=True)
def write(state: ModemState, given: Command) -> Reply:
    """Keep what is typed at the prompt."""
    if state.settings.text_mode:
        recipient = _number(state, given)
        return Prompt(lambda text: _keep(state, encode_submit(_outgoing(state, recipient, text))[0]))
    announced = int(given.text(0))
    return Prompt(lambda text: _keep(state, _pdu(text, announced)))


@command("+CMSS", family="CMS", sim=True)
def send_stored(state: ModemState, given: Command) -> Reply:
    """Send what is kept."""
    stored = state.storage[state.settings.memories[1]].get(int(given.text(0)))
    if stored is None:
        raise cms(321)
    stored.status = Status.STO_SENT
    return _send_pdu(state, stored.pdu, "+CMSS")


def _number(state: ModemState, given: Command) -> str:
    typed = given.text(0)
    return typed if typed.lstrip("+").isdecimal() and len(typed) < 16 else understand(typed, state.settings.charset)


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


def _keep(state: ModemState, pdu: str) -> Lines:
    index = state.incoming.store(state.settings.memories[1], pdu, Status.STO_UNSENT)
    if index is None:
        raise cms(322)
    return [f"+CMGW: {index}"]


def _send_pdu(state: ModemState, pdu: str, name: str = "+CMGS") -> Pending:
    state.require_network()
    at = state.network.now()
    try:
        recipient, report, deliver = deliver_of_submit(pdu, state.number, sent_at=at, smsc=SERVICE_CENTRE)
    except Malformed:
        raise cms(304) from None
    return _post(state, Posting(state.number, recipient, state.next_reference(), report, deliver, at), name)


def _send_text(state: ModemState, recipient: str, typed: str) -> Pending:
    state.require_network()
    at, text = state.network.now(), understand(typed, state.settings.charset)
    try:
        deliver = encode_deliver(state.number, text, sent_at=at, smsc=SERVICE_CENTRE)
    except ValueError:
        raise cms(305) from None
    posting = Posting(state.number, recipient, state.next_reference(), _wants_report(state), deliver, at)
    return _post(state, posting, "+CMGS")


def _outgoing(state: ModemState, recipient: str, typed: str) -> Outgoing:
    return Outgoing("", recipient, understand(typed, state.settings.charset), report=_wants_report(state))


def _wants_report(state: ModemState) -> bool:
    return bool(int(state.settings.parameters[0]) & STATUS_REPORT_REQUEST)


def _post(state: ModemState, posting: Posting, name: str) -> Pending:
    pending = Pending()
    state.network.post(posting, lambda verdict: pending.settle(_outcome(state, posting, verdict, name)))
    return pending


def _outcome(state: ModemState, posting: Posting, verdict: Verdict, name: str) -> Outcome:
    if isinstance(verdict, int):
        return cms(verdict)
    if not verdict.answered:
        return NoAnswer()
    stamped = state.profile.stamps_sends and state.settings.service == 1
    return [f"{name}: {posting.reference}" + (f',"{stamp(posting.sent_at)}"' if stamped else "")]
