"""What is SQLite's own among the stores: one file, several processes, releases."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import AlreadyUsed, NotPossible, StoreUnavailable
from bridge.model.account import Account
from bridge.model.event import Event
from bridge.model.message import Message, State
from bridge.model.query import CallQuery, InboxQuery, MessageQuery, TypedQuery
from bridge.model.radio import Call, InboundPart, Typed
from bridge.ports.store import Store
from bridge.ports.store_rows import Outcome
from bridge.store import open_store
from bridge.store.schema import STEPS

NOW = 1_795_000_000_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db", exclusive=True)
    yield store
    await store.close()


def message(number: int, route: str = "", account: str = "shop", client_ref: str = "") -> Message:
    return Message(
        id=f"{number:040x}", account=account, recipient="+15550101", written="+15550101", text="hi",
        state=State.QUEUED, created_at=NOW, updated_at=NOW, due_at=NOW, route=route, client_ref=client_ref,
    )  # fmt: skip


async def test_a_second_sender_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="in use by another bridge"):
        await open_store(f"sqlite:///{tmp_path}/bridge.db", exclusive=True)


async def test_a_file_of_a_newer_release_is_not_touched(store: Store, tmp_path: Path) -> None:
    await store.close()
    with sqlite3.connect(tmp_path / "bridge.db") as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StoreUnavailable, match="newer sms-bridge"):
        await open_store(f"sqlite:///{tmp_path}/bridge.db")


async def test_a_file_of_the_first_release_gets_what_came_since_and_keeps_all_it_had(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as raw:
        raw.executescript(f"BEGIN; {STEPS[0]}; PRAGMA user_version = 1; COMMIT;")
        raw.execute("INSERT INTO accounts VALUES ('shop', 1, 0, 'hold', 0, '')")
        raw.execute("INSERT INTO slots VALUES ('office', 'SM:1')")
    raw.close()
    store = await open_store(f"sqlite:///{tmp_path}/old.db", exclusive=True)
    assert [account.name for account in await store.accounts()] == ["shop"]
    assert await store.receive(InboundPart("office", "SM:1", "+15550150", "hi", NOW), "office", NOW) is None
    assert await store.keep(Typed("phone", "sms:1", "+15550150", "hi", NOW), "phone", NOW) is not None
    await store.memorise("phone", "sms", "1")
    await store.close()
    again = await open_store(f"sqlite:///{tmp_path}/old.db", exclusive=True)
    assert len((await again.typed("shop", TypedQuery())).rows) == 1
    await again.close()


async def test_the_files_are_for_their_own_user_alone(store: Store, tmp_path: Path) -> None:
    await store.add_account(Account("shop", NOW), [])
    files = {f"bridge.db{end}": (tmp_path / f"bridge.db{end}").stat().st_mode & 0o777 for end in ("", "-wal", "-shm")}
    assert set(files.values()) == {0o600}, files


async def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        await open_store(f"sqlite:///{tmp_path}/file/bridge.db")


async def test_old_things_go_and_waiting_ones_stay(store: Store) -> None:
    await store.submit([message(1), message(2, route="elsewhere")])
    await store.claim("office", ("",), NOW)
    await store.record(Outcome(message(1).id, 1, State.SENT, 1), NOW)
    await store.receive(InboundPart("office", "a", "+15550150", "hi", NOW), "office", NOW)
    await store.keep(Typed("phone", "sms:1", "+15550150", "hi", NOW + 99_999), "phone", NOW)
    await store.keep(Call("phone", "call:1", "missed", "+15550150", "", NOW + 99_999, 0), "phone", NOW)
    while await store.sweep(0, 0):
        pass
    assert len((await store.messages("shop", MessageQuery())).rows) == 2
    while await store.sweep(NOW + 10, 0):
        pass
    assert [row.id for row in (await store.messages("shop", MessageQuery())).rows] == [message(2).id]
    assert (await store.inbox("shop", InboxQuery(), NOW)).rows == ()
    assert (await store.typed("shop", TypedQuery())).rows == ()
    assert (await store.calls("shop", CallQuery())).rows == ()


async def test_events_reach_the_bus_only_when_they_are_on_disk(tmp_path: Path) -> None:
    bus, heard = Bus(), list[Event]()
    bus.subscribe(heard.extend)
    store = await open_store(f"sqlite:///{tmp_path}/other.db", bus)
    await store.submit([message(1)])
    with pytest.raises(NotPossible):
        await store.submit([message(1)])
    logged = await store.events("", 0, 9)
    assert [(event.seq, event.subject, event.name) for event in heard] == [(e.seq, e.subject, e.name) for e in logged]
    await store.close()


async def test_of_two_submissions_in_one_commit_with_one_reference_the_first_stands(store: Store) -> None:
    answers = await asyncio.gather(
        *(store.submit([message(number, client_ref="same")]) for number in (1, 2)),
        store.submit([message(3)]),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [tuple, AlreadyUsed, tuple]
    assert [row.id for row in (await store.messages("shop", MessageQuery())).rows] == [message(3).id, message(1).id]


async def test_submissions_in_one_commit_are_each_in_the_log_and_told_to_their_account(tmp_path: Path) -> None:
    bus, heard = Bus(), list[Event]()
    bus.subscribe(heard.extend)
    store = await open_store(f"sqlite:///{tmp_path}/other.db", bus)
    accounts = ("shop", "cafe", "shop")
    await asyncio.gather(*(store.submit([message(number, account=name)]) for number, name in enumerate(accounts)))
    assert {event.account for event in heard} == {"shop", "cafe"}
    assert [(event.subject, event.account) for event in await store.events("", 0, 10)] == [
        (message(number).id, name) for number, name in enumerate(accounts)
    ]
    await store.close()
