"""Whom a STOP holds for by configuration, and what is answered."""

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bridge.messages.opt_out import OptOut
from bridge.model.message import Message, State
from bridge.model.opt_out import Scope
from bridge.model.query import MessageQuery
from bridge.model.radio import InboundPart
from bridge.ports.store_rows import Outcome
from bridge.store.opt_out import RECIPIENTS_OF
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import BY, CAFE, NOW, SHOP, message

Opener = Callable[[OptOut], Coroutine[Any, Any, SqliteStore]]
THEIR_NUMBER = "+447700900123"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens a store with these rules."""
    stores = []

    async def open_one(rules: OptOut) -> SqliteStore:
        store = SqliteStore(str(tmp_path / "bridge.db"), None, rules)
        await store.open()
        for account in (SHOP, CAFE):
            await store.add_account(account, [])
        stores.append(store)
        return store

    yield open_one
    for store in stores:
        await store.close()


async def sent(store: SqliteStore, number: int, recipient: str, line: str = "office") -> None:
    await store.submit([message(number, recipient=recipient, route=line)])
    await store.claim(line, (line,), NOW)
    await store.record(Outcome(message(number).id, 1, State.SENT, number), NOW)


async def hear(store: SqliteStore, text: str, sender: str = THEIR_NUMBER, line: str = "office") -> None:
    slot = str(len(await store.events("", 0, 1000)))
    await store.receive(InboundPart(line, slot, sender, text), line, NOW)


async def numbers(store: SqliteStore, account: str = "shop") -> list[str]:
    return sorted(entry.number for entry in await store.suppressed(account))


async def answers(store: SqliteStore) -> list[Message]:
    return list((await store.messages("operator", MessageQuery())).rows)


async def test_accounts_that_wrote_to_the_sender_are_found_by_an_index(opened: Opener) -> None:
    store = await opened(OptOut())
    values = ("5550101", "shop", "office")
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {RECIPIENTS_OF}", values).fetchall()
    assert any("USING INDEX messages_recipient (" in row[3] for row in plan)


async def test_by_account_it_holds_for_those_that_wrote_to_the_recipient_in_each_spelling(opened: Opener) -> None:
    store = await opened(OptOut(Scope.ACCOUNT))
    for number, recipient in enumerate(("07700900123", THEIR_NUMBER, "+447700900124", "+15550900123")):
        await sent(store, number, recipient)
    await hear(store, "STOP")
    assert (await numbers(store), await numbers(store, "cafe")) == ([THEIR_NUMBER, "07700900123"], [])
    assert (await store.audit("shop")).rows[0].detail == "07700900123, wrote STOP"


async def test_by_account_a_stranger_is_left_in_peace_by_all(opened: Opener) -> None:
    store = await opened(OptOut(Scope.ACCOUNT))
    await hear(store, "STOP")
    assert (await numbers(store), await numbers(store, "cafe")) == ([THEIR_NUMBER], [THEIR_NUMBER])


async def test_by_bridge_it_holds_for_every_line(opened: Opener) -> None:
    store = await opened(OptOut(Scope.BRIDGE))
    await hear(store, "STOP")
    stored, _ = await store.submit([message(1, recipient=THEIR_NUMBER, route="another")])
    assert stored[0].error == "MBBLACK: the recipient wrote STOP to this bridge, by which this could go"
    assert (await store.suppression("shop", THEIR_NUMBER)).line == "*"
    await hear(store, "START", line="another")
    assert await numbers(store) == []


async def test_by_line_a_start_to_another_line_lifts_nothing(opened: Opener) -> None:
    store = await opened(OptOut())
    await hear(store, "STOP")
    await hear(store, "START", line="another")
    assert await numbers(store) == [THEIR_NUMBER]


async def test_start_lifts_what_stop_did_under_another_scope_and_leaves_what_the_operator_put_there(
    opened: Opener,
) -> None:
    store = await opened(OptOut(Scope.ACCOUNT))
    await sent(store, 1, "07700900123")
    await hear(store, "STOP")
    await store.suppress("shop", "+447700900124", "by letter", BY)
    store._writer._opt_out = OptOut()  # as after a restart with another configuration
    await hear(store, "START")
    assert await numbers(store) == ["+447700900124"]


async def test_a_stop_is_answered_once_by_its_line_past_every_list(opened: Opener) -> None:
    store = await opened(OptOut(answer="You get nothing more.", start_answer="Welcome back."))
    for word in ("STOP", "stop.", "START", "start"):
        await hear(store, word)
    found = {(each.text, each.recipient, each.route, each.state) for each in await answers(store)}
    wanted = ("You get nothing more.", "Welcome back.")
    assert found == {(text, THEIR_NUMBER, "office", State.QUEUED) for text in wanted}
    assert len(await answers(store)) == len(wanted)


async def test_the_answer_to_a_stop_goes_out_while_it_holds(opened: Opener) -> None:
    store = await opened(OptOut(answer="You get nothing more."))
    await hear(store, "STOP")
    claim = await store.claim("office", ("", "office"), NOW)
    assert claim is not None
    assert claim.message.text == "You get nothing more."


@pytest.mark.parametrize("sender", ["Acme", "12345", "+12345"])
async def test_names_and_short_codes_get_no_answer(opened: Opener, sender: str) -> None:
    store = await opened(OptOut(answer="You get nothing more."))
    await hear(store, "STOP", sender)
    assert await answers(store) == []


async def test_nothing_is_answered_unless_it_is_configured(opened: Opener) -> None:
    store = await opened(OptOut())
    await hear(store, "STOP")
    assert await answers(store) == []


async def test_without_languages_no_word_counts(opened: Opener) -> None:
    store = await opened(OptOut(languages=()))
    await hear(store, "STOP")
    assert await numbers(store) == []
