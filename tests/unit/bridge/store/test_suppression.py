"""Suppressed numbers are found by an index, and normalised as their account's country says."""

import pytest

from bridge.errors import InvalidNumber
from bridge.model.account import AccountChange
from bridge.model.message import State
from bridge.ports.store_rows import Outcome
from bridge.store.sqlite import SqliteStore
from bridge.store.suppression import ENTRIES_OF, STOPS_OF, Stop, is_same, stop
from tests.support.store_rows import BY, NOW, message


@pytest.mark.parametrize(
    ("query", "values", "index"),
    [(ENTRIES_OF, ("shop", "5550101"), "suppressed_number"), (STOPS_OF, ('["5550101"]',), "stops_number")],
)
async def test_is_found_by_an_index(store: SqliteStore, query: str, values: tuple[str, ...], index: str) -> None:
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
    assert f"USING INDEX {index} (" in plan[0][3]


async def test_a_number_is_that_of_the_accounts_country_at_the_moment_of_the_change(store: SqliteStore) -> None:
    with pytest.raises(InvalidNumber):
        await store.suppress("shop", "nobody", "", BY)
    await store.change_account("shop", AccountChange(country="GB"), BY)
    assert (await store.suppress("shop", "07700 900123", "", BY)).number == "+447700900123"


def test_two_international_numbers_are_the_same_only_when_they_are() -> None:
    assert is_same("+447700900123", "07700900123")
    assert is_same("07700900123", "+447700900123")
    assert not is_same("+447700900123", "+17700900123")
    assert is_same("+447700900123", "+447700900123")


async def test_a_stop_to_a_line_ends_a_message_that_keeps_to_the_sim_in_it(store: SqliteStore) -> None:
    for number, line in ((1, "office"), (2, "attic")):
        await store.submit([message(number, recipient="+15550150", parts=2)])
        await store.claim(line, ("",), NOW, sim=f"8901{number}")
        await store.record(Outcome(message(number).id, 1, State.SENT, 7), NOW)
        await store.record(Outcome(message(number).id, 2, State.QUEUED), NOW)
    await store._write(stop, Stop("office", "office", "+15550150", "STOP", NOW))
    assert [(await store.message(message(number).id)).state for number in (1, 2)] == [State.FAILED, State.QUEUED]
