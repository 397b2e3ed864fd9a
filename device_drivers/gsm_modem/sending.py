"""Handing a PDU to the network, and never being wrong about what became of it (3GPP TS 27.005 §3.5.1).

The port is ours from AT+CMGS to the final result. Before the PDU is out, every trouble means that nothing left us;
after that, only the modem's own words are believed.
"""

import logging
import re
import threading
from dataclasses import dataclass

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.message import State
from bridge.model.radio import Evidence, Outgoing, Sent
from device_drivers.gsm_modem import causes, quirks
from device_drivers.gsm_modem.answers import Answer, Silent
from device_drivers.gsm_modem.lines import PROMPT
from device_drivers.gsm_modem.news import Told
from device_drivers.gsm_modem.pdu import encode_submit
from device_drivers.gsm_modem.transport import CTRL_Z, PortLost, Transport

log = logging.getLogger(__name__)

#: seconds for the `>`; u-blox gives 1 s, slow SIMs more
PROMPT_TIMEOUT = 10.0
#: seconds that the result of a given-up send may hold back the next one, whose result it could be taken for
LATE_GRACE = 5.0

_REFERENCE = re.compile(r"\+CMG[SW]:\s*(\d+)")
#: of a call or of an abort: they say nothing about a PDU that is already out
_BESIDE_THE_POINT = frozenset({"NO CARRIER", "NO ANSWER", "BUSY", "NO DIALTONE", "NO DIAL TONE", "ABORTED"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A PDU and its length for AT+CMGS."""

    pdu: str
    length: int


def prepare(outgoing: Outgoing) -> Prepared:
    """Encode. Raises SendRefused for what no SMS can carry."""
    try:
        return Prepared(*encode_submit(outgoing))
    except ValueError as error:
        raise SendRefused(f"cannot be written as an SMS: {error}", Refusal.PERMANENT) from error


class Sender:
    """Sends on the worker thread; `late` is called on the reader thread, before anything that follows is answered."""

    def __init__(self, wire: Transport, timeout: float) -> None:
        self._wire = wire
        self._timeout = timeout
        #: its PDU went out and its result has not come
        self._unanswered: Outgoing | None = None
        self._settled = threading.Event()

    def send(self, outgoing: Outgoing) -> Sent:
        """Raises DeviceLost, SendRefused, OutcomeUnknown as `Link.send` does."""
        prepared = prepare(outgoing)
        with self._wire._txLock:
            try:
                self._let_late_result_come()
                self._ask_to_send(prepared)
            except PortLost as error:
                raise DeviceLost(f"the port was lost before the message was handed over: {error}") from error
            return self._hand_over(prepared, outgoing)

    def late(self, told: Told, line: str) -> Evidence | None:
        """What the late result of a given-up send proves; None when it cannot be told whose it is."""
        outgoing, self._unanswered = self._unanswered, None
        self._wire.expect_late_result(False)
        self._settled.set()
        if outgoing is None:
            log.warning("a result came for a message that nobody sent: %s", told.final or f"reference {told.reference}")
            return None
        if told.final:
            return Evidence(
                line, outgoing.message, outgoing.index, State.FAILED, None, causes.refusal(told.final).cause
            )
        detail = f"the modem gave its answer late: +CMGS: {told.reference}"
        return Evidence(line, outgoing.message, outgoing.index, State.SENT, told.reference, detail)

    def _let_late_result_come(self) -> None:
        """Come into step first, then give the result of an earlier message a moment to arrive by itself."""
        if not self._wire.in_step:
            try:
                self._wire.resync()
            except Silent as silent:
                raise DeviceLost(f"the modem does not answer any more ({silent})") from silent
        if self._unanswered is not None:
            self._settled.wait(min(LATE_GRACE, self._timeout))

    def _ask_to_send(self, prepared: Prepared) -> None:
        command = f"AT+CMGS={prepared.length}"
        try:
            answer = self._wire.exchange(command, timeout=min(PROMPT_TIMEOUT, self._wire.patience), prompt=True)
        except Silent as silent:
            # ESC now, or the open prompt would swallow the next command
            self._back_into_step(silent)
            raise SendRefused(f"the modem did not ask for the message ({silent})", Refusal.TEMPORARY) from silent
        if quirks.POWERED_UP.match(answer.final):
            raise SendRefused("the modem restarted before it took the message", Refusal.TEMPORARY)
        if answer.final != PROMPT:
            raise causes.refusal(answer.final)

    def _back_into_step(self, silent: Silent) -> None:
        try:
            self._wire.resync()
        except Silent:
            raise DeviceLost(f"the modem does not answer any more ({silent})") from silent

    def _hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Sent:
        if not self._wire.alive:
            raise DeviceLost("the port was lost before the message was handed over")
        self._settled.clear()
        self._unanswered = outgoing
        try:
            answer = self._wire.exchange(prepared.pdu, CTRL_Z, timeout=self._timeout, result="+CMGS")
        except Silent as silent:
            self._wire.expect_late_result(True)
            raise OutcomeUnknown(
                f"the modem had the message and did not answer within {silent.seconds:g} s"
            ) from silent
        except PortLost as error:
            raise OutcomeUnknown(f"the port was lost after the message was handed over: {error}") from error
        return self._outcome(answer)

    def _outcome(self, answer: Answer) -> Sent:
        for line in answer.lines:
            if match := _REFERENCE.match(line):
                self._unanswered = None
                return Sent(int(match[1]))
        if answer.ok:
            self._unanswered = None
            return Sent(None)
        if answer.final.upper() in _BESIDE_THE_POINT or quirks.POWERED_UP.match(answer.final):
            self._wire.in_step = False
            self._wire.expect_late_result(True)
            raise OutcomeUnknown(f"the modem had the message and only said {answer.final}")
        self._unanswered = None
        raise causes.refusal(answer.final)
