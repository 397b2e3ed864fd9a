"""Who is meant by a recipient that writes STOP or START, found by an index however much is kept."""

import pytest

from bridge.errors import InvalidNumber
from bridge.model.account import AccountChange
from bridge.model.message import State
from bridge.model.radio import InboundPart
from bridge.ports.store_rows import Outcome
from bridge.store.sqlite import SqliteStore
from bridge.store.suppression import ENTRIES_OF, RECIPIENTS_OF
from tests.support.store_rows import BY, NOW, message


@pytest.mark.parametrize(("query", "index"), [(RECIPIENTS_OF, "messages_recipient"), (ENTRIES_OF, "suppressed_number")])
async def test_is_found_by_an_index(store: SqliteStore, query: str, index: str) -> None:
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {query}", ("office", "5550101")).fetchall()
    assert f"USING INDEX {index} (" in plan[0][3]


async def sent(store: SqliteStore, number: int, recipient: str, line: str = "office") -> None:
    await store.submit([message(number, recipient=recipient, route=line)])
    await store.claim(line, (line,), NOW)
    await store.record(Outcome(message(number).id, 1, State.SENT, number), NOW)


async def hear(store: SqliteStore, text: str, sender: str, line: str = "office") -> None:
    await store.receive(InboundPart(line, text, sender, text), line, NOW)


async def numbers(store: SqliteStore) -> list[str]:
    return sorted(entry.number for entry in await store.suppressed("shop"))


async def test_each_spelling_that_was_sent_to_is_left_in_peace_and_no_other_number(store: SqliteStore) -> None:
    for number, recipient in enumerate(("07700900123", "+447700900123", "+447700900124", "+15550900123")):
        await sent(store, number, recipient)
    await hear(store, "STOP", "+447700900123")
    assert await numbers(store) == ["+447700900123", "07700900123"]


async def test_start_lifts_every_spelling_and_leaves_what_the_operator_put_there(store: SqliteStore) -> None:
    await sent(store, 1, "07700900123")
    await hear(store, "STOP", "+447700900123")
    await store.suppress("shop", "+447700900124", "by letter", BY)
    await hear(store, "START", "+447700900123")
    assert await numbers(store) == ["+447700900124"]


async def test_a_number_is_that_of_the_accounts_country_at_the_moment_of_the_change(store: SqliteStore) -> None:
    with pytest.raises(InvalidNumber):
        await store.suppress("shop", "nobody", "", BY)
    await store.change_account("shop", AccountChange(country="GB"), BY)
    assert (await store.suppress("shop", "07700 900123", "", BY)).number == "+447700900123"
