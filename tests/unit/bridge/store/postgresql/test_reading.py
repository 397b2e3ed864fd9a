"""What readers ask of the server, and do not wait for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bridge.store import open_store
from bridge.store.postgresql import connection
from bridge.store.postgresql.answers import Result, ask
from bridge.store.postgresql.session import Session
from bridge.store.postgresql.store import PostgresqlStore
from tests.support.empty_store import empty_store
from tests.support.store_rows import SHOP, message


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PostgresqlStore]:
    opened = await open_store(empty_store(tmp_path, "postgresql"), exclusive=True, name="east")
    assert isinstance(opened, PostgresqlStore)
    await opened.add_account(SHOP, [])
    await opened.submit([message(1), message(2)])
    yield opened
    await opened.close()


@pytest.fixture
def asked(store: PostgresqlStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements went each way to the server that was waited for."""
    found: list[int] = []

    def counted(session: Session, statements: Sequence[Result]) -> None:
        found.append(len(statements))
        ask(session, statements)

    monkeypatch.setattr(connection, "ask", counted)
    return found


async def test_what_is_only_read_is_known_after_one(store: PostgresqlStore, asked: list[int]) -> None:
    """The end of its transaction is waited for by nobody, and the next one begins behind it."""
    for number in (1, 2):
        del asked[:]
        assert (await store.message(message(number).id)).id == message(number).id
        assert len(asked) == 1


async def test_a_session_that_is_lost_after_its_last_read_is_begun_anew(
    store: PostgresqlStore, asked: list[int]
) -> None:
    await store.message(message(1).id)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = ?"
    async with asyncio.timeout(10):
        while not await store._writer.do(lambda tx: tx.conn.execute(ended, ("ROLLBACK",)).fetchall()):
            await asyncio.sleep(0.005)
    del asked[:]
    assert (await store.message(message(1).id)).id == message(1).id
    assert len(asked) == 2  # of which the first was for nothing
