"""An empty store to begin with. It is made once and copied: making one takes longer than most tests do."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from bridge.store import open_store
from tests.support import postgresql


def empty_store(folder: Path, scheme: str = "sqlite") -> str:
    """Put an empty store into a folder, or a database; returns its URL, for `open_store`."""
    if scheme == "postgresql":
        return postgresql.server().url(postgresql.server().create(_template()))
    for name, content in _made(scheme).items():
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_bytes(content)
        path.chmod(0o600)
    return _url(folder, scheme)


@cache
def shared_database() -> str:
    """The URL of a store that is there for all tests of a process: making one takes longer than many of them do."""
    return postgresql.server().url(postgresql.server().create(_template(), stays=True))


def _url(folder: Path, scheme: str) -> str:
    return f"{scheme}:///{folder}/bridge.db"


@cache
def _template() -> str:
    """A database with an empty store."""
    name = postgresql.server().create()

    async def make() -> None:
        store = await open_store(postgresql.server().url(name))
        await store.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()
    return name


@cache
def _made(scheme: str) -> dict[str, bytes]:
    """The files of a new store, by name."""

    async def make(folder: Path) -> None:
        store = await open_store(_url(folder, scheme))
        await store.close()

    # on a thread of its own, where no loop runs yet
    with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make(Path(made))).result()
        return {path.name: path.read_bytes() for path in Path(made).iterdir()}
