"""Sending: each line has a sender that claims, sends, records and retries.

What a link raises decides everything (`bridge.errors.LinkError`). The intent of each part is on disk
before the device is touched; its outcome is on disk before the lane goes on. The outcome of one
message and the claim of the next share a commit.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import TypeVar

from bridge.devices.idle import IdleLines
from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.messages import routing
from bridge.messages.outcomes import SendingRules, refused, unknown
from bridge.messages.segmentation import GSM7_SINGLE, alphabet
from bridge.model.line import Line, LineState
from bridge.model.message import Message, State
from bridge.model.radio import Outgoing, Sent
from bridge.ports.clock import Clock
from bridge.ports.driver import Link, Paced
from bridge.ports.store import SendingStore
from bridge.ports.store_rows import Claim, Outcome
from bridge.retry import retry_until_stored
from bridge.telemetry.metrics import Metrics

log = logging.getLogger(__name__)
T = TypeVar("T")

#: "no credit" is also what a barred number answers; only when so many different ones hear it, it is the line's trouble
BROKE_AFTER = 3
_OUT = frozenset({State.SENT, State.DELIVERED})
#: the shortest validity worth asking the network for
MIN_VALIDITY = 300  # s
#: a line that may not send now looks whether it may again
LOOK_INTERVAL = 1.0  # s


class LineUnusable(Exception):
    """The network refuses the line itself; its lane has stopped. The words are for a person."""


class LineSender:
    """One line's way out. `run` ends by DeviceLost or LineUnusable, or after `stop`."""

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
        #: the line as it is at the moment of the call
        self._line = line
        self._clock = clock
        self._rules = rules
        #: where it waits to be called while there is nothing to send
        self._idle = idle
        self._metrics = metrics or Metrics()
        self._woken = asyncio.Event()
        #: routes of messages that this line was called for and has not asked for yet
        self._calls: list[str] = []
        #: seconds until it asks again without being called; None for never
        self._patience: float | None = None
        self._stopping = False
        #: recipients that were refused for lack of credit since the last success
        self._broke: set[str] = set()
        # a device that takes a long text in one piece leaves one whole
        self._whole = len(link.split("x" * (GSM7_SINGLE + 1))) == 1

    def call(self, route: str) -> None:
        """There is a message of this route for it to ask for."""
        self._calls.append(route)
        self._woken.set()

    def stop(self) -> None:
        """End after the part that is in the device's hands now."""
        self._stopping = True
        self._woken.set()

    async def rest(self, seconds: float) -> bool:
        """Do nothing for a while; True when `stop` ended it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._stopping:
                    self._woken.clear()
                    await self._woken.wait()
        return self._stopping

    async def run(self) -> None:
        """Send until the device is lost, the line unusable, or `stop`."""
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
        """The next message for this line; while there is none it is among the idle."""
        claim = await retry_until_stored(self._ask)
        if claim is not None:
            self._idle.remove(self)
            if claim.message.route in self._calls:
                self._calls.remove(claim.message.route)
            self._pass_on()
        return claim

    async def _ask(self) -> Claim | None:
        self._woken.clear()
        line = self._line()
        self._patience = self._hindrance(line)
        if self._patience is not None:
            self._idle.remove(self)
            self._pass_on()
            return None
        routes, heeded = routing.routes(line), len(self._calls)
        # before the store is asked: for a message that comes between its answer and ours somebody must be there
        self._idle.add(self, routes)
        claim = await self._store.claim(line.name, routes, self._clock.now(), self._whole, line.sim)
        if claim is None:  # others were quicker
            del self._calls[:heeded]
        return claim

    def _hindrance(self, line: Line) -> float | None:
        """Seconds after which to look whether this line may send; None when it may."""
        if self._stopping or line.state is not LineState.READY:
            return LOOK_INTERVAL
        pause = self._link.pause(line.name) if isinstance(self._link, Paced) else 0.0
        return pause if pause > 0 else None

    def _pass_on(self) -> None:
        """What it was called for is for another line to ask for."""
        calls, self._calls = self._calls, []
        for route in calls:
            self._idle.call(route)

    async def _record(self, outcome: Outcome) -> None:
        message = await retry_until_stored(lambda: self._store.record(outcome, self._clock.now()))
        if outcome.state in _OUT and message.state in _OUT:
            waited = message.sent_at - max(message.created_at, message.not_before)
            self._metrics.sent(message.account, self._line().name, waited)

    async def _carry(self, claim: Claim) -> Claim | None:
        """Send what is missing of a message; returns the next claim."""
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
            await asyncio.gather(self._record(outcome), self._intend(message, following))
        _, claimed = await asyncio.gather(self._record(outcome), self._claim())
        return claimed

    async def _intend(self, message: Message, index: int) -> None:
        line = self._line()
        await retry_until_stored(lambda: self._store.intend(message.id, index, line.name, self._clock.now(), line.sim))

    async def _send(self, claim: Claim, index: int, texts: Sequence[str]) -> Outcome:
        """Hand one part to the device; how that ended. Raises what ends the lane, after writing it down."""
        message, now = claim.message, self._clock.now
        try:
            sent = await self._hand_over(self._outgoing(claim, index, texts))
        except SendRefused as refusal:
            outcome = refused(message, index, self._weighed(refusal, message), self._rules, now())
            if outcome.state is State.QUEUED and not outcome.counts:
                await self._record(outcome)
                raise LineUnusable(refusal.cause) from refusal
            return outcome
        except OutcomeUnknown as error:
            return unknown(message, index, error.message, now())
        except DeviceLost as error:
            await self._record(Outcome(message.id, index, State.QUEUED, error=error.message, retry_at=now()))
            raise
        except asyncio.CancelledError:
            await self._record(unknown(message, index, "the bridge was stopped while the device had it", now()))
            raise
        except Exception as error:
            told = {"sms_line": self._line().name, "sms_message": message.id, "sms_account": message.account}
            log.exception("the driver of %s broke its contract", self._line().name, extra=told)
            return unknown(message, index, f"the driver failed: {error}", now())
        self._broke.clear()
        self._metrics.parts.add(self._line().name, by=message.parts if self._whole else 1)
        self._metrics.last_sent.set(now() / 1000, self._line().name)
        return Outcome(message.id, index, sent.state, sent.reference, reports=self._line().reports)

    async def _hand_over(self, outgoing: Outgoing) -> Sent:
        """Into the device's hands, counted and timed. Raises what `Link.send` does."""
        line, began = self._line().name, time.perf_counter()
        try:
            sent = await self._link.send(line, outgoing)
        except BaseException as error:
            self._metrics.attempted(line, time.perf_counter() - began, error)
            raise
        self._metrics.attempted(line, time.perf_counter() - began)
        return sent

    def _weighed(self, refusal: SendRefused, message: Message) -> SendRefused:
        """A lack of credit is taken for the one number's trouble until several numbers have met it in a row."""
        if refusal.refusal is not Refusal.CREDIT:
            return refusal
        self._broke.add(message.recipient)
        if len(self._broke) >= BROKE_AFTER:
            return refusal
        return SendRefused(refusal.cause, Refusal.TEMPORARY)

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
            alphabet=alphabet(message.text),
        )
