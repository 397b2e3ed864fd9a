"""Tells the other processes of a database what was committed, and hears it from them: NOTIFY within the transaction.

The payload names subjects and routes, not what they are now; whoever waits for it reads that. Notifications are only
for sessions that listen when they come: after a session was lost, and while there is none, everybody looks again.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from bridge.accounts.tallies import Row
from bridge.bus import Bus, News
from bridge.model.event import LOOPBACK_ARRIVED, LOOPBACK_LOST, Event
from bridge.ports.store_rows import Queued
from bridge.store.postgresql.schema import HERE
from bridge.store.postgresql.session import SESSION, conninfo, one_line
from bridge.store.writer import Tx
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: bytes of a payload (PostgreSQL, "NOTIFY")
LONGEST = 7999
#: a session is asked so often whether it is there
SILENCE = 5.0  # s
#: and answers within so long, or another session is begun
PATIENCE = 12.0  # s
#: what is counted against limits is told so often
TALLIED = 0.5  # s
#: between two tries to listen; everybody looks again at each
AGAIN = 2.0  # s
#: of these, who waits needs to know what they say
_WHOLE = frozenset({LOOPBACK_ARRIVED, LOOPBACK_LOST})
_LOOPBACK = "loopback"


class Teller:
    """Writes what a transaction tells others, and reads what they tell."""

    def __init__(self) -> None:
        #: of this process: what it told itself, it knows
        self._by = secrets.token_hex(4)
        #: of the schema of the database; known once there is a session
        self.channel = ""

    def find_channel(self, session: psycopg.Connection[Any]) -> None:
        """Look up the channel. Raises psycopg.Error."""
        self.channel = _channel(session.execute(f"SELECT {HERE}").fetchone())

    def written(self, tx: Tx) -> str:
        """The payload of a transaction; "" where nobody else may wait for what it did."""
        said = {
            "told": sorted({(event.name, event.account) for event in tx.events if not _is_whole(event)}),
            "whole": [_row(event) for event in tx.events if _is_whole(event)],
            "queued": _by_route(tx.queued),
            "changed": tx.changed,
            "admission": tx.admission,
            "endpoints": sorted(set(tx.endpoints)),
        }
        said = {name: value for name, value in said.items() if value}
        if not said:
            return ""
        words = json.dumps({"by": self._by, **said}, separators=(",", ":"))
        return words if len(words) <= LONGEST else json.dumps({"by": self._by, "too_much": True})

    def tallied(self, rows: Sequence[Row]) -> Iterator[str]:
        """Payloads that tell what was counted, as many as it takes."""
        some: list[Row] = []
        for row in rows:
            words = self._tallied([*some, row])
            if len(words) > LONGEST:
                yield self._tallied(some)
                some = []
            some.append(row)
        if some:
            yield self._tallied(some)

    def _tallied(self, rows: Sequence[Row]) -> str:
        return json.dumps({"by": self._by, "tallies": rows}, separators=(",", ":"))

    def pass_on(self, payload: str, bus: Bus) -> None:
        """Publish what a payload tells, unless this process told it."""
        said = json.loads(payload)
        if said["by"] == self._by:
            return
        if said.get("too_much"):
            bus.wake()
            return
        bus.tallies.hear(said.get("tallies", ()))
        events = [Event(0, "", name, account, 0, "") for name, account in said.get("told", ())]
        events += [Event(*row) for row in said.get("whole", ())]
        queued = [Queued(*row) for row in said.get("queued", ())]
        changed, admission = "changed" in said, "admission" in said
        bus.hear(News(events, queued, changed, admission, said.get("endpoints", ())))


def _channel(row: tuple[Any, ...] | None) -> str:
    return f"sms_bridge_{row[0] if row else 0}"


def _is_whole(event: Event) -> bool:
    return event.name in _WHOLE or event.data.get("dialect") == _LOOPBACK


def _row(event: Event) -> Sequence[Any]:
    return event.seq, event.id, event.name, event.account, event.at, event.subject, event.data


def _by_route(queued: Sequence[Queued]) -> list[tuple[str, int, int, int]]:
    """The same with one row for each route and for whether it is due."""
    rows: dict[tuple[str, bool], tuple[str, int, int, int]] = {}
    for each in queued:
        key = each.route, each.due_at > 0
        _, count, due_at, expires_at = rows.get(key, ("", 0, each.due_at, 0))
        ends = min(filter(None, (expires_at, each.expires_at)), default=0)
        rows[key] = each.route, count + each.count, min(due_at, each.due_at), ends
    return list(rows.values())


class Listener:
    """Hears what other processes commit, as long as it is open. Created and used on the event loop."""

    def __init__(self, url: str, teller: Teller, bus: Bus) -> None:
        self._conninfo = conninfo(url)
        self._teller = teller
        self._bus = bus
        bus.tallies.shared = True
        self._tasks = Tasks("store")
        self._tasks.start(self._run(), "news of other processes")

    async def close(self) -> None:
        """Stop listening."""
        await self._tasks.close()

    async def _run(self) -> None:
        told = False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as session:
                    told = False
                    await self._listen(session)
            except (psycopg.Error, OSError) as error:  # TimeoutError is one
                if not told:
                    words = one_line(error) or "the server has not answered"
                    log.warning("what other processes do is looked for, not heard: %s", words)
                told = True
            self._bus.wake()
            await asyncio.sleep(AGAIN)

    async def _listen(self, session: psycopg.AsyncConnection[Any]) -> None:
        """Until the session is lost. Raises psycopg.Error, and TimeoutError where the server says nothing."""
        # where this process hangs, the server lets go of it before what it does not read fills the server's queue
        await session.execute(SESSION, prepare=False)
        await session.execute(f"LISTEN {self._teller.channel}")
        log.debug("hears of what other processes commit")
        self._bus.wake()
        while True:
            for _ in range(round(SILENCE / TALLIED)):
                async for notification in session.notifies(timeout=TALLIED):
                    self._hear(notification.payload)
                for words in self._teller.tallied(self._bus.tallies.take()):
                    async with asyncio.timeout(PATIENCE):
                        await session.execute("SELECT pg_notify(%s, %s)", (self._teller.channel, words))
            async with asyncio.timeout(PATIENCE):
                await session.execute("SELECT")

    def _hear(self, payload: str) -> None:
        try:
            self._teller.pass_on(payload, self._bus)
        except (ValueError, TypeError, KeyError):  # of another release, or somebody else's
            log.debug("heard what it does not understand: %s", payload)
            self._bus.wake()
