"""Hands PDUs to the network and determines their outcome reliably (3GPP TS 27.005 §3.5.1).

The port is ours from AT+CMGS to the final result. Before the PDU is out, every trouble means that nothing left us;
after that, only the modem's own words are believed.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.message import State
from bridge.model.radio import Evidence, Outgoing, Sent
from device_drivers.gsm_modem import causes, quirks
from device_drivers.gsm_modem.answer_times import AnswerTimes
from device_drivers.gsm_modem.answers import Answer, Failed, Misshapen, Silent, Unresponsive
from device_drivers.gsm_modem.framing import OK, PROMPT
from device_drivers.gsm_modem.news import Meaning, Told
from device_drivers.gsm_modem.outstanding import Given, Outstanding, Result
from device_drivers.gsm_modem.pdu import encode_submit
from device_drivers.gsm_modem.settings import NotAsSetUp, Settings
from device_drivers.gsm_modem.transport import CTRL_Z, PortLost, Transport

log = logging.getLogger(__name__)

#: seconds since a modem's last answer after which it is asked for a sign of life before a message is given to it, and
#: seconds that this may take
GREET_AFTER, GREETING = 5.0, 1.0
#: seconds for the `>`: u-blox gives 1 s, slow SIMs take more, which the first time that it does not come gives them
PROMPT_TIMEOUT, FIRST_PROMPT_TIMEOUT = 10.0, 3.0
#: seconds that the result of a given-up send may hold back the next one, whose result it could be taken for
LATE_GRACE = 5.0
#: seconds between looks at what happened while an answer is waited for longer than usual
LOOK_EVERY = 0.25
#: seconds in which a modem says whether it takes commands while the network has its message
BESIDE_TIMEOUT = 3.0
#: seconds to a second result, when one came that may belong to either
SECOND_GRACE = 10.0
#: seconds in which no SIM can be exchanged since it was last asked for, or a message went out by it
SURE_OF_SIM = 2.0
#: how many sends in a row must fail with other commands on the line before they go without
_TRIES_JOINED = 2

#: operation not allowed or supported, invalid parameters, unknown
_NOT_UNDERSTOOD = frozenset(
    {("CMS", code) for code in (302, 303, 304, 305, 500)} | {("CME", code) for code in (3, 4, 50, 100)}
)

_REFERENCE = re.compile(r"\+CMG[SW]:\s*(\d+)")


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
    """Sends on the worker thread; `late` is called on the reader thread, before anything later is answered."""

    def __init__(
        self,
        wire: Transport,
        settings: Settings,
        line: str,
        timeout: float,
        tell: Callable[[Evidence], None],
        read_arrived: Callable[[], None] = lambda: None,
        require_same_sim: Callable[[], None] = lambda: None,
    ) -> None:
        self._wire = wire
        self._settings = settings
        self._line = line
        self._timeout = timeout
        #: hears what late results prove, on either thread
        self._tell = tell
        #: reads what notifications told of, while an answer is waited for
        self._read_arrived = read_arrived
        #: raises DeviceLost when the modem has another SIM by now
        self._require_same_sim = require_same_sim
        self._times = AnswerTimes()
        self._arrived = threading.Event()
        #: it said that it starts anew
        self._powered_up = threading.Event()
        self._outstanding = Outstanding()
        self._resyncs = wire.resyncs
        #: monotonic seconds at which the line's SIM was last in the modem
        self._sim_seen_at = 0.0
        #: how often in a row the prompt did not come while other commands were on its line
        self._joined_failures = 0
        self._prompt_patience = FIRST_PROMPT_TIMEOUT
        #: a question before a PDU was not answered, and no PDU went out since
        self._was_silent = False

    def send(self, outgoing: Outgoing) -> Sent:
        """Send a part. Raises DeviceLost, SendRefused, OutcomeUnknown as `Link.send`, or NotAsSetUp before anything was
        sent.
        """
        prepared = prepare(outgoing)
        with self._wire._txLock:
            try:
                self._make_sure()
                self._make_sure_of_sim(is_part=outgoing.total > 1)
                self._ask_to_send(prepared)
            except PortLost as error:
                raise DeviceLost(f"the port was lost before the message was handed over: {error}") from error
            except Silent as silent:
                raise self._judge(silent) from silent
            self._was_silent = False
            return self._hand_over(prepared, outgoing)

    # -- before the PDU ---------------------------------------------------------------------------
    def _make_sure(self) -> None:
        """Make sure the modem is in step, set up, and no earlier result is on its way."""
        self._greet()
        self._wire.come_into_step()
        if self._wire.resyncs != self._resyncs:
            self._settings.check(thoroughly=True)
            self._resyncs = self._wire.resyncs
        if self._outstanding:
            self._outstanding.wait(min(LATE_GRACE, self._timeout))

    def _judge(self, silent: Silent) -> DeviceLost | NotAsSetUp:
        """What a silence before the PDU shows: a modem that answers all the same was told to give no results, or has
        lost its settings; one that is silent again once it was set up hangs.
        """
        lost = DeviceLost(f"the modem does not answer any more ({silent})")
        again, self._was_silent = self._was_silent, True
        if again or isinstance(silent, Unresponsive):
            return lost
        try:
            self._wire.come_into_step()
        except (Silent, PortLost):
            return lost
        return NotAsSetUp(str(silent))

    def _make_sure_of_sim(self, is_part: bool) -> None:
        """Make sure that the message goes by the line's SIM, a part of several above all: no phone joins parts from two
        numbers.
        """
        if not is_part and time.monotonic() < self._sim_seen_at + SURE_OF_SIM:
            return
        try:
            self._require_same_sim()
        except Silent:
            if is_part:
                raise
            self._wire.come_into_step()  # it does not say which SIM it has, and answers all the same
        self._sim_seen_at = time.monotonic()

    def _greet(self) -> None:
        """Query a modem that was quiet for a while: a hang shows in two seconds, and the message can go elsewhere."""
        silence, late = self._wire.silence, False
        if not self._wire.in_step or time.monotonic() < silence.answered_at + GREET_AFTER:
            return
        for _ in range(2):  # some sleep, and the first word only wakes them
            self._wire.in_step = True
            try:
                self._wire.exchange("AT", timeout=silence.patience("AT", GREETING))
            except Silent:
                late = True
                continue
            self._wire.in_step = not late  # else the first answer may come yet
            return
        raise SendRefused("the modem does not answer", Refusal.NETWORK)

    def _ask_to_send(self, prepared: Prepared) -> None:
        """Open the prompt, verifying PDU mode: in text mode `AT+CMGS=17` would address the number 17."""
        plain = f"+CMGS={prepared.length}"
        if self._settings.chains and self._joined_failures < _TRIES_JOINED:
            answer = self._prompt(f"AT+CMGF=0;{self._settings.shibboleth}{plain}")
            if answer.final == PROMPT or not _is_about_the_line(answer.final):
                self._joined_failures = 0
                self._look_at(answer)
                return
            self._joined_failures += 1
        try:
            self._wire.ask("AT+CMGF=0")
        except Failed as failed:
            raise SendRefused(f"the modem does not take PDUs: {failed}", Refusal.NETWORK) from failed
        self._look_at(self._prompt(f"AT{plain}"))

    def _prompt(self, command: str) -> Answer:
        try:
            answer = self._wire.exchange(command, timeout=min(self._prompt_patience, self._wire.patience), prompt=True)
        except Silent as silent:
            # ESC now, or the open prompt would swallow the next command; whether it hangs, the next question shows
            self._wire.break_off()
            self._prompt_patience = PROMPT_TIMEOUT
            self._joined_failures = _TRIES_JOINED
            raise SendRefused(f"the modem did not ask for the message ({silent})", Refusal.NETWORK) from silent
        if answer.final == "ERROR":
            self._wire.resync()  # it may be nobody's, and the prompt may open yet
        return answer

    def _look_at(self, answer: Answer) -> None:
        """Check that this is the prompt of a properly set-up modem. Raises SendRefused, NotAsSetUp."""
        if answer.final != PROMPT:
            if quirks.POWERED_UP.match(answer.final):
                raise SendRefused("the modem restarted before it took the message", Refusal.NETWORK)
            if causes.wants_pin(answer.final):
                raise NotAsSetUp("the SIM wants its PIN again")
            raise causes.refusal(answer.final)
        try:
            self._settings.compare(answer.lines)
            if self._wire.echoes_again:
                raise NotAsSetUp("it echoes what is typed")
        except NotAsSetUp:
            self._wire.resync()
            raise

    # -- after the PDU ----------------------------------------------------------------------------
    def _hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Sent:
        if not self._wire.alive:
            raise DeviceLost("the port was lost before the message was handed over")
        given = self._outstanding.hand_over(outgoing)
        self._arrived.clear()
        self._powered_up.clear()
        began = time.monotonic()
        hold = self._times.hold(self._timeout)
        try:
            answer = self._wire.exchange(prepared.pdu, CTRL_Z, timeout=hold, result="+CMGS")
            self._times.add(time.monotonic() - began)
        except Misshapen:
            return self._look_behind(given, OK)
        except Silent:
            return self._wait_beside(given, began)
        except PortLost as error:
            self._outstanding.drop(given)
            raise OutcomeUnknown(f"the port was lost after the message was handed over: {error}") from error
        if quirks.POWERED_UP.match(answer.final):
            self._wire.in_step = False
            self._outstanding.drop(given)
            raise OutcomeUnknown(f"the modem had the message and only said {answer.final}")
        reference = _reference(answer)
        if answer.final == OK:
            return self._conclude(given, self._outstanding.answered(given, reference or Result(final=OK), SECOND_GRACE))
        if causes.code_of(answer.final) is None and reference is None:
            return self._look_behind(given, answer.final)
        return self._look_past_refusal(given, Result(final=answer.final), reference)

    def _look_past_refusal(self, given: Given, refusal: Result, reference: Result | None) -> Sent:
        """Look whether the message's own result stands in front of a refusal or behind it: then that is of something
        else.

        Until the modem is through with the message its own result may come; of a modem that stays silent nobody knows.
        """
        self._wire.expect_late_result(True)
        believed: Result | None = reference or refusal
        with suppress(PortLost):  # then the refusal is all that there is
            if not self._is_through() or self._wire.finals_to_nothing:
                believed = reference
        if reference is not None:
            self._outstanding.late(refusal)  # of the next message, should the reference be of one before
        settled = self._outstanding.answered(given, believed, SECOND_GRACE if believed else 0.0)
        self._wire.expect_late_result(bool(self._outstanding))
        if given.result is None and self._wire.in_step:
            self._outstanding.drop(given)
            raise OutcomeUnknown(f"the modem had the message and said {refusal.final}, and then something else")
        return self._conclude(given, settled)

    def _is_through(self) -> bool:
        """Whether the modem answers behind the message."""
        if self._wire.pass_barrier(self._grace):
            return True
        is_through = self._wire.pass_barrier(self._grace)
        self._wire.in_step = False  # two were asked, and one was answered
        return is_through

    def _wait_beside(self, given: Given, began: float) -> Sent:
        """Read arriving SMS while the answer takes longer than usual, where the modem allows it."""
        self._wire.expect_late_result(True)
        settled: list[Given] = []
        deadline, may_ask = began + self._timeout, True
        while given.result is None and (left := deadline - time.monotonic()) > 0:
            settled += self._outstanding.answered(given, None, min(left, LOOK_EVERY))
            if self._outstanding.is_ambiguous:
                deadline = min(deadline, time.monotonic() + SECOND_GRACE)
            if not self._wire.alive or self._powered_up.is_set():
                break
            if given.result is None and may_ask and self._arrived.is_set():
                may_ask = self._look_beside()
        return self._end_waiting(given, settled, began)

    def _look_beside(self) -> bool:
        """Read what arrived if the modem takes commands now; returns whether it does. Once per message."""
        try:
            if not self._wire.pass_barrier(min(BESIDE_TIMEOUT, self._wire.patience)):
                return False
            self._arrived.clear()
            self._read_arrived()
        except PortLost:
            return False
        return self._wire.in_step

    def _end_waiting(self, given: Given, settled: list[Given], began: float) -> Sent:
        if given.result is not None:
            self._times.add(time.monotonic() - began)
            self._wire.expect_late_result(bool(self._outstanding))
            return self._conclude(given, settled)
        self._prove(settled)
        if not self._wire.alive or self._powered_up.is_set():
            self._outstanding.drop(given)
            why = "the modem started anew" if self._wire.alive else "the port was lost"
            raise OutcomeUnknown(f"{why} after the message was handed over")
        self._give_up(given)
        raise OutcomeUnknown(f"the modem had the message and did not answer within {self._timeout:g} s")

    def _look_behind(self, given: Given, final: str) -> Sent:
        """Look for the real result after a bare OK or ERROR, which may belong to something else."""
        self._wire.expect_late_result(True)
        try:
            is_through = self._wire.pass_barrier(self._grace)
        except PortLost as error:
            self._outstanding.drop(given)
            raise OutcomeUnknown(f"the port was lost after the message was handed over: {error}") from error
        settled = self._outstanding.answered(given, None, 0.0)
        if given.result is None and is_through:
            self._outstanding.drop(given)
            if self._wire.finals_to_nothing > int(final == OK):  # that OK was told in vain itself
                raise OutcomeUnknown(f"the modem had the message and said {final}, and then something else")
            given.result = Result(final=final)
        return self._conclude(given, settled)

    def _conclude(self, given: Given, settled: Iterable[Given]) -> Sent:
        self._prove(each for each in settled if each is not given)
        if given.result is None:
            self._give_up(given)
            raise OutcomeUnknown("the modem gave no answer that is certainly the one to this message")
        if given.result.final in ("", OK):
            self._sim_seen_at = time.monotonic()
            return Sent(given.result.reference)
        raise causes.after_hand_over(given.result.final)

    def _give_up(self, given: Given) -> None:
        self._wire.expect_late_result(True)
        self._prove(self._outstanding.give_up(given))

    @property
    def _grace(self) -> float:
        return min(LATE_GRACE, self._timeout)

    # -- the reader thread ------------------------------------------------------------------------
    def hear(self, told: Told, powered_up: bool) -> None:
        """Process news while a message may be under way."""
        if told.meaning is Meaning.ARRIVED:
            self._arrived.set()
        if powered_up:
            self._powered_up.set()
        if told.meaning in {Meaning.RESTARTED, Meaning.SIM_GONE}:
            self._sim_seen_at = 0.0

    # -- what comes late --------------------------------------------------------------------------
    def late(self, told: Told) -> None:
        """The result of an abandoned send has come."""
        self._wire.silence.answered_late()
        if not self._outstanding:
            what = told.final or f"reference {told.reference}"
            log.warning("%s: a result came for a message that nobody sent: %s", self._line, what)
        self._prove(self._outstanding.late(Result(told.reference, told.final)))
        self._wire.expect_late_result(bool(self._outstanding))

    def _prove(self, settled: Iterable[Given]) -> None:
        for given in settled:
            result, about = given.result or Result(), (self._line, given.outgoing.message, given.outgoing.index)
            if not result.final:
                detail = f"the modem gave its answer late: +CMGS: {result.reference}"
                self._tell(Evidence(*about, State.SENT, result.reference, detail))
            elif isinstance(refused := causes.after_hand_over(result.final), SendRefused):
                self._tell(Evidence(*about, State.FAILED, None, refused.cause))


def _reference(answer: Answer) -> Result | None:
    found = next((match for line in answer.lines if (match := _REFERENCE.match(line))), None)
    return Result(int(found[1])) if found else None


def _is_about_the_line(final: str) -> bool:
    """Whether the refusal concerns the command line's form rather than the message."""
    coded = causes.code_of(final)
    return coded is None or coded in _NOT_UNDERSTOOD
