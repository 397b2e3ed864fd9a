"""The service centre: accepts messages, keeps those it cannot deliver yet, and sends delivery reports."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Protocol

from bridge.dataclass import dataclass
from device_drivers.gsm_modem.pdu import encode_report
from device_drivers.virtual.network.handset import Handset
from device_drivers.virtual.network.message import SERVICE_CENTRE, Accepted, Posting, Verdict, now
from device_drivers.virtual.network.rules import Rules
from device_drivers.virtual.network.timers import Timers

#: TP-ST "not obtainable" (TS 23.040 §9.2.3.15): nobody has this number
NOT_OBTAINABLE = 0x43
#: +CMS ERROR of a recipient that is no number (TS 24.011 annex E-2)
UNASSIGNED = 1
#: +CMS ERROR of a line without coverage (TS 27.005 §3.2.5)
NO_SERVICE = 331
#: the centre tells what it could not deliver yet from this TP-ST on
NOT_DELIVERED = 0x20


class Subscriber(Protocol):
    """What has a number: a handset or a modem."""

    @property
    def number(self) -> str:
        """With + and country code."""
        ...

    def take(self, pdu: str) -> bool:
        """An SMS-DELIVER or SMS-STATUS-REPORT arrives; False when there is no room or no reception for it."""
        ...

    def take_report(self, pdu: str) -> bool:
        """Like `take`, for a status report."""
        ...


@dataclass(slots=True)
class _Transfer:
    """Something on its way to a subscriber."""

    pdu: str
    report: bool = False
    delivered: Callable[[], None] | None = None


class Network:
    """Carries SMS between numbers, on the running event loop. Never blocks."""

    def __init__(self, seed: int = 0) -> None:
        self.rules = Rules()
        self._random = random.Random(seed)  # noqa: S311 - losses that can be repeated, no secret
        self._timers = Timers()
        #: number → what ends its outage
        self._outages: dict[str, asyncio.Handle] = {}
        #: everybody who ever took part
        self._subscribers: dict[str, Subscriber] = {}
        #: those who are switched on
        self._present: set[str] = set()
        #: what waits for a subscriber who is away or full, oldest first; one for each of them
        self._held: dict[str, deque[_Transfer]] = {}
        self._listeners: list[Callable[[Posting, int], None]] = []

    # -- who takes part ---------------------------------------------------------------------------
    def handset(self, number: str) -> Handset:
        """The phone with this number; a new one when there is none yet. Raises ValueError when a modem has it."""
        known = self._subscribers.get(number)
        if known is None:
            known = Handset(number, self.carry)
            self.attach(known)
        if not isinstance(known, Handset):
            raise ValueError(f"{number} is a modem's number")
        return known

    def attach(self, subscriber: Subscriber) -> None:
        """It is switched on: what was held for it comes now."""
        self._subscribers[subscriber.number] = subscriber
        self._present.add(subscriber.number)
        self._held.setdefault(subscriber.number, deque())
        self.retry(subscriber.number)

    def detach(self, subscriber: Subscriber) -> None:
        """It is switched off: what comes for it waits. Harmless when it was."""
        if self._subscribers.get(subscriber.number) is subscriber:
            self._present.discard(subscriber.number)

    @property
    def numbers(self) -> list[str]:
        """Every number that was ever attached."""
        return list(self._held)

    def find(self, number: str) -> str | None:
        """The full number that a sender means: also 00 for +, without either, or the last seven digits or more."""
        if number in self._held:
            return number
        digits = number.removeprefix("+").removeprefix("00").lstrip("0")
        if f"+{digits}" in self._held:
            return f"+{digits}"
        meant = [known for known in self._held if len(digits) >= 7 and known.endswith(digits)]
        return meant[0] if len(meant) == 1 else None

    def held(self, number: str) -> int:
        """How many messages and reports wait for a number."""
        return len(self._held.get(number, ()))

    def listen(self, heard: Callable[[Posting, int], None]) -> None:
        """From now on `heard` gets each message that goes on air, and in how many copies it arrives: 0, 1 or 2."""
        self._listeners.append(heard)

    def outage(self, seconds: float, cause: int = NO_SERVICE, number: str = "") -> None:
        """For so long each message meets this +CMS ERROR: those of one line, or of all. 0 ends it."""
        if number in self._outages:
            self._outages.pop(number).cancel()
        self.rules.outage.pop(number, None)
        if seconds > 0:
            self.rules.outage[number] = cause
            self._outages[number] = self._timers.after(seconds, self._recover, number)

    def _recover(self, number: str) -> None:
        self._outages.pop(number, None)
        self.rules.outage.pop(number, None)

    def close(self) -> None:
        """Drop everything that was to happen later."""
        self._timers.close()

    def now(self) -> int:
        """Unix ms by the service centre's clock."""
        return now() + round(self.rules.clock_ahead * 1000)

    # -- sending ----------------------------------------------------------------------------------
    def post(self, posting: Posting, answer: Callable[[Verdict], None]) -> None:
        """Take a message; `answer` hears what the radio would tell the modem."""
        if self.rules.send_latency > 0:
            self._timers.after(self.rules.send_latency, self._settle, posting, answer)
        else:
            self._settle(posting, answer)

    def _settle(self, posting: Posting, answer: Callable[[Verdict], None]) -> None:
        code = self._refusal(posting)
        if code is not None:
            answer(code)
            return
        answered = self.rules.lose_answer_next <= 0
        if not answered:
            self.rules.lose_answer_next -= 1
        answer(Accepted(answered))
        self.carry(posting)

    def _refusal(self, posting: Posting) -> int | None:
        outage = self.rules.outage
        if (code := outage.get(posting.sender, outage.get(""))) is not None:
            return code
        if not posting.recipient.removeprefix("+").isdecimal():
            return UNASSIGNED
        if self.rules.refuse_next:
            return self.rules.refuse_next.pop(0)
        refuse = self.rules.refuse
        return refuse.get(posting.recipient, refuse.get(self.find(posting.recipient) or ""))

    def carry(self, posting: Posting) -> None:
        """Bring an accepted message to its recipient, by the rules."""
        copies = 0 if self._chance(self.rules.loss) else 2 if self._chance(self.rules.duplicate) else 1
        for heard in self._listeners:
            heard(posting, copies)
        for _ in range(copies):
            self._timers.after(self.rules.delivery_delay, self._deliver, posting)

    def _chance(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    def _deliver(self, posting: Posting) -> None:
        number = self.find(posting.recipient)
        if number is None and self.rules.everybody:
            number = self.handset(posting.recipient).number
        status = self.rules.report_status.get(number or posting.recipient, 0)
        if number is None:
            self._report(posting, status or NOT_OBTAINABLE)
        elif status >= NOT_DELIVERED:
            self._report(posting, status)
        else:
            self._hand(number, _Transfer(posting.pdu, delivered=lambda: self._report(posting, status)))

    # -- reporting --------------------------------------------------------------------------------
    def _report(self, posting: Posting, status: int) -> None:
        if posting.report and self.rules.reports:
            self._timers.after(self.rules.report_delay, self.report, posting, status)

    def report(self, posting: Posting, status: int) -> None:
        """Tell the sender what became of a message (TP-ST); also one that it sent long ago."""
        recipient = self.find(posting.recipient) or posting.recipient
        times = {"sent_at": posting.sent_at, "done_at": self.now()}
        pdu = encode_report(recipient, posting.reference, status, **times, smsc=SERVICE_CENTRE)
        if posting.sender in self._held:
            self._hand(posting.sender, _Transfer(pdu, report=True))

    # -- handing over -----------------------------------------------------------------------------
    def _hand(self, number: str, transfer: _Transfer) -> None:
        held = self._held[number]
        held.append(transfer)
        if len(held) == 1:
            self._drain(number)

    def retry(self, number: str) -> None:
        """There is room or reception again for a number: deliver what was held, in order."""
        if self._held.get(number):
            self._timers.after(0, self._drain, number)

    def _drain(self, number: str) -> None:
        held = self._held[number]
        subscriber = self._subscribers[number]
        while held and number in self._present:
            transfer = held[0]
            taken = subscriber.take_report(transfer.pdu) if transfer.report else subscriber.take(transfer.pdu)
            if not taken:
                return
            held.popleft()
            if transfer.delivered is not None:
                transfer.delivered()
