"""The place of a bridge among those of one database."""

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from bridge.errors import StoreUnavailable
from bridge.store import open_store
from bridge.store.postgresql import place
from bridge.store.postgresql.connection import Connection
from bridge.store.postgresql.schema import BRIDGE, HERE
from bridge.store.postgresql.store import PostgresqlStore
from bridge.store.writer import Tx
from tests.support.empty_store import empty_store
from tests.support.store_rows import SHOP


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


async def opened(url: str, name: str) -> PostgresqlStore:
    store = await open_store(url, exclusive=True, name=name)
    assert isinstance(store, PostgresqlStore)
    return store


async def test_two_of_a_name_are_refused_and_two_names_are_not(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    east, west = await opened(url, "east"), await opened(url, "west")
    with monkeypatch.context() as hurried:
        hurried.setattr(place, "PATIENCE", 0.0)
        with pytest.raises(StoreUnavailable, match=r"in use by another bridge named 'east' .*: store\.bridge"):
            await opened(url, "east")
    await east.add_account(SHOP, [])
    assert [account.name for account in await west.accounts()] == [SHOP.name]
    for each in (east, west):
        await each.close()
    await (await opened(url, "east")).close()


async def test_one_of_an_older_release_that_has_the_database_for_itself_is_not_disturbed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "PATIENCE", 0.0)
    with psycopg.connect(url, autocommit=True) as older:
        older.execute(f"SELECT pg_advisory_lock({BRIDGE}, {HERE})")
        with pytest.raises(StoreUnavailable, match="an older release that wants it for itself: stop it first"):
            await opened(url, "east")


@dataclass
class Lost:
    """A session whose connection is lost while the server keeps it."""

    kept: "psycopg.Connection[Any]"
    closed = broken = True

    @property
    def info(self) -> "Lost":
        """What is known of it."""
        return self

    transaction_status = TransactionStatus.UNKNOWN

    def close(self) -> None:
        """What is lost cannot be."""


async def test_a_session_that_the_server_does_not_know_to_be_gone_is_ended_by_the_next_one(url: str) -> None:
    store = await opened(url, "east")
    writing = cast(Connection, store._write_connection)
    lost = Lost(writing._session)
    writing._session = cast("psycopg.Connection[Any]", lost)
    await store.add_account(SHOP, [])
    with pytest.raises(psycopg.OperationalError):
        lost.kept.execute("SELECT 1")
    lost.kept.close()
    await store.close()


async def test_a_bridge_is_not_told_to_stop_itself_while_its_earlier_session_is_there(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(url, "east")
    writing = cast(Connection, store._write_connection)
    lost = Lost(writing._session)
    writing._session = cast("psycopg.Connection[Any]", lost)
    with monkeypatch.context() as slow:  # to end it
        slow.setattr(place, "AGAIN", 0.0)
        slow.setattr(place, "_END", "SELECT CAST(%s AS INTEGER), CAST(%s AS TIMESTAMPTZ)")
        with pytest.raises(StoreUnavailable, match=r"still has an earlier session of 'east' .* this bridge waits"):
            await store.add_account(SHOP, [])
    lost.kept.close()
    monkeypatch.setattr(place, "AGAIN", 30.0)
    await store.add_account(SHOP, [])
    await store.close()


async def test_nothing_is_written_by_a_bridge_that_lost_its_place_until_it_took_it_again(url: str) -> None:
    store = await opened(url, "east")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("UPDATE bridges SET epoch = epoch + 1 WHERE name = 'east'")
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="another bridge has taken over what this one had"):
            await store.add_account(SHOP, [])
    assert await store.accounts() == []
    await store.take_again()
    await store.add_account(SHOP, [])
    await store.close()


async def test_a_duty_is_done_by_the_bridge_that_has_them_alone(url: str) -> None:
    east, west = await opened(url, "east"), await opened(url, "west")
    assert (await east.beat(60.0, {})).on_duty
    assert not (await west.beat(60.0, {})).on_duty
    with west.on_duty():
        for attempt in (west.prove, lambda: west.record_attempts([], within=0.01)):
            with pytest.raises(StoreUnavailable, match="another bridge has taken over what only one does"):
                await attempt()
    with east.on_duty():
        await east.prove()
    await west.prove()  # no duty
    for each in (east, west):
        await each.close()


async def test_a_bridge_that_is_gone_in_the_middle_of_a_transaction_does_not_keep_the_others_from_writing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_IMPATIENT", "SET idle_in_transaction_session_timeout = '1s'")
    east, west = await opened(url, "east"), await opened(url, "west")
    hanging, awake = threading.Event(), threading.Event()

    def hang(tx: Tx) -> None:
        tx.conn.execute("SELECT 1").fetchone()
        hanging.set()
        awake.wait()
        tx.conn.execute("SELECT 1").fetchone()

    late = east._writer.do(hang)
    await asyncio.to_thread(hanging.wait)
    await west.add_account(SHOP, [])
    awake.set()
    with pytest.raises(StoreUnavailable):
        await late
    await east.prove()  # and it goes on itself
    for each in (east, west):
        await each.close()
