"""Telephony between the shell, the store and the network: how Android's framework sends and stores SMS.

The stages and the words of the radio log are those of SMSDispatcher, SmsUsageMonitor and InboundSmsHandler (AOSP
frameworks/opt/telephony), which kept them from Android 6 to 16.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.messages.segmentation import GSM7_PART, UCS2_PART, alphabet, split
from bridge.model.radio import Alphabet, Concat
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.virtual.network.message import SERVICE_CENTRE, Accepted, Posting, Verdict
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.network.timers import Timers
from device_drivers.virtual.phone.provider import MESSAGING, SHELL, Box, Provider
from device_drivers.virtual.phone.radiolog import RadioLog
from device_drivers.virtual.phone.state import State

#: SmsUsageMonitor: segments of one package, within so many ms
MAX_SEGMENTS, PERIOD = 30, 60_000
#: from this release on the SMS app itself is not counted
EXEMPT = 31
#: SMSDispatcher.MO_MSG_QUEUE_LIMIT: requests that wait for somebody to tap on the phone
MAX_WAITING = 5
#: android.telephony.SmsManager.RESULT_ERROR_*
GENERIC_FAILURE, RADIO_OFF, NO_SERVICE, LIMIT_EXCEEDED = 1, 2, 4, 5
#: in the place of the network's cause where Android itself gave up
NO_CAUSE = -1
#: numbers up to this length might cost extra: a person has to agree on the phone
SHORT_CODE = 6


@dataclass(slots=True)
class Sms:
    """A message that an app asked the phone to send."""

    sub_id: int
    recipient: str
    parts: list[str]
    #: as given: None for the SIM's own
    service_centre: str | None = None
    persist: bool = True
    package: str = SHELL
    #: Unix ms by the phone's clock
    at: int = 0
    #: accepted, waiting (for a tap on the phone), sending, sent, failed, lost (the framework dropped it)
    state: str = "accepted"
    error: int = 0
    #: how many parts the network took
    taken: int = 0
    #: TP-MR of the parts
    references: list[int] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """The whole."""
        return "".join(self.parts)


class Telephony:
    """Sends for one phone; one queue per SIM, as the radio takes one message at a time."""

    def __init__(self, network: Network, provider: Provider, log: RadioLog, state: State) -> None:
        self._network = network
        self._provider = provider
        self._log = log
        self._state = state
        self._faults = state.faults
        self._now = state.now
        self._timers = Timers()
        #: everything that apps asked for, oldest first
        self.sent: list[Sms] = []
        self._segments: dict[str, deque[int]] = {}
        self._reference = 0
        #: what was under way before this counts no more
        self._boot = 0

    def restart(self) -> None:
        """The phone process starts anew: what was under way is lost, and nobody was counted."""
        self._boot += 1
        self._timers.close()
        self._segments.clear()

    # -- limits ------------------------------------------------------------------------------------
    def segments(self, package: str = SHELL) -> int:
        """How many segments a package sent within the last minute."""
        sent = self._segments.setdefault(package, deque())
        while sent and sent[0] <= self._now() - PERIOD:
            sent.popleft()
        return len(sent)

    @property
    def waiting(self) -> list[Sms]:
        """What a person would have to agree to on the screen."""
        return [sms for sms in self.sent if sms.state == "waiting"]

    def _admitted(self, sms: Sms) -> bool:
        exempt = sms.package == MESSAGING and self._state.sdk >= EXEMPT
        if exempt or self.segments(sms.package) + len(sms.parts) <= MAX_SEGMENTS:
            self._segments.setdefault(sms.package, deque()).extend([self._now()] * len(sms.parts))
            if self._is_short_code(sms.recipient):
                return self._ask(sms)
            return True
        return self._ask(sms)

    def _is_short_code(self, recipient: str) -> bool:
        return recipient.isdecimal() and len(recipient) <= SHORT_CODE

    def _ask(self, sms: Sms) -> bool:
        """A dialog comes up on the phone, and nobody looks at it."""
        if len(self.waiting) >= MAX_WAITING:
            self._say("Denied because queue limit reached")
            self._fail(sms, LIMIT_EXCEEDED)
        else:
            sms.state = "waiting"
        return False

    # -- sending -----------------------------------------------------------------------------------
    def send(self, sms: Sms) -> None:
        """Take a message from an app; what becomes of it only the store and the log tell."""
        sms.at = self._now()
        if all(sms.sub_id != sim.sub_id for sim in self._state.sims):
            sms.sub_id = self._state.sims[0].sub_id  # an unknown one falls back without a word
        self.sent.append(sms)
        if not self._fits(sms):
            self._say("getSubmitPdu() returned null", "E")
            sms.state = "lost"
        elif self._admitted(sms):
            self._transmit(sms)

    def _fits(self, sms: Sms) -> bool:
        """One encoding for all parts, and each within its room."""
        if len(sms.parts) == 1:
            return bool(sms.recipient) and len(split(sms.parts[0])) == 1
        if alphabet(sms.text) is Alphabet.GSM7:
            # a part of the default alphabet costs what it does within a longer text
            return all(_septets(part) <= GSM7_PART for part in sms.parts)
        return all(len(part.encode("utf-16-le", "replace")) // 2 <= UCS2_PART for part in sms.parts)

    def _transmit(self, sms: Sms) -> None:
        sms.state = "sending"
        if self._faults.airplane:
            self._fail(sms, RADIO_OFF)
        elif self._faults.no_sim:
            self._fail(sms, NO_SERVICE)
        elif not _is_centre(sms.service_centre):
            self._fail(sms, GENERIC_FAILURE)
        elif self._faults.fail_next > 0:
            self._faults.fail_next -= 1
            self._fail(sms, GENERIC_FAILURE)
        else:
            sms.references = [self._next_reference() for _ in sms.parts]
            self._send_part(sms, 1)

    def _next_reference(self) -> int:
        self._reference = (self._reference + 1) % 256
        return self._reference

    def _send_part(self, sms: Sms, index: int) -> None:
        number = next(sim.number for sim in self._state.sims if sim.sub_id == sms.sub_id)
        concat = Concat(sms.references[0], len(sms.parts), index) if len(sms.parts) > 1 else None
        at = self._network_time()
        text, coding = sms.parts[index - 1], alphabet(sms.text)
        pdu = encode_deliver(number, text, sent_at=at, concat=concat, smsc=SERVICE_CENTRE, alphabet=coding)
        posting = Posting(number, sms.recipient, sms.references[index - 1], report=False, pdu=pdu, sent_at=at)
        boot = self._boot
        self._network.post(posting, lambda verdict: self._answered(sms, index, verdict, boot))

    def _network_time(self) -> int:
        return self._now() - self._faults.clock_offset

    def _answered(self, sms: Sms, index: int, verdict: Verdict, boot: int) -> None:
        if isinstance(verdict, Accepted):
            sms.taken += 1
        if boot != self._boot or (isinstance(verdict, Accepted) and not verdict.answered):
            sms.state = "lost"
        elif not isinstance(verdict, Accepted):
            self._fail(sms, verdict, verdict)
        elif index < len(sms.parts):
            self._send_part(sms, index + 1)
        else:
            self._complete(sms)

    def _complete(self, sms: Sms) -> None:
        if self._faults.silent_next > 0:
            self._faults.silent_next -= 1
            sms.state = "lost"
            return
        sms.state = "sent"
        self._say("SMS send complete. Broadcasting intent: null")
        self._store(sms, "Persist SMS into SENT")

    def _fail(self, sms: Sms, error: int, cause: int = NO_CAUSE) -> None:
        """`error` is Android's, `cause` the network's."""
        sms.state, sms.error = "failed", error
        self._say("SMS send failed")
        if self._provider.sdk >= 30:
            self._say(f"SMS failed with error {error}, errorCode {cause}")
        row = self._store(sms, "Persist SMS into FAILED")
        if row is not None:
            self._timers.after(self._faults.failed_after, self._provider.fail, row, error)

    def _store(self, sms: Sms, words: str) -> int | None:
        """Where the framework keeps it: what failed is stored as sent first."""
        if not sms.persist or self._state.locked:
            return None
        self._say(words)
        at = self._now()
        return self._provider.insert(
            type=int(Box.SENT), address=sms.recipient, body=sms.text, date=at, sub_id=sms.sub_id, creator=sms.package,
            read=1, seen=1, restricted=int(sms.package == SHELL),
        )  # fmt: skip

    def _say(self, text: str, level: str = "D") -> None:
        self._log.write("GsmSMSDispatcher", text, level)


def _septets(text: str) -> int:
    return sum(1 if char not in "\f^{}\\[~]|€" else 2 for char in text)


def _is_centre(number: str | None) -> bool:
    """Whether the network can have such a service centre; null stands for the SIM's own."""
    return number is None or number.removeprefix("+").isdecimal()


def parts_of(text: str) -> Sequence[str]:
    """As the SMS app cuts what somebody types."""
    return split(text)
