"""Telephony between the shell, the store and the network: how Android's framework sends and stores SMS.

The stages and the words of the radio log are those of SMSDispatcher, GsmSMSDispatcher, SmsUsageMonitor and
InboundSmsHandler (AOSP frameworks/opt/telephony), which kept most of them from Android 6 to 16.
"""

from collections import deque
from collections.abc import Sequence

from bridge.messages.segmentation import GSM7_PART, UCS2_PART, alphabet, split
from bridge.model.radio import Alphabet
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.network.timers import Timers
from device_drivers.virtual.phone import spelling
from device_drivers.virtual.phone.provider import MESSAGING, SHELL, Box, Provider
from device_drivers.virtual.phone.radio import IDENTIFIED, Answer, Radio, Request, about
from device_drivers.virtual.phone.radiolog import RadioLog
from device_drivers.virtual.phone.sms import Sms
from device_drivers.virtual.phone.state import State

#: SmsUsageMonitor: segments of one package, within so many ms
MAX_SEGMENTS, PERIOD = 30, 60_000
#: from this release on the SMS app itself is not counted
EXEMPT = 31
#: SMSDispatcher.MO_MSG_QUEUE_LIMIT: requests that wait for somebody to tap on the phone
MAX_WAITING = 5
#: android.telephony.SmsManager.RESULT_…
GENERIC_FAILURE, RADIO_OFF, NO_SERVICE, LIMIT_EXCEEDED, FAIL_RETRY, GENERIC_ERROR = 1, 2, 4, 5, 101, 124
#: these results are not worth a line of their own (SmsTracker.reportAnomaly)
ORDINARY = frozenset({RADIO_OFF, NO_SERVICE, LIMIT_EXCEEDED})
#: numbers up to this length might cost extra: a person has to agree on the phone
SHORT_CODE = 6
#: another app that sends now and then
RIVAL = "com.example.reminders"
#: ServiceState.STATE_…
IN_SERVICE, OUT_OF_SERVICE, POWER_OFF = 0, 1, 3


