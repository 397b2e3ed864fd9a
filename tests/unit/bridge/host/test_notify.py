"""What the service manager hears, on a real socket of its kind, over a real store."""

import asyncio
import os
import socket
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import BridgeError
from bridge.host.notify import Notifier, Reload, Service
from bridge.model.event import LINE_CHANGED, Event
from bridge.model.line import Line, LineState
from bridge.ports.store import Store
from bridge.store import open_store
from tests.support.store_rows import message

PATIENCE = 30.0  # s
#: a manager that wants signs of life every 0.2 s
WATCHDOG = 0.2


@dataclass
class Manager:
    """The service manager's end."""

    socket: socket.socket
    address: str

    async def hears(self) -> list[str]:
        """The next thing that it is told."""
        async with asyncio.timeout(PATIENCE):
            return (await asyncio.get_running_loop().sock_recv(self.socket, 4096)).decode().splitlines()

    async def hears_of(self, word: str) -> str:
        """The next line that begins so, whatever comes before."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in await self.hears():
                    if line.startswith(word):
                        return line

    def silent(self) -> bool:
        """Whether it was told nothing since."""
        try:
            return not self.socket.recv(4096)
        except BlockingIOError:
            return True

    def forget(self) -> None:
        """Throw away what it was told so far."""
        while not self.silent():
            pass


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@sms-bridge-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.setblocking(False)
        end.bind(address.replace("@", "\0"))
        yield Manager(end, address)


@dataclass
class Bridge:
    """As much of a bridge as a manager sees."""

    service: Service
    store: Store
    bus: Bus
    lines: list[Line]
    on_reload: list[Reload]


@asynccontextmanager
async def running(directory: Path, manager: Manager, watchdog: float = WATCHDOG) -> AsyncIterator[Bridge]:
    bus, on_reload = Bus(), list[Reload]()
    lines = [Line("office", "office", "fake", LineState.READY), Line("shop", "shop", "fake")]
    store = await open_store(f"sqlite:///{directory / 'bridge.db'}", bus)
    service = Service(Notifier(manager.address, watchdog), store, bus, lambda: lines, on_reload)
    await service.start()
    try:
        yield Bridge(service, store, bus, lines, on_reload)
    finally:
        await service.close()
        await store.close()


async def test_says_that_it_is_ready_and_how_it_is(tmp_path: Path, manager: Manager) -> None:
    async with running(tmp_path, manager):
        assert await manager.hears() == ["READY=1", "STATUS=1 of 2 lines ready, 0 messages waiting"]
        assert await manager.hears() == ["WATCHDOG=1"]
        manager.forget()
    assert await manager.hears() == ["STOPPING=1", "STATUS=stopping"]


async def test_tells_of_a_line_at_once_and_of_messages_with_the_next_sign_of_life(
    tmp_path: Path, manager: Manager
) -> None:
    async with running(tmp_path, manager) as bridge:
        await manager.hears_of("WATCHDOG=1")
        bridge.lines[1] = Line("shop", "shop", "fake", LineState.READY)
        bridge.bus.publish([Event(1, "", LINE_CHANGED, "", 0, "shop")])
        assert await manager.hears_of("STATUS") == "STATUS=2 of 2 lines ready, 0 messages waiting"
        await bridge.store.submit([message(1), message(2)])
        assert await manager.hears_of("STATUS") == "STATUS=2 of 2 lines ready, 2 messages waiting"


async def test_gives_no_sign_of_life_while_the_store_cannot_commit(tmp_path: Path, manager: Manager) -> None:
    async with running(tmp_path, manager):
        await manager.hears_of("WATCHDOG=1")
        with closing(sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)) as another:
            another.execute("BEGIN EXCLUSIVE")
            # one may be on its way already
            await asyncio.sleep(WATCHDOG)
            manager.forget()
            await asyncio.sleep(3 * WATCHDOG)
            assert manager.silent()
            another.execute("ROLLBACK")
        assert await manager.hears() == ["WATCHDOG=1"]


async def test_gives_no_sign_of_life_while_the_event_loop_does_not_turn(tmp_path: Path, manager: Manager) -> None:
    async with running(tmp_path, manager):
        await manager.hears_of("WATCHDOG=1")
        manager.forget()
        deadline = asyncio.get_running_loop().time() + 3 * WATCHDOG
        while asyncio.get_running_loop().time() < deadline:
            pass
        assert manager.silent()
        await manager.hears_of("WATCHDOG=1")


async def test_reloads_in_the_managers_words_whatever_goes_wrong(tmp_path: Path, manager: Manager) -> None:
    done = []

    async def damaged() -> None:
        raise BridgeError("the certificate is damaged")

    async def broken() -> None:
        raise ValueError

    async def works() -> None:
        done.append("works")

    async with running(tmp_path, manager, watchdog=0) as bridge:
        bridge.on_reload += [damaged, broken, works]
        await manager.hears_of("WATCHDOG=1")
        bridge.service.reload()
        reloading, moment = await manager.hears()
        assert (reloading, moment.startswith("MONOTONIC_USEC=")) == ("RELOADING=1", True)
        assert (await manager.hears())[0] == "READY=1"
        assert done == ["works"]


async def test_a_manager_that_has_gone_is_no_trouble(tmp_path: Path, manager: Manager) -> None:
    async with running(tmp_path, manager) as bridge:
        await manager.hears()
        manager.socket.close()
        bridge.service.reload()
        assert await bridge.store.pulse() == 0


async def test_without_a_manager_nothing_is_done_and_reloading_works(tmp_path: Path) -> None:
    done = asyncio.Event()

    async def works() -> None:
        done.set()

    bus = Bus()
    store = await open_store(f"sqlite:///{tmp_path / 'bridge.db'}", bus)
    service = Service(Notifier(), store, bus, list, [works])
    await service.start()
    assert len(asyncio.all_tasks()) == 1
    service.reload()
    await asyncio.wait_for(done.wait(), PATIENCE)
    await service.close()
    service.reload()  # a hang-up that comes too late
    assert len(asyncio.all_tasks()) == 1
    await store.close()


@pytest.mark.parametrize(
    ("environment", "listens", "watchdog"),
    [
        ({}, False, 0),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "30000000"}, True, 30),
        ({"NOTIFY_SOCKET": "@notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, True, 0),
        ({"NOTIFY_SOCKET": "@notify", "WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, True, 0.5),
        ({"NOTIFY_SOCKET": "vsock:2:1234"}, False, 0),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"}, True, 0),
    ],
)
def test_reads_what_the_manager_wants(environment: dict[str, str], listens: bool, watchdog: float) -> None:
    notifier = Notifier.of(environment)
    assert (bool(notifier), notifier.watchdog) == (listens, watchdog)
