"""Sends batches: accepts their rows as messages a few at a time, at their pace, each once over crashes.

Few of a batch wait at a time, so that pausing and cancelling take effect at once and other messages are not kept
waiting. Which rows come next is on disk before they are accepted, under an idempotency key; after a crash the same ones
are accepted again, which gives the messages that there are.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from bridge.dataclass import dataclass
from bridge.errors import (
    AccountDisabled,
    BadRequest,
    BridgeError,
    DailyLimit,
    NoSuchThing,
    NotVerified,
    OutOfCredit,
    StoreUnavailable,
)
from bridge.gateway.batch_speed import MINUTE
from bridge.gateway.batches import Batches
from bridge.model.account import Account
from bridge.model.batch import Batch, BatchState, Row, RowState
from bridge.model.message import Draft
from bridge.retry import retry_until_stored
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: messages of one batch that wait at a time, and rows that are accepted together
WINDOW, TOGETHER = 200, 100
#: between looks while one runs
INTERVAL = 0.5  # s
#: a batch that was put off is looked for again after this: the clock may be set
LONGEST_NAP = 30.0  # s
DIALECT = "batch"
_AT = re.compile(r"messages\[(\d+)\]")


@dataclass(slots=True)
class Pace:
    """How many rows were accepted since when, monotonic ms."""

    since: int
    accepted: int = 0


class BatchRunner:
    """Accepts the rows of batches that run. `on_death` is called when it dies of a bug."""

    def __init__(self, batches: Batches, on_death: Callable[[BaseException], None] | None = None) -> None:
        self._batches = batches
        self._store = batches.store
        self._clock = batches.clock
        self._paces: dict[str, Pace] = {}
        self._tasks = Tasks("batches", on_death)

    async def start(self) -> None:
        """Continue the batches that were running."""
        self._tasks.start(self._run(), "rows")

    async def close(self) -> None:
        """Stop accepting rows."""
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            self._batches.woken.clear()
            nap = await retry_until_stored(self._look)
            with suppress(TimeoutError):
                async with asyncio.timeout(nap):
                    await self._batches.woken.wait()

    async def _look(self) -> float | None:
        """Advance each batch; returns seconds to the next check, None to await a start. Raises StoreUnavailable."""
        found = await self._store.running_batches()
        for gone in self._paces.keys() - {batch.id for batch in found}:
            del self._paces[gone]
        naps = []
        for batch in found:
            wait = (batch.plan.not_before - self._clock.now()) / 1000
            if wait > 0:
                naps.append(min(wait, LONGEST_NAP))
                continue
            async with self._batches.turn:
                with suppress(NoSuchThing):  # cancelled and deleted meanwhile
                    await self._advance(batch)
            naps.append(INTERVAL)
        return min(naps, default=None)

    async def _advance(self, batch: Batch) -> None:
        batch = await self._store.batch("", batch.id)
        if batch.state is not BatchState.RUNNING:
            return
        if batch.reserved <= batch.position:
            room = min(TOGETHER, self._allowed(batch), WINDOW - await self._store.under_way(batch.id, 2 * WINDOW))
            rows = await self._store.rows(batch.id, RowState.OK, batch.position, max(room, 1))
            if not rows:
                await self._batches.stop_by_itself(batch, BatchState.DONE)
            if not rows or room <= 0:
                return
            batch = await self._store.reserve_rows(batch.id, rows[-1].row)
        rows = await self._store.rows(batch.id, RowState.OK, batch.position, TOGETHER)
        rows = [row for row in rows if row.row <= batch.reserved]
        if not rows:  # paused or cancelled meanwhile: none was reserved
            return
        try:
            await self._accept(batch, rows)
        except StoreUnavailable:
            raise
        except BridgeError as error:
            log.warning("the batch %s is paused: %s", batch.id, error.message)
            await self._batches.stop_by_itself(batch, BatchState.PAUSED, error.message)

    def _allowed(self, batch: Batch) -> int:
        """How many rows the pace allows now."""
        if not batch.plan.per_minute:
            return TOGETHER
        now = self._clock.monotonic()
        pace = self._paces.setdefault(batch.id, Pace(now))
        return int((now - pace.since) * batch.plan.per_minute / MINUTE) + 1 - pace.accepted

    async def _accept(self, batch: Batch, rows: Sequence[Row]) -> None:
        """Accept rows. Raises what prevents all of them: OutOfCredit, NotVerified, AccountDisabled."""
        account = await self._account(batch)
        drafts = [self._draft(batch, account, row) for row in rows]
        try:
            done = await self._batches.submissions.submit(account, drafts, batch.key)
        except (OutOfCredit, NotVerified):
            raise
        except DailyLimit as error:
            await self._leave_out(batch, [row for row in rows if row.number in error.recipients], error.message)
        except BadRequest as error:
            place = _AT.match(error.field)
            await self._leave_out(batch, [rows[int(place[1])] if place else rows[0]], error.message)
        else:
            names = [(row.row, message.id) for row, message in zip(rows, done.messages, strict=False)]
            try:
                after = await self._store.rows_accepted(batch.id, batch.reserved, names, [])
            except NoSuchThing:  # cancelled and deleted meanwhile, when it did not have these
                await self._batches.cancel_all([message for _, message in names])
                raise
            if after.state is BatchState.CANCELLED:  # meanwhile, by another bridge on the database
                await self._batches.take_back(batch.id)
            if batch.id in self._paces:
                self._paces[batch.id].accepted += len(rows)

    async def _account(self, batch: Batch) -> Account:
        try:
            account = await self._store.account(batch.account)
        except NoSuchThing:
            raise AccountDisabled("The account is gone.") from None
        if account.disabled:
            raise AccountDisabled
        return account

    def _draft(self, batch: Batch, account: Account, row: Row) -> Draft:
        plan, text = batch.plan, self._batches.text(batch, row)
        return Draft(row.number, text, plan.line, tag=plan.tag, dialect=DIALECT, country=plan.country)

    async def _leave_out(self, batch: Batch, rows: Sequence[Row], problem: str) -> None:
        """Mark rows that were refused; the others are tried again without them."""
        bad = [replace(row, state=RowState.BAD, problem=problem) for row in rows]
        await self._store.rows_accepted(batch.id, batch.position, [], bad)
