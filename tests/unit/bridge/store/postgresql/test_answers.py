"""Statements that are sent together: how often the store asks the server, and what becomes of one that fails."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bridge.errors import AlreadyUsed, StoreUnavailable
from bridge.model.message import State
from bridge.model.query import InboxQuery, MessageQuery
from bridge.model.radio import InboundPart, InboundReport
from bridge.ports.store_rows import Outcome
from bridge.store import open_store
from bridge.store.postgresql import connection
from bridge.store.postgresql.answers import Result, ask
from bridge.store.postgresql.session import Session
from bridge.store.postgresql.store import PostgresqlStore
from bridge.store.writer import Tx
from tests.support.empty_store import empty_store
from tests.support.store_rows import NOW, SHOP, message


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PostgresqlStore]:
    opened = await open_store(empty_store(tmp_path, "postgresql"), exclusive=True, name="east")
    assert isinstance(opened, PostgresqlStore)
    await opened.add_account(SHOP, [])
    yield opened
    await opened.close()


@pytest.fixture
def asked(store: PostgresqlStore, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Of each way to the server and back, the statements that went."""
    found: list[list[str]] = []

    def counted(session: Session, statements: Sequence[Result]) -> None:
        found.append([each.said.text for each in statements])
        ask(session, statements)

    monkeypatch.setattr(connection, "ask", counted)
    return found


async def test_a_message_is_accepted_in_two(store: PostgresqlStore, asked: list[list[str]]) -> None:
    await store.submit([message(1)])
    assert len(asked) == 2
    assert (asked[0][0], asked[1][-1]) == ("BEGIN", "COMMIT")


async def test_a_message_with_an_idempotency_key_and_a_name_is_accepted_in_two(
    store: PostgresqlStore, asked: list[list[str]]
) -> None:
    await store.submit([message(1, client_ref="order 1")], "key", "digest", apart=True)
    assert len(asked) == 2


async def test_a_message_is_claimed_and_recorded_in_two_each(store: PostgresqlStore, asked: list[list[str]]) -> None:
    await store.submit([message(1)])
    del asked[:]
    claim = await store.claim("office", ("", "office"), NOW)
    assert claim is not None
    assert len(asked) == 2
    del asked[:]
    done = await store.record(Outcome(message(1).id, claim.index, State.SENT, 7), NOW)
    assert (done.state, len(asked)) == (State.SENT, 2)


async def test_a_report_is_settled_in_four(store: PostgresqlStore, asked: list[list[str]]) -> None:
    """With the lock; whose it is; the message with its parts; and what is written with COMMIT."""
    for number in (1, 2):  # the first tells of the centre's clock
        await store.submit([message(number)])
        claim = await store.claim("office", ("", "office"), NOW)
        assert claim is not None
        await store.record(Outcome(claim.message.id, claim.index, State.SENT, number), NOW)
        report = InboundReport("office", f"SR:{number}", claim.message.recipient, number, State.DELIVERED, sent_at=NOW)
        del asked[:]
        settled = await store.settle(report, NOW)
        assert settled is not None
        assert settled.state is State.DELIVERED
    assert len(asked) == 4


@pytest.mark.parametrize("holder", ["", "sim"])
async def test_what_comes_in_is_stored_in_two(store: PostgresqlStore, asked: list[list[str]], holder: str) -> None:
    part = InboundPart("office", "SM:1", "+15550100", "hello", NOW, holder=holder)
    received = await store.receive(part, "office", NOW)
    assert received is not None
    assert len(asked) == 2
    page = await store.events("", 0, 10)
    assert received.seq == 1
    assert page[-1].subject == received.id


async def test_what_finds_nothing_leaves_no_mark_and_waits_for_no_disk(
    store: PostgresqlStore, asked: list[list[str]]
) -> None:
    assert await store.claim("office", ("", "office"), NOW) is None
    assert asked[1] == ["COMMIT"]


async def test_numbers_that_are_told_before_they_are_given_are_those_of_the_rows(store: PostgresqlStore) -> None:
    """Also behind rows that another transaction has undone, whose numbers nobody has."""
    await store.submit([message(1, client_ref="a")])
    with pytest.raises(AlreadyUsed):
        await store.submit([message(2, client_ref="a")], apart=True)
    await store.submit([message(number) for number in range(3, 8)])
    told = [await store.receive(InboundPart("office", f"SM:{n}", "+15550100", "a", NOW), "office", NOW) for n in (1, 2)]
    events = await store.events("", 0, 100)
    assert [event.subject for event in events[-2:]] == [each.id for each in told if each is not None]
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    page = await store.inbox("", InboxQuery(), NOW)
    assert {each.id: each.seq for each in page.rows} == {each.id: each.seq for each in told if each is not None}


async def test_what_fails_after_its_job_went_on_is_done_over_and_told_as_ever(
    store: PostgresqlStore, asked: list[list[str]]
) -> None:
    """The job beside it is done all the same."""
    await store.submit([message(1, client_ref="a")])
    del asked[:]
    refused, taken = await asyncio.gather(
        store.submit([message(2, client_ref="a")]), store.submit([message(3)], "key", "digest"), return_exceptions=True
    )
    assert isinstance(refused, AlreadyUsed)
    assert taken == ([message(3)], False)
    page = await store.messages("shop", MessageQuery())
    assert [each.text for each in page.rows] == ["text 3", "text 1"]
    assert [event.subject for event in await store.events("", 0, 10)] == [message(1).id, message(3).id]


async def test_a_transaction_that_was_lost_before_its_commit_is_not_taken_for_the_one_before(
    store: PostgresqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark of that one is in the database."""
    await store.submit([message(1)])

    def lose(session: Session, statements: Sequence[Result]) -> None:
        if statements[0].said.text.startswith("UPDATE messages"):
            session.close()
        ask(session, statements)

    monkeypatch.setattr(connection, "ask", lose)

    def job(tx: Tx) -> None:
        tx.conn.execute("SELECT 1").fetchone()
        tx.conn.execute("UPDATE messages SET tag = 'x'")

    with pytest.raises(StoreUnavailable):
        await store._writer.do(job)
