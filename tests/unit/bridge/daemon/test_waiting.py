"""A bridge that starts while its database is away, or loses it then."""

import asyncio
import logging
import re
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from bridge.config.storage import Storage
from bridge.daemon.waiting import with_store
from bridge.errors import StoreUnavailable
from bridge.ports.store import Store
from bridge.store import open_store
from tests.support.postgresql import Server, server
from tests.support.waiting import until

#: seconds for a server to be killed and started again on a machine that has much else to do
PATIENCE = 100.0


@pytest.fixture
def own_server() -> Iterator[Server]:
    """One that a test may kill."""
    made = Server()
    yield made
    made.stop()


class Beginning:
    """Opens a store, and asks it for something."""

    def __init__(self, store: Storage) -> None:
        self.store = store
        self.opened = self.closed = 0
        #: is done once the store is open
        self.meanwhile: list[Server] = []

    async def __call__(self, stack: AsyncExitStack) -> Store:
        self.opened += 1
        store = await open_store(self.store.address, exclusive=True, name="east")
        stack.push_async_callback(self._close, store)
        if self.meanwhile:
            await asyncio.to_thread(self.meanwhile.pop().kill)
        await store.prove()
        return store

    async def _close(self, store: Store) -> None:
        self.closed += 1
        await store.close()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.name == "bridge.daemon.waiting"]


@pytest.mark.timeout(300)
async def test_waits_for_a_server_that_is_away_and_for_one_that_is_lost_meanwhile(
    own_server: Server, caplog: pytest.LogCaptureFixture, manager: socket.socket
) -> None:
    caplog.set_level(logging.INFO, "bridge.daemon.waiting")
    begin = Beginning(Storage(url=own_server.url(own_server.create())))
    begin.meanwhile = [own_server]
    await asyncio.to_thread(own_server.kill)

    async def waits_again(times: int) -> None:
        def look() -> bool:
            return said(caplog).count("the database answers") == times and "waiting" in said(caplog)[-1]

        await until(look, patience=PATIENCE)

    async with AsyncExitStack() as stack:
        beginning = asyncio.get_running_loop().create_task(with_store(stack, begin.store, begin))
        await until(lambda: said(caplog), patience=PATIENCE)
        assert re.match("waiting for the database: store.url: connection .* Connection refused", said(caplog)[0])
        told = manager.recv(4096).decode().splitlines()
        assert told == [f"STATUS={said(caplog)[0]}", "EXTEND_TIMEOUT_USEC=300000000"]
        for times in (0, 1):
            await waits_again(times)
            await asyncio.to_thread(own_server.start)
        await (await beginning).prove()
        assert begin.closed == 1  # what began before the server was lost
    assert begin.closed == 2


@pytest.mark.timeout(120)
async def test_waits_for_a_database_that_is_read_only_until_it_can_be_written(caplog: pytest.LogCaptureFixture) -> None:
    """As on a standby that is not promoted yet."""
    name = server().create()
    begin = Beginning(Storage(url=server().url(name)))
    await (await open_store(begin.store.address, exclusive=True, name="east")).close()

    def be_read_only(value: str) -> None:
        with psycopg.connect(server().url("postgres"), autocommit=True) as other:
            other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")

    be_read_only("on")
    async with AsyncExitStack() as stack:
        beginning = asyncio.get_running_loop().create_task(with_store(stack, begin.store, begin))
        await until(lambda: begin.opened >= 3, patience=PATIENCE)
        be_read_only("off")
        await (await beginning).prove()
    told = "waiting for the database: store.url: cannot execute INSERT in a read-only transaction"
    assert said(caplog)[0] == told
    assert len(said(caplog)) < begin.opened  # once a minute


@pytest.mark.parametrize("url", ["postgresql://nobody@/{}?host={}", "postgresql://sms@/nothing?host={1}"])
async def test_does_not_wait_for_a_server_that_refuses_this_bridge(url: str) -> None:
    begin = Beginning(Storage(url=url.format(server().create(), server().folder)))
    async with AsyncExitStack() as stack:
        with pytest.raises(StoreUnavailable, match="does not exist"):
            await with_store(stack, begin.store, begin)
    assert begin.opened == 2  # it might have been away for a moment


async def test_does_not_wait_for_what_another_bridge_has() -> None:
    begin = Beginning(Storage(url=server().url(server().create())))

    async def refuse(stack: AsyncExitStack) -> None:
        await begin(stack)
        raise StoreUnavailable("devices.modem: another bridge has it")

    async with AsyncExitStack() as stack:
        with pytest.raises(StoreUnavailable, match="another bridge has it"):
            await with_store(stack, begin.store, refuse)
        assert (begin.opened, begin.closed) == (1, 1)


async def test_does_not_wait_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "sms.db").write_bytes(b"no store" * 1000)
    begin = Beginning(Storage(url=f"sqlite:///{tmp_path}/sms.db"))
    async with AsyncExitStack() as stack:
        with pytest.raises(StoreUnavailable, match="damaged"):
            await with_store(stack, begin.store, begin)
    assert begin.opened == 1


async def test_a_file_that_fails_is_no_matter_of_postgresqls_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("psycopg", "bridge.store.postgresql.absence"):  # as where it is not installed
        monkeypatch.setitem(sys.modules, name, None)
    failed = StoreUnavailable("the store cannot be read: disk I/O error")

    async def begin(_: AsyncExitStack) -> None:
        raise failed from sqlite3.OperationalError("disk I/O error")

    async with AsyncExitStack() as stack:
        with pytest.raises(StoreUnavailable) as found:
            await with_store(stack, Storage(f"sqlite:///{tmp_path}/bridge.db"), begin)
    assert found.value is failed