class Telephony:
    """Sends for one phone."""

    def __init__(self, network: Network, provider: Provider, log: RadioLog, state: State) -> None:
        self._provider = provider
        self._log = log
        self._state = state
        self._faults = state.faults
        self._now = state.now
        self._radio = Radio(network, log, state)
        self._timers = Timers()
        #: everything that apps asked for, oldest first
        self.sent: list[Sms] = []
        self._segments: dict[str, deque[int]] = {}

    def restart(self) -> None:
        """The phone process starts anew: what was under way is lost, and nobody was counted."""
        for sms in self.sent:
            if sms.state in ("accepted", "waiting", "sending"):
                sms.state = "lost"
        self._radio.restart()
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
            self._say("Denied because queue limit reached", "E")
            sms.state, sms.error = "failed", LIMIT_EXCEEDED
            self._store(sms, Box.FAILED, LIMIT_EXCEEDED)
        else:
            sms.state = "waiting"
        return False

    # -- sending -----------------------------------------------------------------------------------
    def send(self, sms: Sms) -> None:
        """Take a message from an app; what becomes of it only the store and the log tell."""
        sms.at = self._now()
        if self._state.active and all(sms.sub_id != card.sub_id for card in self._state.active):
            sms.sub_id = self._state.active[0].sub_id  # an unknown one falls back without a word
        self.sent.append(sms)
        if sms.package == SHELL and sms.sub_id in self._state.hidden():
            sms.state = "lost"  # only a sentIntent would hear of it (SmsController)
            return
        if self._state.sdk >= IDENTIFIED:
            self._say(f"sendText id:{self._about(sms)}")
        if not self._fits(sms):
            self._say(f"getSubmitPdu() returned null{self._about(sms)}", "E")
            sms.state = "lost"
        elif self._admitted(sms):
            self._accompany(sms)
            self._transmit(sms)

    def _accompany(self, sms: Sms) -> None:
        """Another app sends at the same moment."""
        if sms.package != SHELL:
            return
        if self._faults.use_up("rival_fails_next"):
            self.send_for_rival(sms.recipient, "reminder", sms.sub_id, fail=True)
        if self._faults.use_up("rival_sends_next"):
            self.send_for_rival(sms.recipient, sms.text, sms.sub_id)

    def send_for_rival(self, to: str, text: str, sub_id: int, *, fail: bool = False) -> Sms:
        """Another app sends a message of its own."""
        # without a service centre the radio gets nothing to do and says no at once
        sms = Sms(sub_id, to, list(parts_of(text)), "null" if fail else None, package=RIVAL)
        self.send(sms)
        return sms

    def _fits(self, sms: Sms) -> bool:
        """One encoding for all parts, and each within its room."""
        if len(sms.parts) == 1:
            return bool(sms.recipient) and len(split(sms.parts[0])) == 1
        if alphabet(sms.text) is Alphabet.GSM7:
            # a part of the default alphabet costs what it does within a longer text
            return all(_septets(part) <= GSM7_PART for part in sms.parts)
        return all(len(part.encode("utf-16-le", "replace")) // 2 <= UCS2_PART for part in sms.parts)

    def _transmit(self, sms: Sms) -> None:
        sms.state, sms.silent = "sending", self._faults.use_up("silent_next")
        sms.references = [self._radio.reference() for _ in sms.parts]
        for index in range(1, len(sms.parts) + 1):
            self._send_part(sms, index)

    def _send_part(self, sms: Sms, index: int, tries: int = 0) -> None:
        service = self._service(sms)
        self._say(
            f"sendSms:  isIms()=false mRetryCount={tries} mImsRetry=0 mMessageRef=0 mUsesImsServiceForIms=false "
            f"SS={service}{self._about(sms)}",
            tag="GsmSMSDispatcher",
        )
        if service != IN_SERVICE:
            result = RADIO_OFF if service == POWER_OFF else NO_SERVICE
            self._settle(sms, Answer(result))
        elif not _is_centre(sms.service_centre) or self._faults.use_up("fail_next"):
            answer = Answer(GENERIC_ERROR if self._state.sdk >= IDENTIFIED else GENERIC_FAILURE)
            self._radio.tell(sms, 0, answer)
            self._answered(sms, index, tries, answer)
        elif self._faults.use_up("retry_next"):
            self._radio.tell(sms, 0, Answer(FAIL_RETRY))
            self._answered(sms, index, tries, Answer(FAIL_RETRY))
        else:
            sender = next(card.number for card in self._state.active if card.sub_id == sms.sub_id)
            self._radio.send(Request(sms, index, sender, lambda answer: self._answered(sms, index, tries, answer)))

    def _service(self, sms: Sms) -> int:
        if self._faults.airplane:
            return POWER_OFF
        return IN_SERVICE if any(sms.sub_id == card.sub_id for card in self._state.active) else OUT_OF_SERVICE

    def _answered(self, sms: Sms, index: int, tries: int, answer: Answer | None) -> None:
        if sms.package == SHELL and self._faults.use_up("telephony_dies_next"):
            self.restart()
        if answer is None or sms.state == "lost":
            sms.state = "lost"
        elif answer.result:
            self._debug(f"SMS send failed{self._about(sms)}")
            if answer.result == FAIL_RETRY:
                self._timers.after(self._faults.retry_after, self._retry, sms, index, tries + 1)
            else:
                self._settle(sms, answer)
        else:
            self._complete(sms)

    def _retry(self, sms: Sms, index: int, tries: int) -> None:
        self._say("SMS retry..")
        self._send_part(sms, index, tries)

    def _complete(self, sms: Sms) -> None:
        self._debug(f"SMS send complete. Broadcasting intent: null{self._about(sms)}")
        self._settle(sms, Answer())

    def _settle(self, sms: Sms, answer: Answer) -> None:
        """One part is over; with the last of them the message is."""
        sms.settled += 1
        sms.error = answer.result or sms.error
        if sms.settled == len(sms.parts):
            sms.state = "failed" if sms.error else "sent"
            self._store(sms, Box.FAILED if sms.error else Box.SENT, max(answer.cause, 0) or sms.error)
        if answer.result and answer.result not in ORDINARY and self._state.sdk >= IDENTIFIED:
            self._say(f"SMS failed with error {answer.result}, errorCode {answer.cause}")

    # -- the store ---------------------------------------------------------------------------------
    def _store(self, sms: Sms, box: Box, error: int) -> None:
        """Where the framework keeps it: what failed is stored as sent first."""
        if not sms.persist or self._state.locked:
            return
        self._say(f"Persist SMS into {box.name}")
        if self._faults.store_lag:
            self._timers.after(self._faults.store_lag, self._insert, sms, box, error)
        else:
            self._insert(sms, box, error)

    def _insert(self, sms: Sms, box: Box, error: int) -> None:
        row = self._provider.insert(
            type=int(Box.SENT), address=spelling.written(sms.recipient, self._faults), body=sms.text, date=self._now(),
            sub_id=sms.sub_id, creator=None if self._faults.no_creators else sms.package, read=1, seen=1,
            restricted=int(sms.package == SHELL),
        )  # fmt: skip
        if box is Box.FAILED:
            self._timers.after(self._faults.failed_after, self._provider.fail, row, error)
        elif self._faults.sent_deleted_after is not None:
            self._timers.after(self._faults.sent_deleted_after, self._provider.delete, row)

    # -- the log -----------------------------------------------------------------------------------
    def _about(self, sms: Sms) -> str:
        return about(sms, self._state.sdk)

    def _debug(self, text: str) -> None:
        if self._faults.log_debug:
            self._say(text)

    def _say(self, text: str, level: str = "D", tag: str = "SMSDispatcher") -> None:
        if not self._faults.log_silent:
            self._log.write(tag, text, level)


def _septets(text: str) -> int:
    return sum(1 if char not in "\f^{}\\[~]|€" else 2 for char in text)


def _is_centre(number: str | None) -> bool:
    """Whether the network can have such a service centre; null stands for the SIM's own."""
    return number is None or number.removeprefix("+").isdecimal()


def parts_of(text: str) -> Sequence[str]:
    """As the SMS app cuts what somebody types."""
    return split(text)
