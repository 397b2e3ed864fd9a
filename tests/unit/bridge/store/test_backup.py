"""Stores that go to another machine: everything arrives, and what waits is sent by one bridge and not by two."""

import gzip
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import BridgeError, NotPossible, StoreUnavailable
from bridge.model.account import Account, UnknownPolicy
from bridge.model.message import Message, State
from bridge.model.query import InboxQuery, MessageQuery
from bridge.model.radio import InboundPart
from bridge.ports.store import Store
from bridge.ports.store_rows import Outcome
from bridge.store import backup, open_store
from bridge.store.archive import Kind, NotAnArchive
from bridge.store.schema import STEPS
from tests.unit.bridge.store.test_sqlite import message

NOW = 1_795_000_000_000
LATER = NOW + 3_600_000
TOMORROW = NOW + 86_400_000
QUEUED, SCHEDULED, HALF, RESENT, DONE = range(1, 6)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here" / "bridge.db"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there" / "bridge.db"


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return tmp_path / "moved.export"


async def opened(database: Path) -> Store:
    return await open_store(f"sqlite:///{database}", exclusive=True)


@pytest.fixture
async def full(here: Path) -> Path:
    """A store with a message in every state that has a way to go yet, and some that have none."""
    store = await opened(here)
    await store.add_account(Account("shop", NOW), [])
    long = replace(message(HALF), parts=2, text="x" * 200)
    await store.submit([message(DONE), long])
    for outcome in (Outcome(message(DONE).id, 1, State.SENT, 1), Outcome(message(HALF).id, 1, State.SENT, 2)):
        claim = await store.claim("office", ["", "office"], NOW, whole=False)
        assert claim is not None
        await store.record(replace(outcome, message=claim.message.id), NOW)
    waiting = replace(message(SCHEDULED), state=State.SCHEDULED, due_at=TOMORROW)
    again = replace(message(RESENT), on_unknown=UnknownPolicy.RESEND)
    await store.submit([message(QUEUED), waiting, again])
    await store.receive(InboundPart("office", "SM:1", "+15550150", "hi", NOW), "office", NOW)
    await store.close()
    return here


async def states(database: Path) -> dict[str, State]:
    """Each message's state, once the bridge would have started."""
    store = await opened(database)
    await store.recover(LATER)
    rows: Sequence[Message] = (await store.messages("", MessageQuery())).rows
    assert len((await store.inbox("shop", InboxQuery(), LATER)).rows) == 1
    await store.close()
    return {each.id.lstrip("0"): each.state for each in rows}


async def test_a_move_brings_everything_as_it_was(full: Path, there: Path, packed: Path) -> None:
    told = backup.move_out(full, packed, NOW, {"config.toml": b"[http]\n"})
    assert (told.content.accounts, told.content.messages, told.content.received) == (1, 5, 1)
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    arrived = backup.bring_in(packed, there, LATER)
    assert (arrived.manifest.kind, arrived.doubtful, arrived.content) == (Kind.MOVE, 0, told.content)
    assert arrived.others == {"config.toml": b"[http]\n"}
    found = await states(there)
    assert (found["1"], found["2"], found["3"], found["5"]) == ("queued", "scheduled", "queued", "sent")
    assert sorted(path.name for path in there.parent.iterdir()) == ["bridge.db", "bridge.db.lock"]


async def test_a_moved_store_sends_no_more(full: Path, packed: Path) -> None:
    backup.move_out(full, packed, NOW, {})
    with pytest.raises(StoreUnavailable, match=r"moved into .* sms-bridge export --take-back"):
        await opened(full)
    with pytest.raises(StoreUnavailable, match="moved into"):
        backup.move_out(full, packed.with_name("second"), NOW, {})
    assert not packed.with_name("second").exists()


async def test_what_was_moved_by_mistake_is_taken_back(full: Path, packed: Path) -> None:
    backup.move_out(full, packed, NOW, {})
    backup.take_back(full)
    assert (await states(full))["1"] == "queued"
    with pytest.raises(NotPossible, match="nothing to take back"):
        backup.take_back(full)


async def test_a_running_bridge_is_not_moved(full: Path, there: Path, packed: Path) -> None:
    running = await opened(full)
    with pytest.raises(StoreUnavailable, match="in use by another bridge"):
        backup.move_out(full, packed, NOW, {})
    assert not packed.exists()
    backup.copy_out(full, packed, NOW, {})
    with pytest.raises(StoreUnavailable, match="in use by another bridge"):
        backup.bring_in(packed, full, LATER, replace=True)
    await running.close()


