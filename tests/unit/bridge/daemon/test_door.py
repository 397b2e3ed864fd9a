"""The one door for commands: through the bridge that runs, else through a gateway of one's own."""

import asyncio
import grp
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bridge.config.field import Secret
from bridge.config.schema import Config
from bridge.config.storage import Storage
from bridge.daemon.door import door
from bridge.errors import NoSuchThing, StoreUnavailable
from bridge.host import control_file
from bridge.host.client import Declined
from bridge.host.control_file import Control, NotRunning
from bridge.store import open_store
from bridge.store.lock import StoreLock
from tests.support.running import config, running
from tests.support.users import somebody_else
from tests.support.waiting import until

START = "sms-bridge serve"
#: a group that every Linux has
USERS = 100

#: another process that holds a store until its input ends
HOLDER = """
import sys
from pathlib import Path
from bridge.store.lock import StoreLock

lock = StoreLock(Path(sys.argv[1]), create=True, command=sys.argv[2] == "command")
print("held", flush=True)
sys.stdin.read()
"""

#: a command in a process of its own, which says what it has open and what it has imported
COMMAND = """
import asyncio, json, os, sys
from bridge.config.schema import Config
from bridge.config.storage import Storage
from bridge.daemon.door import door

async def main():
    async with door(Config(store=Storage(f"sqlite:///{sys.argv[1]}/bridge.db")), "serve") as client:
        accounts = [each["name"] for each in (await client.get("/v1/accounts"))["accounts"]]
        open = [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]
    print(json.dumps({"accounts": accounts, "open": open, "imported": list(sys.modules)}))

asyncio.run(main())
"""


@contextmanager
def held_by_another(database: Path, kind: str) -> Iterator["subprocess.Popen[str]"]:
    arguments = [sys.executable, "-c", HOLDER, str(database), kind]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.communicate()


def stopped(directory: Path) -> Config:
    return config(directory, {})


async def names(settings: Config, **how: Any) -> list[str]:
    async with door(settings, START, **how) as client:
        return [each["name"] for each in (await client.get("/v1/accounts"))["accounts"]]


async def add(settings: Config, name: str) -> dict[str, str]:
    async with door(settings, START) as client:
        printed: dict[str, str] = (await client.post("/v1/accounts", {"name": name}))["credentials"]
        return printed


async def trail(settings: Config) -> list[tuple[str, str, str]]:
    async with door(settings, START) as client:
        rows = (await client.get("/v1/audit"))["entries"]
    return [(row["who"], row["what"], row["account"]) for row in rows]


