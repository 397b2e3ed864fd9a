"""What is remembered of lines comes back newest first, a page at a time, and is forgotten in time."""

import pytest

from bridge.errors import BadRequest
from bridge.model.history import QUARTER, HistoryQuery, Latest, PastAlarm, Quarter
from bridge.model.inbox import Received
from bridge.model.loopback import Trip, new_token
from bridge.model.message import State
from bridge.store import inbox
from bridge.store.line_history import LAST_RECEIVED, LAST_SENT
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import message

NOW = 1_795_300_200_000 // QUARTER * QUARTER


def quarter(at: int, signal: int | None = -71, away: int = 0, watched: int = 900, line: str = "office") -> Quarter:
    return Quarter(line, at, signal, away, watched)


async def test_a_quarter_that_two_runs_saw_is_one(store: SqliteStore) -> None:
    await store.keep_quarters([quarter(NOW, -71, 10, 300), quarter(NOW, line="shop")], 0)
    await store.keep_quarters([quarter(NOW, None, 5, 400), quarter(NOW + QUARTER, None)], 0)
    assert await store.quarters("office", 0, NOW + QUARTER) == [
        quarter(NOW, -71, 15, 700),
        quarter(NOW + QUARTER, None),
    ]
    assert await store.quarters("shop", 0, NOW + QUARTER) == [quarter(NOW, line="shop")]


async def test_the_span_is_of_the_quarters_that_begin_in_it(store: SqliteStore) -> None:
    await store.keep_quarters([quarter(NOW + n * QUARTER) for n in range(4)], 0)
    found = await store.quarters("office", NOW + 1, NOW + 2 * QUARTER)
    assert [each.at for each in found] == [NOW + QUARTER, NOW + 2 * QUARTER]


async def test_old_quarters_go_with_the_next_that_are_written(store: SqliteStore) -> None:
    await store.keep_quarters([quarter(NOW), quarter(NOW + QUARTER)], 0)
    await store.keep_quarters([quarter(NOW + 2 * QUARTER)], NOW + QUARTER)
    assert [each.at for each in await store.quarters("office", 0, NOW * 2)] == [NOW + QUARTER, NOW + 2 * QUARTER]


def alarm(number: int, line: str = "office", ended_at: int = 0) -> PastAlarm:
    return PastAlarm(
        f"line:{line}", "The line is out of service", "unplugged", line, NOW + number, NOW + number, ended_at
    )


async def test_an_alarm_that_ends_is_the_one_that_began(store: SqliteStore) -> None:
    await store.note_together([], "[alarm]", "state", "", [alarm(1), alarm(2, "shop")])
    await store.note_together([], "[alarm]", "state", "", [alarm(1, ended_at=NOW + 9), alarm(9)])
    found = (await store.past_alarms(HistoryQuery())).rows
    assert found == (alarm(9), alarm(2, "shop"), alarm(1, ended_at=NOW + 9))
    first = await store.past_alarms(HistoryQuery("office", limit=1))
    rest = await store.past_alarms(HistoryQuery("office", limit=1, cursor=first.cursor))
    assert (first.rows, rest.rows, rest.cursor) == ((alarm(9),), (alarm(1, ended_at=NOW + 9),), "")
    with pytest.raises(BadRequest):
        await store.past_alarms(HistoryQuery(cursor="x"))


async def test_an_alarm_is_forgotten_when_it_is_old_and_over(store: SqliteStore) -> None:
    await store.note_together([], "[alarm]", "state", "", [alarm(1), alarm(2, "shop", ended_at=NOW + 3)])
    while await store.sweep(NOW + 9, NOW + 9):
        pass
    assert (await store.past_alarms(HistoryQuery())).rows == (alarm(1),)


async def test_a_loop_back_is_of_both_its_lines(store: SqliteStore) -> None:
    there, back, own, late = trips = [
        Trip(new_token(), "office", "shop", NOW),
        Trip(new_token(), "shop", "office", NOW + 1),
        Trip(new_token(), "shop", "shop", NOW + 2),
        Trip(new_token(), "attic", "cellar", NOW + 2),
    ]
    for trip in trips:
        await store.depart(trip)
    assert (await store.past_trips(HistoryQuery("office"))).rows == (back, there)
    assert (await store.past_trips(HistoryQuery("shop"))).rows == (own, back, there)
    seen, cursor = [], ""
    while page := await store.past_trips(HistoryQuery(limit=1, cursor=cursor)):
        seen += page.rows
        if not (cursor := page.cursor):
            break
    assert sorted(seen[:2], key=lambda each: each.token) == sorted([own, late], key=lambda each: each.token)
    assert seen[2:] == [back, there]
    with pytest.raises(BadRequest):
        await store.past_trips(HistoryQuery(cursor="12"))


async def test_when_a_line_was_used_last(store: SqliteStore) -> None:
    sent = message(1, state=State.SENT, line="office", sent_at=NOW + 5)
    refused = message(2, state=State.FAILED, line="office")
    await store.submit([sent, message(3, state=State.SENT, line="shop", sent_at=NOW + 9), refused])
    for number in range(2):
        at = NOW + number
        await store._write(inbox.keep, Received(f"id-{number}", "office", "office", "+15550150", "hello", at, at), at)
    assert await store.latest(["office", "shop", "attic"]) == [
        Latest(NOW + 5, NOW + 1), Latest(NOW + 9, 0), Latest(),
    ]  # fmt: skip


@pytest.mark.parametrize("query", [LAST_SENT, LAST_RECEIVED])
async def test_when_it_was_used_is_found_by_the_index_of_lines(store: SqliteStore, query: str) -> None:
    plan = [row[3] for row in store._write_connection.execute(f"EXPLAIN QUERY PLAN {query}", {"line": "office"})]
    assert any("_line (line=?)" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan
