"""The phone's radio: hands parts to the network, one at a time, and says so in the radio log as RILJ does.

(AOSP frameworks/opt/telephony, RIL.java and SmsResponse.java.)
"""

from collections import deque
from collections.abc import Callable

from bridge.dataclass import dataclass
from bridge.messages.segmentation import alphabet
from bridge.model.radio import Concat
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.virtual.network.message import SERVICE_CENTRE, Accepted, Posting, Verdict, now
from device_drivers.virtual.network.service_centre import NO_SERVICE, Network
from device_drivers.virtual.phone.radiolog import RadioLog
from device_drivers.virtual.phone.sms import Sms
from device_drivers.virtual.phone.state import State

#: the thread whose lines these are
THREAD = 1571
#: `CommandException.Error` by Android's own result (SmsManager.RESULT_RIL_…)
ERRORS = {
    101: "SMS_FAIL_RETRY", 102: "NETWORK_REJECT", 116: "NETWORK_NOT_READY", 120: "SIM_ABSENT", 122: "ACCESS_BARRED",
    124: "GENERIC_FAILURE",
}  # fmt: skip
#: the network's words to a radio (3GPP TS 24.011 annex E-2, 27.005 §3.2.5) and Android's own lie side by side
REJECTED, NOT_READY, GENERIC = 102, 116, 124
#: from this release on a line says whose part it is about
IDENTIFIED = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a part."""

    #: Android's own word, 0 for a part that the network took
    result: int = 0
    #: the network's cause; -1 for none
    cause: int = -1


@dataclass(frozen=True, slots=True)
class Request:
    """A part that waits for its turn."""

    sms: Sms
    index: int
    sender: str
    answered: Callable[[Answer | None], None]


def about(sms: Sms, sdk: int) -> str:
    """Whose part a line is about, as `SmsController.formatCrossStackMessageId` puts it."""
    return f" {{x-message-id:{sms.message_id}}}" if sdk >= IDENTIFIED else ""


def _failure(verdict: int) -> Answer:
    if verdict == NO_SERVICE:
        return Answer(NOT_READY)
    return Answer(verdict) if verdict in ERRORS else Answer(REJECTED if verdict < 300 else GENERIC, verdict)


class Radio:
    """Of one phone. What was under way when it restarts is never answered."""

    def __init__(self, network: Network, log: RadioLog, state: State) -> None:
        self._network = network
        self._log = log
        self._state = state
        self._queue: deque[Request] = deque()
        self._boot = 0
        self._serial = 0
        self._reference = 0

    def restart(self) -> None:
        """Forget everything."""
        self._boot += 1
        self._queue.clear()

    def send(self, request: Request) -> None:
        """Take a part; `answered` hears what came of it, None when nothing is ever heard."""
        self._queue.append(request)
        if len(self._queue) == 1:
            self._next()

    def reference(self) -> int:
        """The next TP-MR."""
        self._reference = (self._reference + 1) % 256
        return self._reference

    def _next(self) -> None:
        request = self._queue[0]
        sms, at = request.sms, now()
        self._serial += 1
        serial, boot = self._serial, self._boot
        self._say(f"[{serial:04}]> SEND_SMS [PHONE0]")
        concat = Concat(sms.references[0], len(sms.parts), request.index) if len(sms.parts) > 1 else None
        text, reference = sms.parts[request.index - 1], sms.references[request.index - 1]
        coding = alphabet(sms.text)
        pdu = encode_deliver(request.sender, text, sent_at=at, concat=concat, smsc=SERVICE_CENTRE, alphabet=coding)
        posting = Posting(request.sender, sms.recipient, reference, report=False, pdu=pdu, sent_at=at)

        def answered(verdict: Verdict) -> None:
            if isinstance(verdict, Accepted):
                sms.taken += 1
            if boot == self._boot:
                self._queue.popleft()
                self._settle(request, serial, verdict)
                if self._queue and boot == self._boot:
                    self._next()

        self._network.post(posting, answered)

    def _settle(self, request: Request, serial: int, verdict: Verdict) -> None:
        if isinstance(verdict, Accepted):
            heard = verdict.answered and not request.sms.silent
            if heard:
                self.tell(request.sms, serial, Answer(), request.sms.references[request.index - 1])
            request.answered(Answer() if heard else None)
            return
        answer = _failure(verdict)
        self.tell(request.sms, serial, answer)
        request.answered(answer)

    def tell(self, sms: Sms, serial: int, answer: Answer, reference: int = 0) -> None:
        """A line about what came of a part."""
        response = f"{{ mMessageRef = {reference}, mErrorCode = {answer.cause}, mAckPdu = null"
        response += f",{about(sms, self._state.sdk)}}}" if about(sms, self._state.sdk) else "}"
        if answer.result:
            error = ERRORS.get(answer.result, "GENERIC_FAILURE")
            response = f"error: com.android.internal.telephony.CommandException: {error} ret={response}"
        self._say(f"[{serial:04}]< SEND_SMS {response} [PHONE0]")

    def _say(self, text: str) -> None:
        if not self._state.faults.log_silent:
            self._log.write("RILJ", text, thread=THREAD)
