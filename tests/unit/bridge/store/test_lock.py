"""One bridge at a time has a store, whatever it calls the file."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bridge.errors import StoreUnavailable
from bridge.model.account import Account
from bridge.ports.store import Store
from bridge.store import open_store
from bridge.store.lock import InUse, StoreLock, wait_for_lock
from bridge.store.read_only import read_only

NOW = 1_795_000_000_000

#: another process that opens a store for itself and says what came of it; it ends when its input does
BRIDGE = """
import asyncio, sys
from bridge.errors import StoreUnavailable
from bridge.store import open_store

async def main():
    try:
        store = await open_store(f"sqlite:///{sys.argv[1]}", exclusive=True)
    except StoreUnavailable as error:
        print(error.message, flush=True)
        return
    print("open", flush=True)
    sys.stdin.read()
    await store.close()

asyncio.run(main())
"""


def symbolic(database: Path) -> str:
    other = database.with_name("symbolic.db")
    other.symlink_to(database)
    return str(other)


def symbolic_folder(database: Path) -> str:
    other = database.parent.with_name("elsewhere")
    other.symlink_to(database.parent)
    return str(other / database.name)


def hard(database: Path) -> str:
    other = database.parent.with_name("hard")
    other.mkdir()
    os.link(database, other / "hard.db")
    return str(other / "hard.db")


def with_dots(database: Path) -> str:
    return f"{database.parent}/../{database.parent.name}/./{database.name}"


def relative(database: Path) -> str:
    return os.path.relpath(database)


def by_descriptor(database: Path) -> str:
    return f"/proc/{os.getpid()}/cwd/{os.path.relpath(database)}"


NAMES = [symbolic, symbolic_folder, hard, with_dots, relative, by_descriptor]
named = pytest.mark.parametrize("name", NAMES, ids=lambda name: name.__name__)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store" / "bridge.db"


@pytest.fixture
async def store(database: Path) -> AsyncIterator[Store]:
    store = await open_store(f"sqlite:///{database}", exclusive=True)
    await store.add_account(Account("shop", NOW), [])
    yield store
    await store.close()


def start(database: str) -> tuple["subprocess.Popen[str]", str]:
    """A process that tries, and the first thing it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", BRIDGE, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@named
async def test_another_process_is_refused_by_any_name(
    store: Store, database: Path, name: Callable[[Path], str]
) -> None:
    process, said = await asyncio.to_thread(start, name(database))
    process.communicate()
    assert f"is in use by another bridge (process {os.getpid()}" in said


@named
async def test_this_process_is_refused_by_any_name_and_the_first_store_goes_on(
    store: Store, database: Path, name: Callable[[Path], str]
) -> None:
    with pytest.raises(StoreUnavailable, match="in use by another bridge"):
        await open_store(f"sqlite:///{name(database)}", exclusive=True)
    await store.add_account(Account("cafe", NOW), [])
    # nobody else believes that the file is free: SQLite's own locks on it are there still
    looked = subprocess.run(["cat", "/proc/locks"], capture_output=True, text=True, check=True).stdout
    inode = database.stat().st_ino
    assert any("POSIX" in row and f":{inode} " in row for row in looked.splitlines())


@named
async def test_any_name_will_do_once_the_first_has_let_go(
    store: Store, database: Path, name: Callable[[Path], str]
) -> None:
    await store.close()
    process, said = await asyncio.to_thread(start, name(database))
    assert said == "open"
    with pytest.raises(StoreUnavailable, match=f"process {process.pid}"):
        await open_store(f"sqlite:///{database}", exclusive=True)
    process.communicate()
    again = await open_store(f"sqlite:///{database}", exclusive=True)
    assert [account.name for account in await again.accounts()] == ["shop"]
    await again.close()


async def test_a_killed_bridge_holds_nothing(store: Store, database: Path) -> None:
    await store.close()
    process, said = await asyncio.to_thread(start, str(database))
    assert said == "open"
    process.kill()
    process.communicate()
    StoreLock(database).close()


@pytest.mark.parametrize("name", [symbolic, with_dots, relative], ids=lambda name: name.__name__)
async def test_a_command_may_use_any_name_that_leads_to_the_real_one(
    store: Store, database: Path, name: Callable[[Path], str]
) -> None:
    beside = await open_store(f"sqlite:///{name(database)}")
    await beside.add_account(Account("cafe", NOW), [])
    await beside.close()
    assert len(await store.accounts()) == 2


async def test_a_command_is_refused_a_hard_link_to_a_store_in_use(store: Store, database: Path) -> None:
    """SQLite would keep a second log under that name, and damage the store."""
    other = hard(database)
    await store.close()
    process, said = await asyncio.to_thread(start, str(database))
    assert said == "open"
    with pytest.raises(StoreUnavailable, match=f"process {process.pid}, by another name"):
        await open_store(f"sqlite:///{other}")
    beside = await open_store(f"sqlite:///{database}")
    await beside.close()
    process.communicate()


async def test_is_not_read_by_a_hard_link_while_it_is_in_use(store: Store, database: Path) -> None:
    """A backup would lack what SQLite has not moved into the file yet."""
    other = hard(database)
    await store.close()
    process, said = await asyncio.to_thread(start, str(database))
    assert said == "open"
    with pytest.raises(InUse, match=f"process {process.pid}, by another name"):
        read_only(Path(other))
    read_only(database).close()
    process.communicate()
    read_only(Path(other)).close()


async def test_what_is_made_new_is_held_too(tmp_path: Path) -> None:
    fresh = await open_store(f"sqlite:///{tmp_path}/fresh.db", exclusive=True)
    os.link(tmp_path / "fresh.db", tmp_path / "other.db")
    with pytest.raises(StoreUnavailable, match="by another name"):
        await open_store(f"sqlite:///{tmp_path}/other.db", exclusive=True)
    await fresh.close()


async def test_links_in_a_circle_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "b.db")
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    with pytest.raises(StoreUnavailable, match=r"a\.db"):
        await open_store(f"sqlite:///{tmp_path}/a.db", exclusive=True)


async def test_a_bridge_waits_for_a_command_and_not_for_another_bridge(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = StoreLock(database, create=True, command=True)
    waiting = asyncio.get_running_loop().create_task(wait_for_lock(database))
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    told = f"a command (process {os.getpid()}) is at work on the store: waiting for it to end"
    assert caplog.messages == [told]
    command.close()
    bridge = await waiting
    with pytest.raises(InUse, match=f"in use by another bridge .process {os.getpid()}.: stop it first"):
        await wait_for_lock(database)
    bridge.close()


async def test_a_bridge_does_not_wait_for_ever(database: Path) -> None:
    command = StoreLock(database, create=True, command=True)
    with pytest.raises(
        InUse, match=rf"a command .process {os.getpid()}. is at work on .*: try again when it has ended"
    ):
        await wait_for_lock(database, patience=0.1)
    command.close()


async def test_a_lock_that_a_command_brings_goes_with_the_store(database: Path) -> None:
    store = await open_store(f"sqlite:///{database}", held=StoreLock(database, create=True, command=True))
    with pytest.raises(InUse) as caught:
        StoreLock(database)
    assert (caught.value.command, caught.value.pid) == (True, os.getpid())
    await store.close()
    StoreLock(database).close()


def test_who_holds_it_may_have_said_nothing(database: Path) -> None:
    lock = StoreLock(database, create=True)
    Path(f"{database}.lock").write_text("")
    with pytest.raises(InUse, match=r"another bridge \(a process that cannot be seen from here\)"):
        StoreLock(database)
    lock.close()