async def test_the_same_calls_do_the_same_whether_a_bridge_runs_or_not(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    await add(settings, "cafe")
    async with running(settings) as bridge:
        assert await names(settings) == ["cafe", "operator", "shop"]
        keys = await add(settings, "clinic")
        # in the process that runs, at once
        async with bridge.http.get(f"{bridge.url}/v1/me", headers={"X-Api-Key": keys["apikey"]}) as answer:
            assert (await answer.json())["name"] == "clinic"
    assert await names(settings) == ["cafe", "clinic", "operator", "shop"]
    assert await trail(settings) == [
        ("command line", "add_account", "clinic"),
        ("command line", "add_account", "cafe"),
    ]


async def test_the_store_of_a_bridge_that_runs_is_left_alone(tmp_path: Path) -> None:
    async with running(stopped(tmp_path)):
        arguments = [sys.executable, "-c", COMMAND, str(tmp_path)]
        process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    told = json.loads(out)
    assert told["accounts"] == ["operator", "shop"]
    assert [path for path in told["open"] if path.startswith(str(tmp_path))] == []
    # what takes long to import is for commands that find no bridge
    assert set(told["imported"]) & {"sqlite3", "aiohttp", "api"} == set()


async def test_what_is_wrong_is_said_in_the_same_words(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    told = []
    for _ in range(2):
        async with door(settings, START) as client:
            with pytest.raises(Declined) as caught:
                await client.call("PATCH", "/v1/accounts/nobody", {"disabled": True})
        told.append(caught.value.message)
        if len(told) == 1:
            async with running(settings), door(settings, START) as client:
                with pytest.raises(Declined) as caught:
                    await client.call("PATCH", "/v1/accounts/nobody", {"disabled": True})
            told.append(caught.value.message)
    assert set(told) == {"there is no account 'nobody'"}


async def test_acts_for_an_account(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    await add(settings, "shop")
    async with door(settings, START, "shop") as client:
        assert (await client.get("/v1/me"))["name"] == "shop"


async def test_makes_no_token_and_no_account_in_a_store_that_it_only_looks_at(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    assert await names(settings) == []
    store = await open_store(settings.store.url, exclusive=True)
    with pytest.raises(NoSuchThing):
        await store.account("operator")
    await store.close()


async def test_a_killed_bridges_word_misleads_nobody(tmp_path: Path) -> None:
    """Its process id is another program's by now."""
    settings = stopped(tmp_path)
    control_file.write(tmp_path, Control("http://127.0.0.1:9", Secret("x"), os.getpid(), str(tmp_path / "s")))
    (tmp_path / "bridge.db.lock").write_text(str(os.getpid()))
    assert await names(settings) == []
    with pytest.raises(NotRunning, match=r"^the bridge is not running; start it with: sms-bridge serve$"):
        await names(settings, running=True)


@pytest.mark.parametrize("store", [True, False])
async def test_what_needs_a_bridge_that_runs_says_how_to_start_it(tmp_path: Path, store: bool) -> None:
    settings = stopped(tmp_path)
    if store:
        await names(settings)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(NotRunning, match=r"^the bridge is not running; start it with: sms-bridge serve$"):
        await names(settings, running=True)
    assert sorted(tmp_path.iterdir()) == before


async def test_waits_for_a_bridge_that_starts(tmp_path: Path) -> None:
    """It has the lock, and has not said yet where it answers."""
    settings, file = stopped(tmp_path), tmp_path / "control.json"
    async with running(settings):
        file.rename(tmp_path / "not yet")
        asked = [asyncio.get_running_loop().create_task(names(settings, running=how)) for how in (True, False)]
        await asyncio.wait(asked, timeout=0.2)
        assert not any(each.done() for each in asked)
        (tmp_path / "not yet").rename(file)
        assert await asyncio.gather(*asked) == [["operator", "shop"]] * 2


async def test_waits_for_a_bridge_that_ends(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    lock = StoreLock(settings.store.path, create=True)
    asked = asyncio.get_running_loop().create_task(names(settings))
    await asyncio.wait({asked}, timeout=0.2)
    assert not asked.done()
    lock.close()
    assert await asked == []


async def test_says_when_a_bridge_neither_starts_nor_ends(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    with held_by_another(settings.store.path, "bridge") as holder:
        told = rf"the bridge \(process {holder.pid}\) is starting or ending, and answers no commands: try again in"
        for how in (True, False):
            with pytest.raises(NotRunning, match=told):
                await names(settings, running=how, patience=0.1)


async def test_waits_for_another_command_and_says_which_one_takes_too_long(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    with held_by_another(settings.store.path, "command") as holder:
        with pytest.raises(StoreUnavailable, match=rf"a command \(process {holder.pid}\) is at work on .*: try again"):
            await names(settings, patience=0.1)
        asked = asyncio.get_running_loop().create_task(names(settings))
        await asyncio.wait({asked}, timeout=0.1)
        assert not asked.done()
        holder.communicate()
        assert await asked == []


async def test_a_bridge_that_starts_waits_for_a_command_to_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = stopped(tmp_path)
    async with door(settings, START) as client:
        starting = asyncio.get_running_loop().create_task(started(settings))
        await until(lambda: said(caplog, f"a command (process {os.getpid()}) is at work on the store: waiting"))
        assert (await client.get("/v1/accounts")) == {"accounts": []}
        assert not starting.done()
    assert await starting


async def said(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return words in caplog.text


async def started(settings: Config) -> str:
    async with running(settings) as bridge:
        return bridge.url


async def test_commands_at_once_take_turns(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    await asyncio.gather(*(add(settings, f"shop{number}") for number in range(8)))
    assert await names(settings) == [f"shop{number}" for number in range(8)]


async def test_a_store_of_another_user_is_told_with_the_command_that_helps(tmp_path: Path) -> None:
    settings = stopped(tmp_path)
    await names(settings)
    for each in tmp_path.iterdir():
        each.chmod(0)
    owner = tmp_path.owner()
    for how in (True, False):
        told = f"is for the user {owner}, who runs the bridge: try sudo -u {owner} sms-bridge …"
        with somebody_else(), pytest.raises(StoreUnavailable, match=told):
            await names(settings, running=how)


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = replace(stopped(tmp_path), store=Storage(f"sqlite:///{tmp_path}/file/bridge.db"))
    with pytest.raises(StoreUnavailable, match=f"{tmp_path}/file is a file, where a folder is needed: move it away"):
        await names(settings)


async def test_finds_a_bridge_that_has_the_store_by_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "real" / "bridge.db")
    by_link = replace(stopped(tmp_path), store=Storage(f"sqlite:///{tmp_path}/link.db"))
    async with running(stopped(tmp_path / "real")):
        assert "shop" in await names(by_link)
    async with running(by_link):
        assert "shop" in await names(stopped(tmp_path / "real"))


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, int]]:
    """A directory as the service has it, of a group of this machine in place of the service's."""
    group = USERS if os.geteuid() == 0 else os.getegid()
    monkeypatch.setattr(control_file, "GROUP", grp.getgrgid(group).gr_name)
    with TemporaryDirectory() as directory:
        os.chown(directory, -1, group)
        os.chmod(directory, 0o750)
        yield Path(directory), group


async def test_a_member_of_the_group_uses_the_bridge_that_runs_and_its_store_not(shared: tuple[Path, int]) -> None:
    directory, group = shared
    async with running(config(directory, {})), door(stopped(directory), START) as own:
        assert (await own.get("/v1/lines")) == {"lines": [], "alarms": []}
        assert stat.S_IMODE((directory / "control.json").stat().st_mode) == 0o640
        assert stat.S_IMODE((directory / "control.sock").stat().st_mode) == 0o660
        assert not os.stat(directory / "bridge.db").st_mode & 0o077
        with somebody_else([group]):
            async with door(stopped(directory), START) as client:
                assert (await client.get("/v1/lines")) == {"lines": [], "alarms": []}
        if os.geteuid() == 0:
            # nobody else can become somebody of no group
            with somebody_else(), pytest.raises((NotRunning, StoreUnavailable)):
                async with door(stopped(directory), START):
                    pass


async def test_a_directory_of_another_group_is_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_file, "GROUP", grp.getgrgid(os.getegid()).gr_name)
    tmp_path.chmod(0o700)
    async with running(config(tmp_path, {})):
        assert stat.S_IMODE((tmp_path / "control.json").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o600
