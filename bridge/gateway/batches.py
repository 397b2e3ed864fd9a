"""Batches as callers see them: upload, check, start, pause, cancel."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from bridge.errors import BadRequest, NoSuchThing, NotPossible, UnknownLine
from bridge.gateway.batch_speed import MINUTE, Speed
from bridge.gateway.endpoints import scope
from bridge.gateway.interpreter import considerate
from bridge.gateway.submissions import Submissions
from bridge.gateway.turns import Turns
from bridge.messages import batch_rows, segmentation
from bridge.messages.phone_numbers import is_country
from bridge.model.account import THE_BRIDGE, Account, Author
from bridge.model.batch import Batch, BatchState, Plan, Progress, Row, RowResult, RowState, Table
from bridge.model.message import Draft, State
from bridge.model.query import Page
from bridge.ports.clock import Clock
from bridge.ports.store import AccountStore, BatchStore, ContactStore, MessageStore

#: rows that are looked at and written together
BITE = 1_000
#: ms for which counts of a batch are good: they are made of all its rows
FRESH = 2_000
#: batches whose counts are remembered
MOST_COUNTED = 50
#: of messages that need no more waiting for
_ENDED = (State.SENT, State.DELIVERED, State.FAILED, State.UNKNOWN, State.EXPIRED, State.CANCELLED)


def _table(raw: bytes) -> Table:
    """The table in a file. Raises BadRequest."""
    from bridge.messages import table_files  # with all of XML: for the few who send files

    return table_files.read(raw)


class BulkStore(BatchStore, ContactStore, MessageStore, AccountStore, Protocol):
    """The parts of the store that batches use."""


class Batches:
    """The batches of an account; an operator's are everybody's (`gateway.batches`). `who` is for the audit trail."""

    def __init__(self, store: BulkStore, clock: Clock, submissions: Submissions) -> None:
        self.store = store
        self.clock = clock
        self.submissions = submissions
        #: set when one may have begun to run
        self.woken = asyncio.Event()
        #: one at a time accepts rows or takes them back
        self.turn = asyncio.Lock()
        #: one file at a time is in memory as a table, and the rows of one are judged
        self._reading, self._judging = Turns(), Turns()
        self._counts: dict[str, tuple[int, Mapping[str, int]]] = {}
        self._speeds: dict[str, Speed] = {}

    def _by(self, who: str) -> Author:
        return Author(who, self.clock.now())

    # -- drafts -----------------------------------------------------------------------------------
    async def add(self, who: str, account: Account, name: str, raw: bytes) -> Batch:
        """A draft of a CSV or XLSX file, with the column guessed that has the numbers. Raises BadRequest."""
        async with self._reading.turn(account.name):
            batch = await self._kept(who, account, name, raw)
        return await self._judge(account, batch.id)

    async def _kept(self, who: str, account: Account, name: str, raw: bytes) -> Batch:
        def read() -> tuple[Table, str, str]:
            table = _table(raw)
            return table, batch_rows.number_column(table, account.terms.country), hashlib.sha256(raw).hexdigest()

        with considerate():
            table, column, digest = await asyncio.to_thread(read)
        by, plan = self._by(who), Plan(name[:200], column)
        batch = Batch(secrets.token_hex(8), account.name, plan, table.columns, digest, who, by.at, rows=len(table.rows))
        await self.store.add_batch(batch, by)
        for start in range(0, len(table.rows), BITE):
            rows = [Row(number, cells) for number, cells in table.rows[start : start + BITE]]
            await self.store.add_rows(batch.id, rows)
        return batch

    async def change(self, account: Account, id: str, changes: Mapping[str, object]) -> Batch:
        """Change a draft, and look at its rows again. Raises NoSuchThing, NotPossible, BadRequest."""
        batch = await self.get(account, id)
        plan = replace(batch.plan, **changes)  # type: ignore[arg-type]
        batch_rows.check(plan, batch.columns)
        if plan.country and not is_country(plan.country):
            problem = f"{plan.country!r} is not a country: write two letters of ISO 3166, such as GB"
            raise BadRequest(problem, "country")
        await self._check_line(account, batch, plan)
        await self.store.plan_batch(id, plan)
        return await self._judge(account, id)

    async def _check_line(self, account: Account, batch: Batch, plan: Plan) -> None:
        rows = await self.store.rows(batch.id, RowState.OK, 0, 1)
        if plan.line and rows:
            try:
                self.submissions.check(account, Draft(rows[0].number, "x", plan.line))
            except UnknownLine as error:
                raise BadRequest(error.message, "line") from None

    async def _judge(self, account: Account, id: str) -> Batch:
        """Judge every row, a few at a time."""
        async with self._judging.turn(account.name):
            batch, first, after = await self.store.batch("", id), dict[str, int](), 0
            owner = account if account.name == batch.account else await self.store.account(batch.account)
            while rows := await self.store.rows(id, None, after, BITE):
                with considerate():
                    judged = await asyncio.to_thread(self._judged, owner, batch, rows, first)
                good = [row.number for row in judged if row.state is RowState.OK]
                stops = await self.store.suppressions(batch.account, good)
                stopped = {stop.number: stop.reason for stop in stops if stop is not None}
                known = {number: stopped.get(stop.number, "") for number, stop in zip(good, stops, strict=True) if stop}
                await self.store.add_rows(id, list(batch_rows.without(judged, known)))
                after = rows[-1].row
            return await self.store.judge_batch(id)

    def _judged(self, account: Account, batch: Batch, rows: Sequence[Row], first: dict[str, int]) -> list[Row]:
        plan, country = batch.plan, batch.plan.country or account.terms.country

        def parts_of(number: str, text: str) -> int:
            self.submissions.check(account, Draft(number, text, plan.line))
            return segmentation.count(text)

        return list(batch_rows.judge(rows, plan, batch.columns, country, parts_of, first))

    # -- what there is ----------------------------------------------------------------------------
    async def find(self, account: Account, limit: int, cursor: str) -> Page[Batch]:
        """List batches, newest first. Raises BadRequest for an unknown cursor."""
        return await self.store.batches(scope(account), limit, cursor)

    async def get(self, account: Account, id: str) -> Batch:
        """Return a batch. Raises NoSuchThing."""
        return await self.store.batch(scope(account), id)

    async def same_files(self, batch: Batch) -> Sequence[Batch]:
        """Others of its account that were started with the same file."""
        return await self.store.same_files(batch)

    async def rows(self, account: Account, id: str, state: RowState | None, after: int, limit: int) -> list[RowResult]:
        """Rows behind one with their messages, in order. Raises NoSuchThing."""
        await self.get(account, id)
        return list(await self.store.results(id, state, after, limit))

    def text(self, batch: Batch, row: Row) -> str:
        """The text of a row."""
        return batch_rows.rendered(batch.plan.text, batch.columns, row.cells)

    async def progress(self, batch: Batch) -> Progress:
        """How far a batch is, at most FRESH old."""
        counts = await self._counted(batch)
        ended = sum(counts.get(state, 0) for state in _ENDED)
        left = batch.judged.get(RowState.OK, 0) - ended
        # a batch is done when its last row was accepted; its messages may go out for hours
        if not batch.started_at or left <= 0 or batch.state not in (BatchState.RUNNING, BatchState.DONE):
            return Progress(counts)
        now = self.clock.now()
        minutes = (now - batch.started_at) / MINUTE
        lately = self._speeds[batch.id].per_minute()
        rate = lately if lately is not None else ended / minutes if minutes > 0 else 0.0
        return Progress(counts, rate, now + round(left / rate * MINUTE) if rate else 0)

    async def _counted(self, batch: Batch) -> Mapping[str, int]:
        now = self.clock.monotonic()
        kept = self._counts.get(batch.id)
        if kept is not None and now - kept[0] < FRESH:
            return kept[1]
        if len(self._counts) >= MOST_COUNTED:
            self._counts.clear()
            self._speeds.clear()
        counts = await self.store.row_counts(batch.id) if batch.started_at else {}
        self._counts[batch.id] = (now, counts)
        self._speeds.setdefault(batch.id, Speed()).look(now, sum(counts.get(state, 0) for state in _ENDED))
        return counts

    # -- what is done -----------------------------------------------------------------------------
    async def start(self, who: str, account: Account, id: str, again: bool = False) -> Batch:
        """Begin to send. Raises NoSuchThing, and NotPossible for a file that was sent before unless `again`."""
        batch = await self.get(account, id)
        if not batch.plan.text.strip():
            raise NotPossible("write the text first")
        same = await self.store.same_files(batch)
        if batch.state is BatchState.DRAFT and same and not again:
            raise NotPossible(f"the same file was sent before, as {same[0].plan.name}; send it again with `again`")
        return await self._move(who, id, BatchState.RUNNING)

    async def pause(self, who: str, account: Account, id: str) -> Batch:
        """Accept no more rows for now; what was accepted goes out. Raises NoSuchThing, NotPossible."""
        await self.get(account, id)
        await self._move(who, id, BatchState.PAUSED)
        async with self.turn:  # whatever was being accepted is
            return await self.get(account, id)

    async def resume(self, who: str, account: Account, id: str) -> Batch:
        """Go on. Raises NoSuchThing, NotPossible."""
        if (await self.get(account, id)).state is not BatchState.PAUSED:
            raise NotPossible("the batch is not paused")
        return await self._move(who, id, BatchState.RUNNING)

    async def cancel(self, who: str, account: Account, id: str) -> Batch:
        """Accept no more rows, and take back what waits; once more where that was cut short. Raises NoSuchThing."""
        await self.get(account, id)
        with suppress(NotPossible):  # it is
            await self._move(who, id, BatchState.CANCELLED)
        async with self.turn:  # whatever was being accepted is
            await self.take_back(id)
        return await self.get(account, id)

    async def take_back(self, id: str) -> None:
        """Cancel the messages of a batch that wait."""
        await self.cancel_all(await self.store.waiting_messages(id))
        self._counts.pop(id, None)

    async def cancel_all(self, messages: Sequence[str]) -> None:
        """Cancel those of these messages that wait."""
        for message in messages:
            with suppress(NotPossible, NoSuchThing):  # it went out meanwhile
                await self.store.cancel(message, self.clock.now())

    async def remove(self, who: str, account: Account, id: str) -> None:
        """Delete a batch with its rows; messages stay. Raises NoSuchThing, NotPossible while it runs."""
        await self.get(account, id)
        await self.store.drop_batch(id, self._by(who))

    async def _move(self, who: str, id: str, state: BatchState) -> Batch:
        batch = await self.store.move_batch(id, state, self._by(who))
        self.woken.set()
        return batch

    async def stop_by_itself(self, batch: Batch, state: BatchState, reason: str = "") -> None:
        """End or pause a batch on the bridge's own decision; no effect if somebody else was faster."""
        with suppress(NotPossible):
            await self.store.move_batch(batch.id, state, Author(THE_BRIDGE, self.clock.now()), reason)
        self._counts.pop(batch.id, None)
