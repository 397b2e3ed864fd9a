"""Sends: for each line, claims a message, hands over its parts, records outcomes and retries.

What a link raises decides everything (`bridge.errors.LinkError`). The intent of each part is on disk
before the device is touched; its outcome is on disk before the line goes on. The outcome of one
message and the claim of the next share a commit. A line that is refused as a whole rests; then one
message tries whether it is still so.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from typing import TypeVar

from bridge.devices.blame import Blame
from bridge.devices.idle import IdleLines
from bridge.devices.rest import SCHEDULES, Rest
from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.messages import routing
from bridge.messages.outcomes import SendingRules, refused, unknown
from bridge.messages.segmentation import GSM7_SINGLE, alphabet
from bridge.model.line import Line, LineState
from bridge.model.message import SIM_ROUTE, Message, State
from bridge.model.radio import Outgoing, Sent
from bridge.ports.clock import Clock
from bridge.ports.driver import Link, Paced
from bridge.ports.store import SendingStore
from bridge.ports.store_rows import Claim, Outcome
from bridge.retry import retry_until_stored
from bridge.telemetry.metrics import Metrics

log = logging.getLogger(__name__)
T = TypeVar("T")

_OUT = frozenset({State.SENT, State.DELIVERED})
#: the shortest validity worth asking the network for
MIN_VALIDITY = 300  # s
#: a line that may not send now looks whether it may again
LOOK_INTERVAL = 1.0  # s


class LineSender:
    """Sends on one line. `run` ends by DeviceLost, or after `stop`."""

    def __init__(
        self,
        store: SendingStore,
        link: Link,
        line: Callable[[], Line],
        *,
        clock: Clock,
        rules: SendingRules,
        idle: IdleLines,
        metrics: Metrics | None = None,
    ) -> None:
        self._store = store
        self._link = link
        self._paced = link if isinstance(link, Paced) else None
        #: the line as it is at the moment of the call
        self._line = line
        self._clock = clock
        #: for the next refusal
        self.rules = rules
        #: where it waits to be called while there is nothing to send
        self._idle = idle
        self._metrics = metrics or Metrics()
        self._woken = asyncio.Event()
        #: routes of messages that this line was called for and has not asked for yet
        self._calls: list[str] = []
        #: seconds until it asks again without being called; None for never
        self._patience: float | None = None
        self._stopping = False
        #: the device has a part in its hands
        self.on_air = False
        self._asked = 0  # of the store, at this moment
        #: why nothing goes out now, and for how long that is left alone
        self.rest = Rest()
        self._blame = Blame()
        #: the message whose refusal began the rest
        self._refused = ""
        #: the device itself said that the line cannot send
        self._away = False
        # a device that takes a long text in one piece leaves one whole
        self._whole = len(link.split("x" * (GSM7_SINGLE + 1))) == 1

    def call(self, route: str) -> None:
        """A message of this route is due for this line to claim."""
        self._calls.append(route)
        self._woken.set()

    def look(self) -> None:
        """The line's health has changed, or there may be a message for it that nobody told of."""
        self._woken.set()

    def stop(self) -> None:
        """Stop after the part that the device is handling now."""
        self._stopping = True
        self._woken.set()

    @property
    def is_storing(self) -> bool:
        """Whether it waits for the store: cut off now, what it has in hand would be nobody's until the next start."""
        return self._asked > 0

    @contextmanager
    def _storing(self) -> Iterator[None]:
        self._asked += 1
        try:
            yield
        finally:
            self._asked -= 1

    async def run(self) -> None:
        """Send until the device is lost, or `stop`."""
        claim: Claim | None = None
        try:
            claim = await self._claim()
            while not self._stopping:
                claim = await (self._claim_later() if claim is None else self._carry(claim))
            if claim is not None:
                await self._record(Outcome(claim.message.id, claim.index, State.QUEUED))
        finally:
            self._idle.remove(self)
            self._pass_on()

    async def _claim_later(self) -> Claim | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await self._woken.wait()
        return await self._claim()

    async def _claim(self) -> Claim | None:
        """Claim the next message for this line; without one, join the idle lines."""
        claim = await retry_until_stored(self._ask)
        if claim is not None:
            self._idle.remove(self)
            self._pass_on()
        return claim

    async def _ask(self) -> Claim | None:
        self._woken.clear()
        line = self._line()
        self._patience = self._hindrance(line)
        if self._patience is None and self.rest.reason:
            await self._link.refresh()
            self._patience = self._hindrance(self._line())
        if self._patience is not None:
            self._idle.remove(self)
            self._pass_on()
            return None
        routes, heeded = self._routes(line), len(self._calls)
        # before the store is asked: for a message that comes between its answer and ours somebody must be there
        self._idle.add(self, routes)
        with self._storing():
            claim = await self._store.claim(line.name, routes, self._clock.now(), self._whole, line.sim)
        if claim is None:  # others were quicker
            del self._calls[:heeded]
            self.rest.give_credit()
        elif claim.message.route in self._calls[:heeded]:  # a call that came since is for another message
            self._calls.remove(claim.message.route)
        return claim

    def _routes(self, line: Line) -> Sequence[str]:
        """The routes of what this line can carry: the rest of a text is not for a device that takes texts whole."""
        routes = routing.routes(line)
        return [route for route in routes if not route.startswith(SIM_ROUTE)] if self._whole else routes

    def _hindrance(self, line: Line) -> float | None:
        """Seconds until this line should be checked again; None when it may send now."""
        if self._stopping:
            return LOOK_INTERVAL
        if line.state is not LineState.READY:
            self._away = True
            return LOOK_INTERVAL
        if self._away:  # whatever it was refused for belongs to the time before that
            self._away = False
            self.rest.cut_short()
        if left := self.rest.left(asyncio.get_running_loop().time()):
            return min(left, LOOK_INTERVAL)
        pause = self._paced.pause(line.name) if self._paced is not None else 0.0
        return pause if pause > 0 else None

    def _pass_on(self) -> None:
        """Call another idle line for the message this one was called for."""
        calls, self._calls = self._calls, []
        for route in calls:
            self._idle.call(route)

    async def _record(self, outcome: Outcome) -> None:
        with self._storing():
            message = await retry_until_stored(lambda: self._store.record(outcome, self._clock.now()))
        if outcome.state in _OUT and message.state in _OUT:
            waited = message.sent_at - max(message.created_at, message.not_before)
            self._metrics.sent(message.account, self._line().name, waited)

    async def _carry(self, claim: Claim) -> Claim | None:
        """Send the missing parts of a message; returns the next claim."""
        message, texts = claim.message, self._link.split(claim.message.text)
        missing = [index for index in range(1, len(texts) + 1) if index not in claim.done]
        for index, following in zip_longest(missing, missing[1:]):
            outcome = await self._send(claim, index, texts)
            if following is None or outcome.state not in (State.SENT, State.DELIVERED):
                break
            # what is gathered is handed over in one turn of the loop, so both are in one commit
            if self._stopping:
                await asyncio.gather(self._record(outcome), self._record(Outcome(message.id, following, State.QUEUED)))
                return None
            _, goes_on = await asyncio.gather(self._record(outcome), self._intend(message, following))
            if not goes_on:
                await self._record(Outcome(message.id, following, State.QUEUED))
                return None
        _, claimed = await asyncio.gather(self._record(outcome), self._claim())
        return claimed

    async def _intend(self, message: Message, index: int) -> bool:
        """Write down that a part is about to be handed over; False when this line was to stop meanwhile."""
        line = self._line()
        with self._storing():
            now = self._clock.now
            await retry_until_stored(lambda: self._store.intend(message.id, index, line.name, now(), line.sim))
        return not self._stopping

    async def _send(self, claim: Claim, index: int, texts: Sequence[str]) -> Outcome:
        """Hand one part to the device and record the outcome. Raises what ends the lane, after recording."""
        message, now = claim.message, self._clock.now
        try:
            sent = await self._hand_over(self._outgoing(claim, index, texts))
        except SendRefused as refusal:
            return self._refusal(message, index, self._blame.judge(refusal, message.recipient))
        except OutcomeUnknown as error:
            if self._blame.doubt():
                self._begin_rest(Refusal.NETWORK, f"the last messages went without an answer ({error.message})")
            return unknown(message, index, error.message, now())
        except DeviceLost as error:
            await self._record(Outcome(message.id, index, State.QUEUED, error=error.message, retry_at=now()))
            raise
        except asyncio.CancelledError:
            # where the store refuses until the bridge ends, the next start finds the intent and comes to the same end
            await self._record(unknown(message, index, "the bridge was stopped while the device had it", now()))
            raise
        except Exception as error:
            told = {"sms_line": self._line().name, "sms_message": message.id, "sms_account": message.account}
            log.exception("the driver of %s broke its contract", self._line().name, extra=told)
            return unknown(message, index, f"the driver failed: {error}", now())
        self._blame.succeeded(message.recipient)
        self.rest.end()
        line = self._line()
        self._metrics.parts.add(line.name, by=message.parts if self._whole else 1)
        self._metrics.last_sent.set(now() / 1000, line.name)
        return Outcome(message.id, index, sent.state, sent.reference, reports=line.reports)

    async def _hand_over(self, outgoing: Outgoing) -> Sent:
        """Hand a part to the device, with metrics. Raises what `Link.send` raises."""
        line, began = self._line().name, time.perf_counter()
        self.on_air = True
        try:
            sent = await self._link.send(line, outgoing)
        except BaseException as error:
            self._metrics.attempted(line, time.perf_counter() - began, error)
            raise
        finally:
            self.on_air = False
        self._metrics.attempted(line, time.perf_counter() - began)
        return sent

    def _refusal(self, message: Message, index: int, refusal: SendRefused) -> Outcome:
        """The outcome of a refused part, and the consequence for the line."""
        rest = 0
        if refusal.refusal in SCHEDULES:
            seconds = self._begin_rest(refusal.refusal, refusal.cause)
            # at once for another line; but the next to try with this one is another message, should it be about this
            rest = round(seconds * 1000) if self._refused == message.id else 0
            self._refused = message.id
        return refused(message, index, refusal, self.rules, self._clock.now(), rest)

    def _begin_rest(self, kind: Refusal, cause: str) -> float:
        self._metrics.rests.add(self._line().name, kind)
        return self.rest.begin(kind, cause, asyncio.get_running_loop().time())

    def _outgoing(self, claim: Claim, index: int, texts: Sequence[str]) -> Outgoing:
        message = claim.message
        left = (message.expires_at - self._clock.now()) // 1000
        return Outgoing(
            message=message.id,
            recipient=message.recipient,
            text=texts[index - 1],
            index=index,
            total=len(texts),
            concat_ref=claim.concat_ref,
            report=message.report,
            validity=max(MIN_VALIDITY, left) if message.expires_at else 0,
            expires_at=message.expires_at,
            alphabet=alphabet(message.text),
            media=message.media,
        )
