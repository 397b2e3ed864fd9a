"""A bridge for one command while none runs."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.config.schema import Config
from bridge.config.storage import Storage
from bridge.daemon.offline import serve_offline
from bridge.errors import StoreUnavailable
from bridge.host.client import Client
from bridge.store.lock import StoreLock


def settings(directory: Path) -> Config:
    return Config(store=Storage(f"sqlite:///{directory}/bridge.db"))


def lock(config: Config) -> StoreLock:
    return StoreLock(config.store.path, create=True, command=True)


async def test_answers_as_a_bridge_without_lines_does(tmp_path: Path) -> None:
    config = settings(tmp_path)
    async with serve_offline(config, lock(config)) as offline:
        client = Client(offline.control, "serve", ask=offline.ask)
        assert await client.get("/v1/lines") == {"lines": [], "alarms": []}
        for _ in range(3):  # each by a connection of its own
            assert await client.get("/v1/accounts") == {"accounts": []}


async def test_leaves_nothing_behind_but_the_store_and_lets_go_of_it(tmp_path: Path) -> None:
    config = settings(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(2):
        async with serve_offline(config, lock(config)) as offline:
            await Client(offline.control, "serve", ask=offline.ask).get("/v1/accounts")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bridge.db", "bridge.db.lock"]
    assert len(os.listdir("/proc/self/fd")) == before


async def test_lets_go_of_a_store_that_is_none(tmp_path: Path) -> None:
    config = settings(tmp_path)
    (tmp_path / "bridge.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreUnavailable, match="not a database"):
        async with serve_offline(config, lock(config)):
            pass
    lock(config).close()


async def test_packs_a_store_of_an_earlier_release_before_it_is_changed(tmp_path: Path) -> None:
    schemas = Path(__file__).parents[1] / "store" / "schemas"
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as raw:
        raw.executescript((schemas / "3.sql").read_text())
    config = settings(tmp_path)
    async with serve_offline(config, lock(config)) as offline:
        rows = (await Client(offline.control, "serve", ask=offline.ask).get("/v1/accounts"))["accounts"]
    assert [row["name"] for row in rows] == ["operator", "shop"]
    assert (tmp_path / "bridge.db.schema-3.export").exists()