async def test_no_file_and_no_closed_store_without_each_other(full: Path, packed: Path) -> None:
    """The archive cannot be given its name: then nobody can import it, and the store stays closed until taken back."""
    packed.mkdir()
    with pytest.raises(OSError, match="directory"):
        backup.move_out(full, packed, NOW, {})
    with pytest.raises(StoreUnavailable, match="moved into"):
        await opened(full)
    assert [path.name for path in packed.parent.iterdir() if path.is_file()] == []


async def test_what_waited_in_a_copy_is_unknown(full: Path, there: Path, packed: Path) -> None:
    backup.copy_out(full, packed, NOW, {})
    arrived = backup.bring_in(packed, there, LATER)
    assert (arrived.manifest.kind, arrived.doubtful) == (Kind.COPY, 4)
    found = await states(there)
    assert {number: found[number] for number in "1235"} == {
        "1": State.UNKNOWN,
        "2": State.UNKNOWN,
        "3": State.UNKNOWN,
        "5": State.SENT,
    }
    assert found["4"] is State.QUEUED, "its account wants what is unknown to be sent again"
    assert (await states(full))["1"] == "queued", "the original goes on"
    store = await opened(there)
    told = (await store.messages("", MessageQuery(ids=(message(QUEUED).id,)))).rows[0]
    assert "copied on" in told.error
    again = await store.resend(message(HALF).id, LATER)
    claim = await store.claim("office", ["", "office"], LATER, whole=False)
    await store.close()
    assert again.state is State.QUEUED
    assert claim is not None


async def test_only_the_missing_part_of_a_doubtful_message_is_sent_again(full: Path, there: Path, packed: Path) -> None:
    backup.copy_out(full, packed, NOW, {})
    backup.bring_in(packed, there, LATER)
    store = await opened(there)
    await store.resend(message(HALF).id, LATER)
    claims = [await store.claim("office", ["", "office", "sim:office"], LATER) for _ in range(2)]
    await store.close()
    found = {claim.message.id: claim.index for claim in claims if claim is not None}
    assert found[message(HALF).id] == 2


async def test_what_is_due_later_is_sent_when_the_original_is_gone(full: Path, there: Path, packed: Path) -> None:
    backup.copy_out(full, packed, NOW, {})
    assert backup.bring_in(packed, there, LATER, gone=True).doubtful == 3
    found = await states(there)
    assert (found["1"], found["2"]) == (State.UNKNOWN, State.SCHEDULED)


async def test_a_store_with_something_in_it_is_not_replaced_unasked(full: Path, there: Path, packed: Path) -> None:
    backup.copy_out(full, packed, NOW, {})
    store = await opened(there)
    await store.add_account(Account("mine", NOW), [])
    await store.close()
    with pytest.raises(NotPossible, match=r"there is a store already: .* \(accounts: 1, messages: 0\); .* --replace"):
        backup.bring_in(packed, there, LATER)
    arrived = backup.bring_in(packed, there, LATER, replace=True)
    assert arrived.replaced is not None
    aside = await opened(arrived.replaced)
    assert [each.name for each in await aside.accounts()] == ["mine"]
    await aside.close()


async def test_an_empty_store_makes_room(full: Path, there: Path, packed: Path) -> None:
    """A service that was installed and started has made one."""
    backup.move_out(full, packed, NOW, {})
    await (await opened(there)).close()
    backup.bring_in(packed, there, LATER)
    assert len(await states(there)) == 5


@pytest.mark.parametrize("broken", ["cut", "flipped", "foreign", "empty", "plain tar"])
async def test_a_damaged_file_changes_nothing(full: Path, there: Path, packed: Path, broken: str) -> None:
    backup.move_out(full, packed, NOW, {})
    good = packed.read_bytes()
    inside = bytearray(gzip.decompress(good))
    inside[len(inside) // 2] ^= 1
    packed.write_bytes(
        {
            "cut": good[: len(good) // 2],
            "flipped": gzip.compress(bytes(inside)),
            "foreign": gzip.compress(b"something else"),
            "empty": b"",
            "plain tar": gzip.decompress(good),
        }[broken]
    )
    with pytest.raises(NotAnArchive):
        backup.bring_in(packed, there, LATER)
    assert [path.name for path in there.parent.iterdir()] in ([], ["bridge.db.lock"])


async def test_one_of_a_newer_release_is_refused_before_anything_is_touched(
    full: Path, there: Path, packed: Path
) -> None:
    with closing(sqlite3.connect(full)) as raw:
        raw.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    backup.copy_out(full, packed, NOW, {})
    with pytest.raises(NotPossible, match="newer sms-bridge"):
        backup.bring_in(packed, there, LATER)
    assert list(there.parent.iterdir()) == []


def test_says_when_there_is_no_store(here: Path, packed: Path) -> None:
    for attempt in (backup.move_out, backup.copy_out):
        with pytest.raises(BridgeError, match="there is no store at"):
            attempt(here, packed, NOW, {})
