"""A store in a database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from bridge.errors import StoreUnavailable
from bridge.store import open_store
from bridge.store.postgresql.session import Lost
from tests.support.empty_store import empty_store
from tests.support.store_rows import SHOP, message


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


def _end_sessions(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@asynccontextmanager
async def _pooled(url: str) -> AsyncIterator[str]:
    """The database behind what gives out sessions under numbers of its own, as poolers do."""
    database, _, folder = url.removeprefix("postgresql://sms@/").partition("?host=")
    over = asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                at = data.find(b"K\0\0\0\x0c") + 5  # BackendKeyData (PostgreSQL, "Message Formats")
                writer.write(data if at < 5 else data[:at] + bytes(4) + data[at + 4 :])
            writer.close()
            await writer.wait_closed()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        await asyncio.gather(carry(reader, ours), carry(theirs, writer))
        over.set()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as pooler:
        yield f"postgresql://sms@127.0.0.1:{pooler.sockets[0].getsockname()[1]}/{database}"
        await over.wait()


async def test_a_pooler_is_refused_which_may_give_two_bridges_one_session(url: str) -> None:
    async with _pooled(url) as between:
        with pytest.raises(StoreUnavailable, match="a pooler such as PgBouncer stands in between"):
            await open_store(between, exclusive=True)


async def test_goes_on_when_its_sessions_were_ended(url: str) -> None:
    store = await open_store(url, exclusive=True)
    await store.add_account(SHOP, [])
    _end_sessions(url)
    await store.submit([message(1)])
    assert (await store.message(message(1).id)).text == message(1).text
    await store.close()


async def test_a_number_that_another_transaction_has_after_a_crash_proves_no_commit(url: str) -> None:
    """A server that is killed gives numbers again: a message was told to be accepted, and was not there."""
    store = await open_store(url, exclusive=True, name="east")
    await store.add_account(SHOP, [])
    writer = store._writer  # type: ignore[attr-defined]
    lost = Lost("the server closed the connection")
    assert writer._is_committed(lost) is True
    with psycopg.connect(url) as other:
        row = other.execute("SELECT CAST(pg_current_xact_id() AS TEXT)").fetchone()
    assert row is not None
    writer._connection.transaction, writer._mark = row[0], 4711
    assert writer._is_committed(lost) is False
    await store.close()


async def test_without_a_mark_a_number_proves_only_that_nothing_was_committed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.store.postgresql.store.ASKED", 0.0)
    store = await open_store(url)
    await store.add_account(SHOP, [])
    writer = store._writer  # type: ignore[attr-defined]
    assert writer._is_committed(Lost("the server closed the connection")) is None
    with psycopg.connect(url) as other:
        row = other.execute("SELECT CAST(pg_current_xact_id() AS TEXT)").fetchone()
        other.rollback()
    assert row is not None
    writer._connection.transaction = row[0]
    assert writer._is_committed(Lost("the server closed the connection")) is False
    await store.close()


async def test_a_commit_waits_for_the_disk_whatever_the_server_is_set_to(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER ROLE sms SET synchronous_commit = off")
    try:
        store = await open_store(url)
        said = await store._writer.do(lambda tx: tx.conn.execute("SHOW synchronous_commit").fetchone())  # type: ignore[attr-defined]
        await store.close()
    finally:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("ALTER ROLE sms RESET synchronous_commit")
    assert said == ("on",)


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"store\.url"):
        await open_store(f"postgresql:///sms?host={tmp_path}")


async def test_a_url_that_says_what_nobody_knows_is_named() -> None:
    with pytest.raises(StoreUnavailable, match=r'store\.url: invalid URI query parameter: "sslmod"'):
        await open_store("postgresql://sms@db.example/sms?sslmod=require")
