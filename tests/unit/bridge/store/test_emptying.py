"""What somebody deletes is soon in none of the store's files, the write-ahead log included."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bridge.errors import StoreClosed, StoreUnavailable
from bridge.model.account import Template
from bridge.model.batch import Batch, Plan, Row
from bridge.model.conversation import Contact
from bridge.model.message import State
from bridge.model.query import InboxQuery, MessageQuery
from bridge.model.radio import InboundPart
from bridge.model.user import Role, User
from bridge.model.webhook import Endpoint
from bridge.store import emptying
from bridge.store.emptying import SOON, Emptying
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import settle, skip
from tests.support.store_rows import BY, NOW, message
from tests.support.waiting import until

TEXT, NUMBER = "meet me at the old mill", "+447700900177"


def on_disk(directory: Path) -> bool:
    return any(TEXT.encode() in path.read_bytes() for path in directory.iterdir() if path.is_file())


async def wait_long_enough() -> None:
    await settle()
    skip(SOON)


async def a_message(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    await store.submit([message(1, text=TEXT, state=State.FAILED)])
    return lambda: store.delete_messages("shop", MessageQuery(ids=(message(1).id,)))


async def a_received_sms(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    received = await store.receive(InboundPart("office", "SM:1", NUMBER, TEXT, NOW), "office", NOW)
    assert received is not None

    async def delete() -> None:
        for account in await store.accounts():
            await store.delete_received(account.name, InboxQuery(ids=(received.id,)), NOW)

    return delete


async def a_contact(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    await store.keep_contact(Contact("shop", NUMBER, note=TEXT), BY)
    return lambda: store.drop_contact("shop", NUMBER, BY)


async def a_batch(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    await store.add_batch(Batch("b1", "shop", Plan("list"), ("number", "text"), "digest", "shop", NOW, rows=1), BY)
    await store.add_rows("b1", [Row(2, (NUMBER, TEXT))])
    return lambda: store.drop_batch("b1", BY)


async def a_template(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    await store.keep_template(Template("shop", "greeting", TEXT), BY)
    return lambda: store.drop_template("shop", "greeting", BY)


async def an_entry_of_the_list(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    await store.suppress("shop", NUMBER, TEXT, BY)
    return lambda: store.allow("shop", NUMBER, BY)


async def an_endpoint(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    await store.add_endpoint(Endpoint("e1", "shop", f"http://127.0.0.1:9/{TEXT}"), BY)
    return lambda: store.remove_endpoint("shop", "e1", BY)


async def a_user(store: SqliteStore) -> Callable[[], Awaitable[object]]:
    await store.add_user(User("anna", Role.OWNER, NOW), "hash-a", BY)
    await store.add_user(User("bob", Role.READER, NOW), TEXT, BY)
    return lambda: store.remove_user("bob", BY)


@pytest.mark.parametrize(
    "put",
    [a_message, a_received_sms, a_contact, a_batch, a_template, an_entry_of_the_list, an_endpoint, a_user],
    ids=lambda put: put.__name__,
)
async def test_what_somebody_deletes_is_soon_in_no_file_of_the_store(
    store: SqliteStore, tmp_path: Path, put: Callable[[SqliteStore], Awaitable[Callable[[], Awaitable[object]]]]
) -> None:
    delete = await put(store)
    await delete()
    assert on_disk(tmp_path), "the write-ahead log has it still"
    await wait_long_enough()
    await until(lambda: not on_disk(tmp_path))


async def test_what_somebody_changes_is_gone_with_the_next_sweep_and_not_before(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.keep_contact(Contact("shop", NUMBER, note=TEXT), BY)
    await store.keep_contact(Contact("shop", NUMBER, note="another"), BY)
    await wait_long_enough()
    assert on_disk(tmp_path)
    await store.tidy()
    assert not on_disk(tmp_path)


async def test_somebody_who_reads_puts_it_off_until_the_next_try(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truncate, tries = store._emptying._truncate, list[bool]()

    async def counted() -> bool:
        tries.append(await truncate())
        return tries[-1]

    monkeypatch.setattr(store._emptying, "_truncate", counted)
    delete = await a_message(store)
    with closing(sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        await delete()
        await wait_long_enough()
        await until(lambda: tries)
        assert tries == [False]
        assert on_disk(tmp_path)
    await wait_long_enough()
    await until(lambda: not on_disk(tmp_path))


async def test_many_deletions_empty_it_once(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Path] = []
    monkeypatch.setattr(emptying, "move", moved.append)
    await store.submit([message(number, state=State.FAILED) for number in range(50)])
    for number in range(50):
        await store.delete_messages("shop", MessageQuery(ids=(message(number).id,)))
    await wait_long_enough()
    await until(lambda: (tmp_path / "bridge.db-wal").stat().st_size == 0)
    assert len(moved) == 1


async def test_what_is_deleted_while_it_is_emptied_empties_it_once_more(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
    begun, may_end = asyncio.Event(), asyncio.Event()
    tries = []

    async def truncate() -> bool:
        tries.append(1)
        begun.set()
        await may_end.wait()
        if len(tries) == 2:
            raise StoreUnavailable("the disk is full")
        return True

    log = Emptying(tmp_path / "bridge.db", truncate)
    log.ask()
    await wait_long_enough()
    await begun.wait()
    log.ask()
    may_end.set()
    for expected in (2, 3):
        await wait_long_enough()
        await until(lambda expected=expected: len(tries) == expected)
    await until(lambda: log._task is not None and log._task.done())
    await log.close()


async def test_what_is_deleted_while_the_store_closes_leaves_nobody_behind(store: SqliteStore) -> None:
    delete = await a_contact(store)
    async with asyncio.TaskGroup() as group:
        group.create_task(delete())
        await asyncio.sleep(0)
        await store.close()
    task = store._emptying._task
    assert task is not None
    assert task.done()


def test_a_store_that_somebody_took_away_is_not_begun_anew(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        emptying.move(tmp_path / "bridge.db")
    assert not [*tmp_path.iterdir()]


async def test_a_store_that_closes_meanwhile_is_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def truncate() -> bool:
        raise StoreClosed("the store is closed")

    sqlite3.connect(tmp_path / "bridge.db").close()
    log = Emptying(tmp_path / "bridge.db", truncate)
    log.ask()
    await wait_long_enough()
    await until(lambda: log._task is not None and log._task.done())
    assert not caplog.records
