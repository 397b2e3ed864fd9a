"""The queue of one endpoint: delivers in order, one attempt at a time."""

import asyncio
import contextlib
import heapq
import logging
import random
from collections import deque
from dataclasses import replace
from typing import Protocol

from bridge.errors import StoreUnavailable
from bridge.model.event import Event
from bridge.model.webhook import Delivery, DeliveryState, Endpoint
from bridge.ports.clock import Clock
from bridge.ports.store import DeliveryStore
from bridge.retry import retry_until_stored
from bridge.tasks import Tasks
from bridge.telemetry.metrics import Metrics
from bridge.webhooks import retry_policy
from bridge.webhooks.recorder import STORE_AGAIN, Records
from bridge.webhooks.retry_policy import Answer, Verdict

log = logging.getLogger(__name__)

#: rows fetched at a time
BATCH = 100
#: seconds after which a sleeper looks at the clock again: the machine's time may have been set meanwhile
LONGEST_SLEEP = 60.0


class Poster(Protocol):
    """Makes one attempt and returns its result; never raises for a bad receiver."""

    async def __call__(self, endpoint: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        """Make an attempt; `now` is Unix ms, for the signature's time stamp."""
        ...


class EndpointQueue:
    """Delivers to one endpoint; a result is recorded while the next attempt is under way."""

    def __init__(
        self, endpoint: Endpoint, store: DeliveryStore, clock: Clock, post: Poster, tasks: Tasks, metrics: Metrics
    ) -> None:
        self.endpoint = endpoint
        self._store = store
        self._clock = clock
        self._post = post
        self._woken = asyncio.Event()
        self._closing = False
        #: the store may hold rows behind the cursor's batch
        self._news = True
        #: everything owed is to be looked at anew: what was redelivered lies before the cursor
        self._rewind = False
        #: somebody wants an attempt now, whatever the schedule says
        self._asked = False
        #: the endpoint was changed or removed, and the change is still being read
        self._held = False
        self._cursor = 0
        self._line: deque[tuple[Delivery, Event]] = deque()
        #: (due_at, seq) of events that stepped aside
        self._aside: list[tuple[int, int]] = []
        self._aside_was_last = False
        #: attempts in a row that found the receiver down; None until the first row tells
        self._failures: int | None = None
        #: failed attempts before those, while it had been up lately
        self._stumbles = 0
        #: when it took something, monotonic ms; None as long as it did not
        self._succeeded_at: int | None = None
        #: seq of the row in line that was refused last, and how often in a row
        self._refused = (0, 0)
        #: monotonic ms
        self._tried_at = -retry_policy.SCHEDULE.first
        #: where the last attempt went
        self._tried = endpoint.url
        self._records = Records(store, tasks)
        self._metrics = metrics

    # -- told from outside ------------------------------------------------------------------------
    def wake(self) -> None:
        """Something may be waiting, or time has passed."""
        self._news = True
        self._woken.set()

    def hold(self) -> None:
        """Begin no attempt before `look_again`: the endpoint may be gone, paused or elsewhere by now."""
        self._held = True

    def look_again(self, endpoint: Endpoint, ask: bool) -> None:
        """The endpoint or its deliveries changed; `ask` for an attempt now."""
        self.endpoint = endpoint
        self._held = False
        self._rewind = True
        self._asked = self._asked or ask
        self.wake()

    def finish(self) -> None:
        """Start nothing more; `run` returns after the current attempt and its record."""
        self._closing = True
        self.wake()

    # -- the line ---------------------------------------------------------------------------------
    async def run(self) -> None:
        """Deliver until finished."""
        while not self._closing:
            self._woken.clear()
            try:
                await self._step()
            except StoreUnavailable as error:
                log.error(
                    "webhooks to endpoint %s wait for the store: %s", self.endpoint.id, error, extra=self._fields()
                )
                await asyncio.sleep(STORE_AGAIN)
        await self._records.settled()

    async def _step(self) -> None:
        """Make the attempt that is due, or sleep until there is one."""
        if self._rewind:
            await self._start_over()
        if self._is_halted():
            await self._sleep(None)
            return
        await self._records.room()
        while self._news and not self._line:
            await self._fetch()  # again when a whole batch stood aside
        if self._is_halted():
            return
        now = self._clock.now()
        head = self._due(self._line[0][0], now) if self._line else None
        aside = self._aside_due(head, now)
        head_may, aside_may = head is not None and head <= now, aside is not None and aside <= now
        if aside_may and not (head_may and self._aside_was_last):
            await self._attempt_aside()
        elif head_may:
            await self._attempt_head()
        else:
            await self._sleep(min((due for due in (head, aside) if due is not None), default=None))

    def _is_halted(self) -> bool:
        """Whether no attempt may begin, however much is owed."""
        return self.endpoint.paused or self._held

    def _due(self, delivery: Delivery, now: int) -> int:
        """When this delivery may be attempted, Unix ms."""
        # two requests at once are no reason to try twice: a delivery has so many tries and no more
        if self._asked and self._clock.monotonic() >= self._tried_at + retry_policy.SCHEDULE.first:
            return 0
        return _plausible(delivery.due_at, now)

    def _aside_due(self, head: int | None, now: int) -> int | None:
        """When the next delivery set aside may be tried; None without one or while the receiver is down."""
        down = bool(self._failures or self._stumbles) and head is not None and head > now
        return None if down or not self._aside else _plausible(self._aside[0][0], now)

    async def _fetch(self) -> None:
        self._news = False  # before the read: what is owed from here on may be missing in it
        try:
            rows = await self._store.owed(self.endpoint.id, BATCH, self._cursor)
        except StoreUnavailable:
            self._news = True
            raise
        if self._failures is None:
            self._failures = retry_policy.failures_before(rows[0][0], self._clock.now()) if rows else 0
        for delivery, event in rows:
            self._cursor = delivery.seq
            if retry_policy.stands_aside(delivery):
                heapq.heappush(self._aside, (delivery.due_at, delivery.seq))
            else:
                self._line.append((delivery, event))
        self._news = self._news or len(rows) == BATCH

    async def _start_over(self) -> None:
        await self._records.settled()
        self._rewind = False
        self._news = True  # a read that was under way, behind the old cursor, may have taken the news for read
        self._cursor = 0
        self._line.clear()
        self._aside.clear()

    async def _sleep(self, until: int | None) -> None:
        """Sleep until woken, or until a moment (Unix ms)."""
        seconds = None if until is None else min((until - self._clock.now()) / 1000, LONGEST_SLEEP)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    # -- attempts ---------------------------------------------------------------------------------
    async def _attempt_head(self) -> None:
        self._aside_was_last = False
        delivery, event = self._line[0]
        answer = await self._answer(delivery, event)
        refusals = self._count_refusals(delivery, answer)
        after = self._outcome(delivery, answer, refusals)
        if after.state is DeliveryState.OWED and refusals < retry_policy.REFUSALS:
            self._line[0] = (after, event)
        else:
            self._line.popleft()
            if after.state is DeliveryState.OWED:
                heapq.heappush(self._aside, (after.due_at, after.seq))
        await self._write(after, answer)

    async def _attempt_aside(self) -> None:
        self._aside_was_last = True
        _, seq = self._aside[0]
        rows = await self._store.owed(self.endpoint.id, 1, seq - 1)
        if self._is_halted():
            return
        heapq.heappop(self._aside)
        if not rows or rows[0][0].seq != seq:
            return  # it is owed no longer
        delivery, event = rows[0]
        answer = await self._answer(delivery, event)
        after = self._outcome(delivery, answer, delivery.attempts + 1)
        if after.state is DeliveryState.OWED and retry_policy.verdict(answer.status) is Verdict.REFUSED:
            heapq.heappush(self._aside, (after.due_at, seq))
        elif after.state is DeliveryState.OWED:
            # the receiver is down: nobody is refused, and the oldest comes first again
            self._line.appendleft((after, event))
        await self._write(after, answer)

    async def _answer(self, delivery: Delivery, event: Event) -> Answer:
        self._asked = False
        self._tried_at, self._tried = self._clock.monotonic(), self.endpoint.url
        try:
            return await self._post(self.endpoint, delivery, event, self._clock.now())
        except Exception as error:
            log.exception(
                "webhook %s (%s) to endpoint %s",
                delivery.id,
                event.name,
                self.endpoint.id,
                extra=self._fields(delivery),
            )
            return Answer(retry_policy.NOT_MADE, f"internal error: {type(error).__name__}")

    def _count_refusals(self, delivery: Delivery, answer: Answer) -> int:
        """How often the head of the queue was refused in a row, including this answer."""
        if retry_policy.verdict(answer.status) is not Verdict.REFUSED:
            self._refused = (0, 0)
        elif self._refused[0] == delivery.seq:
            self._refused = (delivery.seq, self._refused[1] + 1)
        else:
            self._refused = (delivery.seq, 1)
        return self._refused[1]

    def _outcome(self, delivery: Delivery, answer: Answer, refusals: int) -> Delivery:
        if not answer.hopeless:
            self._follow(retry_policy.verdict(answer.status))
        down = retry_policy.verdict(answer.status) is Verdict.DOWN
        streak, stumbles = ((self._failures or 0), self._stumbles) if down else (refusals, 0)
        chance = random.random()  # noqa: S311 - jitter
        return retry_policy.outcome(delivery, self.endpoint, answer, self._clock.now(), streak, chance, stumbles)

    def _follow(self, meaning: Verdict) -> None:
        """Keep count of how the receiver has been doing."""
        if meaning is Verdict.DELIVERED:
            self._succeeded_at = self._clock.monotonic()
        if meaning is not Verdict.DOWN:
            self._failures = self._stumbles = 0
        elif not self._failures and self._was_up_lately():
            self._stumbles += 1
        else:
            self._failures = (self._failures or 0) + 1

    def _was_up_lately(self) -> bool:
        """An endpoint that has so many attempts and no more does not use them up within seconds."""
        if self.endpoint.max_attempts or self._succeeded_at is None:
            return False
        return self._clock.monotonic() - self._succeeded_at < retry_policy.LATELY

    def _fields(self, delivery: Delivery | None = None) -> dict[str, str]:
        """Log fields that name the webhook."""
        fields = {"sms_endpoint": self.endpoint.id, "sms_account": self.endpoint.account}
        return fields if delivery is None else fields | {"sms_delivery": delivery.id}

    # -- records ----------------------------------------------------------------------------------
    async def _write(self, delivery: Delivery, answer: Answer) -> None:
        self._records.add(delivery)
        self._metrics.attempted_webhook(delivery)
        if delivery.state is DeliveryState.DELIVERED:
            return
        end = ": dead letter" if delivery.state is DeliveryState.DEAD else ""
        said = f"attempt {delivery.attempts}: {delivery.error}{end}"
        told = self._fields(delivery)
        log.warning(
            "webhook %s (%s) to endpoint %s: %s", delivery.id, delivery.event, delivery.endpoint, said, extra=told
        )
        # this row may be written again, and its records must not overtake one another
        await self._records.settled()
        if retry_policy.verdict(answer.status) is Verdict.GONE:
            await self._pause()

    async def _pause(self) -> None:
        url = self._tried
        if self.endpoint.url != url:  # somebody knew that it is gone
            return
        self.endpoint = replace(self.endpoint, paused=True)
        words = "endpoint %s answered 410 Gone: paused; its deliveries wait"
        log.warning(words, self.endpoint.id, extra=self._fields())
        name, reason = self.endpoint.id, "the receiver answered 410 Gone"
        # until it is written, it is paused in here alone, and everybody is shown one that is at work
        await retry_until_stored(lambda: self._store.pause_endpoint(name, url, reason, self._clock.now()))


def _plausible(due_at: int, now: int) -> int:
    """The moment, or 0 when it is implausibly far away because the clock was set back since."""
    return due_at if due_at <= now + 2 * retry_policy.LONGEST_RETRY_AFTER else 0
