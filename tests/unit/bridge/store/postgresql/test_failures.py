"""What the errors of a server mean: the real server raises each, and a store goes on."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from bridge.errors import StoreUnavailable
from bridge.store import open_store
from bridge.store.postgresql import place
from bridge.store.postgresql.failures import FAILURES, FAULT, Kind, failure_of
from bridge.store.postgresql.store import PostgresqlStore
from bridge.store.writer import Tx
from tests.support.empty_store import empty_store
from tests.support.store_rows import SHOP
from tests.support.waiting import until

STATES = {
    "25P03": Kind.LOST,
    "25006": Kind.READ_ONLY,
    "26000": Kind.LOST,
    "28P01": Kind.STATE,
    "3D000": Kind.STATE,
    "40001": Kind.STATE,
    "40P01": Kind.STATE,
    "42501": Kind.STATE,
    "42P05": Kind.LOST,
    "53100": Kind.STATE,
    "53200": Kind.STATE,
    "53300": Kind.STATE,
    "54001": Kind.STATE,
    "55000": Kind.STATE,
    "55P03": Kind.STATE,
    "57014": Kind.STATE,
    "57P01": Kind.LOST,
    "57P04": Kind.LOST,
    "58030": Kind.STATE,
    "58P01": Kind.STATE,
    "72000": Kind.STATE,
    "F0000": Kind.STATE,
    "XX000": Kind.STATE,
    "XX001": Kind.STATE,
    "XX099": Kind.STATE,  # which psycopg has no class for
}
FAULTS = ("22012", "22P02", "25P02", "42601", "42703", "42P01")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresqlStore]:
    opened = await open_store(url, exclusive=True, name="east")
    assert isinstance(opened, PostgresqlStore)
    yield opened
    await opened.close()


def _raising(state: str) -> str:
    return f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"


async def _accepts(store: PostgresqlStore) -> bool:
    try:
        await store.prove()
    except StoreUnavailable:
        return False
    return True


def test_each_is_decided_with_a_reason(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        for state in (*STATES, *FAULTS):
            with pytest.raises(psycopg.Error) as raised:
                session.execute(_raising(state))
            assert failure_of(raised.value).kind is STATES.get(state, Kind.FAULT), state
    assert all(each.why for each in FAILURES.values())


def test_one_without_a_state_is_of_the_connection_or_of_psycopg() -> None:
    assert failure_of(psycopg.OperationalError("the connection is closed")).kind is Kind.LOST
    assert failure_of(psycopg.InterfaceError("the connection is closed")).kind is Kind.LOST
    assert failure_of(psycopg.ProgrammingError("can't adapt type")) is FAULT


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("looks", [True, False])
async def test_a_state_of_the_server_is_told_to_who_asked_and_the_store_goes_on(
    store: PostgresqlStore, state: str, looks: bool
) -> None:
    def fail(tx: Tx) -> None:
        met = tx.conn.execute(_raising(state))
        if looks:
            met.fetchone()

    with pytest.raises(StoreUnavailable):
        await store._writer.do(fail)
    await until(lambda: _accepts(store))


@pytest.mark.parametrize("state", FAULTS)
async def test_a_fault_of_ours_is_an_error(store: PostgresqlStore, state: str) -> None:
    with pytest.raises(sqlite3.DatabaseError) as raised:
        await store._writer.do(lambda tx: tx.conn.execute(_raising(state)).fetchone())
    assert not isinstance(raised.value, sqlite3.OperationalError)
    await store.prove()


async def test_a_session_that_cannot_write_is_given_up_for_one_that_can(
    url: str, store: PostgresqlStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at a failover: what was the server that writes is a standby, and libpq finds the other one."""
    monkeypatch.setattr(place, "AGAIN", 30.0)
    caplog.set_level("INFO", "bridge.store.postgresql.connection")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(_setting(url, "on"))
        await store._writer.do(lambda tx: tx.conn.execute("SET default_transaction_read_only = on").fetchone())
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="the database is read-only"):
                await store.add_account(SHOP, [])
        assert await store.accounts() == []  # whoever reads is not disturbed
        other.execute("SET default_transaction_read_only = off")
        other.execute(_setting(url, "off"))
    await until(lambda: _accepts(store))
    await store.add_account(SHOP, [])
    said = [each.message for each in caplog.records if each.name == "bridge.store.postgresql.connection"]
    assert len(said) == 2, said
    assert said[0].startswith("the database cannot be written: cannot execute ")
    assert said[1] == "the database can be written again"


def _setting(url: str, value: str) -> str:
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    return f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"
