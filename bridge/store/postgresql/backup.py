"""Moves and copies a store in PostgreSQL, by the archives that a store in a file is moved by: one for either engine.

Its rows go through a file of SQLite's, which is what an archive has. They are of one moment, and an import is one
transaction: interrupted, it leaves the database as it was.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg

from bridge.errors import NotPossible, StoreUnavailable
from bridge.store import archive, backup
from bridge.store.archive import Kind
from bridge.store.backup import Arrived, BridgeRuns, Content, Packed
from bridge.store.migrations import refuse_moved
from bridge.store.postgresql.connection import Connection
from bridge.store.postgresql.copying import read_file, write_file
from bridge.store.postgresql.schema import BRIDGE, HERE, STEPS, WRITES, migrate, refuse_newer, refuse_unfit, steps_of
from bridge.store.postgresql.session import Lost, Refused, one_line
from bridge.store.postgresql.store import _DURABLE
from bridge.store.writer import unavailable

#: for a bridge that ended to be gone from the server, too
PATIENCE = 10.0  # s
_PAUSE = 0.2  # s

_ALONE = f"SELECT pg_try_advisory_lock({BRIDGE}, {HERE})"
_HOLDERS = (
    "SELECT string_agg(DISTINCT coalesce(host(client_addr), 'the server itself'), ', ') FROM pg_stat_activity "
    f"JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND classid = {BRIDGE} AND granted"
)
_READS = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#: what is packed is what there is when nobody else writes any more
_CLOSES = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_FILLS = "BEGIN"
_NONE = "there is no store in the database yet: the bridge makes it when it starts"
#: of what there may be before an import: a bridge that was started once has none of these
_KEPT = ("users", "endpoints", "contacts", "templates", "suppressed", "batches")


def copy_out(url: str, target: Path, now: int, others: Mapping[str, bytes]) -> Packed:
    """Pack a store that stays in use, running or not. Raises StoreUnavailable, OSError."""

    def look(session: psycopg.Connection[Any]) -> None:
        refuse_unfit(session)
        refuse_newer(seen := steps_of(session))
        if seen < len(STEPS):
            older = "the store is of an earlier release: start this release's bridge once, which upgrades it"
            raise StoreUnavailable(older if seen else _NONE)

    with _opened(url, _READS, look) as database:
        return _pack(database, target, Kind.COPY, now, others)


def move_out(url: str, target: Path, now: int, others: Mapping[str, bytes]) -> Packed:
    """Pack a store and close it so that no bridge starts on it. Raises StoreUnavailable while one runs, OSError."""
    with _opened(url, _CLOSES, _take) as database:
        refuse_moved(_as_file(database))

        def seal() -> None:
            # before the archive has its name: whatever happens now, only one of the two sends
            database.execute("INSERT INTO moved VALUES (?, ?)", (now, str(target)))
            database.execute("COMMIT")

        return _pack(database, target, Kind.MOVE, now, others, seal)


def take_back(url: str) -> None:
    """Reopen a moved store. Raises NotPossible, StoreUnavailable."""
    with _opened(url, _FILLS, _take) as database:
        if not database.execute("DELETE FROM moved").rowcount:
            raise NotPossible("the database was not moved: there is nothing to take back")
        database.execute("COMMIT")


def bring_in(
    source: Path,
    url: str,
    folder: Path,
    now: int,
    *,
    gone: bool = False,
    told: Callable[[int], None] = lambda rows: None,
) -> Arrived:
    """Fill an empty database with the store of an archive, which is unpacked in a folder meanwhile.

    `gone`: as `bridge.store.backup.bring_in` has it. `told` hears how many rows are there. Raises NotAnArchive,
    NotPossible, StoreUnavailable, OSError.
    """
    backup.refuse_newer(source)
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(url, _FILLS, _make) as database:
        _refuse_full(database)
        with backup.unpacked(source, folder, now, gone) as fresh:
            read_file(database, fresh.database, told)
            database.execute("COMMIT")
        database.execute("ANALYZE")
    return Arrived(fresh.manifest, fresh.content, fresh.doubtful, None, fresh.others)


def _pack(
    database: Connection,
    target: Path,
    kind: Kind,
    now: int,
    others: Mapping[str, bytes],
    seal: Callable[[], None] = lambda: None,
) -> Packed:
    counted = _content(database)
    manifest = archive.pack_made(lambda file: write_file(database, file), target, kind, now, others, seal)
    return Packed(manifest, counted)


@contextmanager
def _opened(url: str, begin: str, prepare: Callable[[psycopg.Connection[Any]], None]) -> Iterator[Connection]:
    """A session with its transaction begun. Raises StoreUnavailable for whatever the database says."""
    try:
        with closing(Connection(url, (begin, ()), prepare=prepare)) as database:
            database.execute("BEGIN")
            yield database
    except Refused as error:
        if isinstance(error.__cause__, BridgeRuns):
            raise error.__cause__ from None
        raise StoreUnavailable(f"store.url: {one_line(error.__cause__ or error)}") from error
    except Lost as error:
        raise StoreUnavailable(f"store.url: {one_line(error.__cause__ or error)}") from error
    except sqlite3.Error as error:
        raise unavailable(error) from error


def _take(session: psycopg.Connection[Any]) -> None:
    """Let no bridge and no command write, as long as the session lives."""
    refuse_unfit(session)
    if not steps_of(session):
        raise StoreUnavailable(_NONE)
    _make(session)


def _make(session: psycopg.Connection[Any]) -> None:
    """The same, with an empty store where there is none."""
    refuse_unfit(session)
    session.execute(_DURABLE)
    _lock(session)
    session.execute(f"SELECT pg_advisory_lock({WRITES}, {HERE})")
    migrate(session)


def _lock(session: psycopg.Connection[Any]) -> None:
    """Be the only one with the lock that bridges hold. Raises BridgeRuns."""
    ends = time.monotonic() + PATIENCE
    while not (session.execute(_ALONE).fetchone() or (False,))[0]:
        if time.monotonic() >= ends:
            found = session.execute(_HOLDERS).fetchone()
            who = f" (from {found[0]})" if found and found[0] else ""
            raise BridgeRuns(f"the database is in use by another bridge{who}: stop it first")
        time.sleep(_PAUSE)


def _refuse_full(database: Connection) -> None:
    """Raises NotPossible where the database has what an import would replace."""
    here = _content(database)
    more = [name for name in _KEPT if database.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()]
    if here.empty and not more:
        return
    found = f"accounts: {here.accounts}, messages: {here.messages}" if not here.empty else ", ".join(more)
    raise NotPossible(
        f"there is a store already in the database ({found}): make an empty one (createdb --owner USER --encoding UTF8 "
        "--template template0 NAME) and name it in store.url"
    )


def _content(database: Connection) -> Content:
    return backup.content(_as_file(database))


def _as_file(database: Connection) -> sqlite3.Connection:
    """What the functions of the store take."""
    return cast(sqlite3.Connection, database)
