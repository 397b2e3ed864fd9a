"""A store moves between engines, and what waits in it is sent by one bridge and not by two."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bridge.errors import IdempotencyConflict, NotPossible, StoreUnavailable
from bridge.model.account import UnknownPolicy
from bridge.model.message import State
from bridge.model.webhook import DeliveryState, Endpoint
from bridge.ports.store import Store
from bridge.store import backup, open_store
from bridge.store.archive import Kind
from bridge.store.backup import BridgeRuns
from bridge.store.postgresql import backup as database
from bridge.store.postgresql import connection
from bridge.store.postgresql.schema import HERE, WRITES
from tests.support.empty_store import empty_store
from tests.support.postgresql import server
from tests.support.store_rows import BY, NOW, SHOP, claimed, message, sent

LATER = NOW + 3_600_000


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return tmp_path / "moved.export"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await open_store(url, exclusive=True)
    try:
        yield store
    finally:
        await store.close()


async def fill(url: str) -> None:
    """One is sent and told, one is in hand and one waits."""
    async with opened(url) as store:
        await store.add_account(SHOP, [])
        await store.add_endpoint(Endpoint("hook", "shop", "https://shop.example", created_at=NOW), BY)
        await store.submit([message(1)], "order 1", "digest")
        await sent(store, message(1), await claimed(store, message(1)), 7)
        owed = await store.owed("hook", 10)
        await store.record_attempts([replace(owed[0][0], state=DeliveryState.DELIVERED, attempts=1, delivered_at=NOW)])
        await store.submit([message(2, on_unknown=UnknownPolicy.HOLD), message(3)])
        await claimed(store, message(2))


async def goes_on(url: str) -> None:
    """A bridge on it sends what waits once, tells what was not told, and answers a repeat with what it answered."""
    async with opened(url) as store:
        await store.recover(LATER)
        assert (await store.message(message(2).id)).state is State.UNKNOWN, "it was in hand"
        assert (await store.owed("hook", 1))[0][1].name == "message.sent"
        again = await store.remembered("shop", "order 1", "digest")
        assert [each.id for each in again or ()] == [message(1).id]
        with pytest.raises(IdempotencyConflict):
            await store.remembered("shop", "order 1", "another")
        await claimed(store, message(3))
        assert await store.claim("office", ("", "office"), LATER) is None
        assert (await store.submit([message(4)]))[0][0].id == message(4).id


async def test_what_waits_in_a_file_is_sent_from_the_database_and_back(url: str, packed: Path, tmp_path: Path) -> None:
    file = tmp_path / "here" / "bridge.db"
    await fill(empty_store(tmp_path / "here"))
    backup.move_out(file, packed, NOW, {"config.toml": b"[http]\n"})
    arrived = database.bring_in(packed, url, tmp_path / "work", NOW)
    assert (arrived.manifest.kind, arrived.doubtful, arrived.content.waiting) == (Kind.MOVE, 0, 2)
    assert arrived.others == {"config.toml": b"[http]\n"}
    assert [*(tmp_path / "work").iterdir()] == []
    database.move_out(url, tmp_path / "back.export", NOW, {})
    backup.bring_in(tmp_path / "back.export", tmp_path / "there.db", NOW)
    await goes_on(f"sqlite:///{tmp_path}/there.db")


async def test_what_waits_in_a_database_is_sent_from_another(url: str, packed: Path, tmp_path: Path) -> None:
    await fill(url)
    moved = database.move_out(url, packed, NOW, {})
    assert (moved.content.accounts, moved.content.messages, moved.content.waiting) == (1, 3, 2)
    other = server().url(server().create())  # without even a schema
    database.bring_in(packed, other, tmp_path, NOW)
    await goes_on(other)


async def test_a_moved_database_sends_no_more_until_it_is_taken_back(url: str, packed: Path) -> None:
    await fill(url)
    database.move_out(url, packed, NOW, {})
    with pytest.raises(StoreUnavailable, match=r"moved into .*moved\.export on .* sms-bridge export --take-back"):
        await open_store(url, exclusive=True)
    with pytest.raises(StoreUnavailable, match="moved into"):
        database.move_out(url, packed.with_name("second"), NOW, {})
    assert not packed.with_name("second").exists()
    store = await open_store(url)
    assert "moved into" in await store.moved()
    await store.close()
    database.take_back(url)
    await goes_on(url)
    with pytest.raises(NotPossible, match="nothing to take back"):
        database.take_back(url)


async def test_a_running_bridge_is_copied_and_neither_moved_nor_filled(
    url: str, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(url)
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    async with opened(url) as store:
        with pytest.raises(BridgeRuns, match="in use by another bridge"):
            database.move_out(url, packed, NOW, {})
        assert not packed.exists()
        assert database.copy_out(url, packed, NOW, {}).manifest.kind is Kind.COPY
        with pytest.raises(BridgeRuns, match="in use by another bridge"):
            database.bring_in(packed, url, tmp_path, NOW)
        assert (await store.message(message(3).id)).state is State.QUEUED, "the original goes on"
    other = empty_store(tmp_path, "postgresql")
    assert database.bring_in(packed, other, tmp_path, LATER).doubtful == 1
    async with opened(other) as store:
        assert (await store.message(message(2).id)).state is State.UNKNOWN, "it was in hand"
        copy = await store.message(message(3).id)
        assert (copy.state, "copied on" in copy.error) == (State.UNKNOWN, True)


async def test_what_a_command_is_writing_is_waited_for(url: str, packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(url)
    monkeypatch.setattr(connection, "SESSION", connection.SESSION.replace("10s", "10ms"))
    with psycopg.connect(url) as command:
        command.execute(f"SELECT pg_advisory_xact_lock({WRITES}, {HERE})")
        with pytest.raises(StoreUnavailable, match="locked by another program"):
            database.move_out(url, packed, NOW, {})
        assert not packed.exists()
    assert database.move_out(url, packed, NOW, {}).content.messages == 3


async def test_a_database_with_something_in_it_is_not_filled(url: str, packed: Path, tmp_path: Path) -> None:
    await fill(url)
    database.copy_out(url, packed, NOW, {})
    with pytest.raises(NotPossible, match=r"already in the database \(accounts: 1, messages: 3\): .*\(createdb"):
        database.bring_in(packed, url, tmp_path, NOW)
    started = empty_store(tmp_path, "postgresql")
    async with opened(started) as store:
        await store.recover(NOW)
    database.bring_in(packed, started, tmp_path, NOW)
    peopled = empty_store(tmp_path, "postgresql")
    with psycopg.connect(peopled) as session:
        session.execute("INSERT INTO users (name, role, created_at, password) VALUES ('ann', 'owner', 1, '')")
    with pytest.raises(NotPossible, match=r"already in the database \(users\)"):
        database.bring_in(packed, peopled, tmp_path, NOW)


def test_says_when_there_is_no_store(packed: Path) -> None:
    url = server().url(server().create())
    for attempt in (database.move_out, database.copy_out):
        with pytest.raises(StoreUnavailable, match="there is no store in the database yet"):
            attempt(url, packed, NOW, {})
    with pytest.raises(StoreUnavailable, match=r"^store\.url: "):
        database.copy_out(f"{url}nowhere", packed, NOW, {})


def test_one_of_another_release_is_not_packed(url: str, packed: Path) -> None:
    for steps, words in ((99, "newer sms-bridge"), (-1, "earlier release: start this release's bridge once")):
        with psycopg.connect(url) as session:
            session.execute("UPDATE store SET steps = %s", (steps,))
        with pytest.raises(StoreUnavailable, match=words):
            database.copy_out(url, packed, NOW, {})


async def test_no_file_and_no_closed_store_without_each_other(url: str, packed: Path) -> None:
    """The archive cannot be given its name: then nobody can import it, and the store stays closed until taken back."""
    await fill(url)
    packed.mkdir()
    with pytest.raises(OSError, match="directory"):
        database.move_out(url, packed, NOW, {})
    with pytest.raises(StoreUnavailable, match="moved into"):
        await open_store(url, exclusive=True)
    assert [path.name for path in packed.parent.iterdir() if path.is_file()] == []


async def test_a_lost_session_leaves_no_file_and_the_store_open(
    url: str, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(url)
    whole = database.write_file

    def interrupted(session: connection.Connection, target: Path) -> int:
        schema = whole(session, target)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        return schema

    monkeypatch.setattr(database, "write_file", interrupted)
    with pytest.raises(StoreUnavailable, match="terminating connection"):
        database.move_out(url, packed, NOW, {})
    assert [*packed.parent.glob("*.export*")] == []
    await goes_on(url)
