"""Moves and copies a store to another machine, so that waiting messages are sent by one of the two only.

A *move* closes the old store for good. A *copy* (a backup) leaves it open, so what was waiting in it when the copy was
made may have been sent since: where the copy is brought in, those messages are `unknown`.
"""

import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bridge.config import obstacles
from bridge.dataclass import dataclass
from bridge.errors import NotPossible, StoreUnavailable
from bridge.messages.outcomes import unknown
from bridge.model.message import PENDING, Message, State
from bridge.store import archive, claiming, messages, salvage, settling, soundness
from bridge.store.archive import Kind, Manifest
from bridge.store.lock import StoreLock
from bridge.store.migrations import migrate, refuse_moved
from bridge.store.progress import Progress
from bridge.store.read_only import read_only
from bridge.store.schema import STEPS
from bridge.store.writer import Tx

log = logging.getLogger(__name__)

#: what SQLite keeps beside a database
_BESIDE = ("", "-wal", "-shm")
_PENDING = ", ".join(f"'{state}'" for state in sorted(PENDING))


class BridgeRuns(StoreUnavailable):
    """A bridge has the database that is to be closed or filled."""


@dataclass(frozen=True, slots=True)
class Content:
    """Row counts of a store."""

    accounts: int
    messages: int
    #: of these, those that have a way to go yet
    waiting: int
    received: int

    @property
    def empty(self) -> bool:
        """Whether it contains nothing of value."""
        return not (self.accounts or self.messages or self.received)


@dataclass(frozen=True, slots=True)
class Packed:
    """The result of packing."""

    manifest: Manifest
    content: Content


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive whose store is ready to be put in its place."""

    manifest: Manifest
    content: Content
    #: messages that the other bridge may have sent since
    doubtful: int
    #: what came beside the store
    others: Mapping[str, bytes]
    #: the store
    database: Path


@dataclass(frozen=True, slots=True)
class Arrived:
    """The result of importing."""

    manifest: Manifest
    content: Content
    #: messages that the other bridge may have sent since
    doubtful: int
    #: where the store is that was here before; None when there was none
    replaced: Path | None
    #: what came beside the store
    others: Mapping[str, bytes]


def content(conn: sqlite3.Connection) -> Content:
    """Count what is in a store of any release."""
    one = [
        "SELECT count(*) FROM accounts WHERE operator = 0",
        "SELECT count(*) FROM messages",
        f"SELECT count(*) FROM messages WHERE state IN ({_PENDING})",
        "SELECT count(*) FROM received",
    ]
    return Content(*(int(conn.execute(query).fetchone()[0]) for query in one))


def copy_out(database: Path, target: Path, now: int, others: Mapping[str, bytes]) -> Packed:
    """Pack a store that stays in use, running or not. Raises StoreUnavailable, OSError."""
    counted = _counted(database)
    return Packed(archive.pack(database, target, Kind.COPY, now, others, sound=True), counted)


def move_out(database: Path, target: Path, now: int, others: Mapping[str, bytes]) -> Packed:
    """Pack a store and close it so that no bridge starts on it. Raises StoreUnavailable while one runs, OSError."""
    counted = _counted(database)
    with StoreLock(database, command=True), closing(_open(database)) as conn:
        migrate(conn)
        refuse_moved(conn)

        def seal() -> None:
            # before the archive has its name: whatever happens now, only one of the two sends
            conn.execute("INSERT INTO moved VALUES (?, ?)", (now, str(target)))

        return Packed(archive.pack(database, target, Kind.MOVE, now, others, seal, sound=True), counted)


def keep_before_upgrade(database: Path, schema: int, now: int, progress: Progress | None = None) -> None:
    """Before an upgrade changes the schema, pack the store as it is, as the way back."""
    target = database.with_name(f"{database.name}.schema-{schema}.export")
    try:
        archive.pack(database, target, Kind.COPY, now, progress=progress)
    except (OSError, sqlite3.Error) as error:
        log.warning("the store could not be packed before its upgrade (%s); it is upgraded all the same", error)
    else:
        log.info("the store is of an earlier release: packed as it was into %s, now upgraded", target)


def take_back(database: Path) -> None:
    """Reopen a moved store. Raises NotPossible, StoreUnavailable."""
    _counted(database)
    with StoreLock(database, command=True), closing(_open(database)) as conn:
        migrate(conn)
        if not conn.execute("DELETE FROM moved").rowcount:
            raise NotPossible(f"{database} was not moved: there is nothing to take back")


def bring_in(source: Path, database: Path, now: int, *, replace: bool = False, gone: bool = False) -> Arrived:
    """Replace this machine's store by that of an archive.

    `replace`: put a store that is here aside. `gone`: the bridge that a copy was made of runs no more, so what was to
    be sent later than now was not sent. Raises NotAnArchive, NotPossible, StoreUnavailable, OSError.
    """
    refuse_newer(source)
    database.parent.mkdir(parents=True, exist_ok=True)
    with StoreLock(database, command=True):
        here = _found(database, replace)
        if here is not None and not here.empty and not replace:
            raise NotPossible(
                f"there is a store already: {database} (accounts: {here.accounts}, messages: {here.messages}); "
                "to put it aside: --replace"
            )
        with unpacked(source, database.parent, now, gone) as fresh:
            # last: what could still fail must not leave this machine without a store
            aside = _put_aside(database, now) if here is not None else None
            fresh.database.replace(database)
            archive.sync(database.parent)
    return Arrived(fresh.manifest, fresh.content, fresh.doubtful, aside, fresh.others)


def refuse_newer(source: Path) -> None:
    """Raises NotPossible for an archive of a newer release, NotAnArchive, OSError."""
    told = archive.look(source)
    if told.schema > len(STEPS):
        raise NotPossible(f"{source} was made by a newer sms-bridge ({told.made_by}): install that version here first")


@contextmanager
def unpacked(source: Path, folder: Path, now: int, gone: bool) -> Iterator[Unpacked]:
    """Unpack an archive in a folder for as long as the block runs, its store upgraded. Raises NotAnArchive, OSError."""
    fresh = Path(tempfile.mkdtemp(prefix=".import-", dir=folder))
    try:
        manifest = archive.unpack(source, fresh)
        counted, doubtful = _prepare(fresh / archive.DATABASE, manifest, now, gone)
        others = {name: (fresh / name).read_bytes() for name in manifest.files if name != archive.DATABASE}
        yield Unpacked(manifest, counted, doubtful, others, fresh / archive.DATABASE)
    finally:
        shutil.rmtree(fresh)


def _prepare(database: Path, manifest: Manifest, now: int, gone: bool) -> tuple[Content, int]:
    """Upgrade an unpacked store to this release; in a copy, mark what may have been sent as unknown."""
    with closing(_open(database)) as conn:
        if trouble := soundness.trouble(conn):
            raise archive.NotAnArchive(f"the store inside is damaged: {trouble}")
        migrate(conn)
        doubtful = _doubt(conn, manifest.made_at, now, gone) if manifest.kind is Kind.COPY else 0
        counted = content(conn)
        conn.execute("PRAGMA journal_mode = DELETE")  # all in one file, which can be renamed
    return counted, doubtful


def _doubt(conn: sqlite3.Connection, made_at: int, now: int, gone: bool) -> int:
    """Mark what was waiting in a copy as unknown (or by its policy): the original may have sent it."""
    made = datetime.fromtimestamp(made_at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    error = f"it waited when this store was copied on {made}; whether the other bridge sent it since is not known"
    conn.execute("BEGIN IMMEDIATE")
    tx = Tx(conn)
    settling.recover(tx, now)
    rows = conn.execute(f"SELECT {messages.COLUMNS} FROM messages WHERE state IN ({_PENDING}) ORDER BY seq").fetchall()
    doubtful = [message for message in map(messages.message_of, rows) if not (gone and _was_later(message, now))]
    for message in doubtful:
        _doubt_one(tx, message, error, now)
    conn.execute("COMMIT")
    return len(doubtful)


def _doubt_one(tx: Tx, message: Message, error: str, now: int) -> None:
    _, index = claiming.progress(tx.conn, message.id)
    if message.state is State.SCHEDULED:
        message = messages.move(tx, message, State.QUEUED, now)
    message = messages.move(tx, message, State.SENDING, now, units=message.parts)
    claiming.intend(tx, message.id, index, message.line or message.route, now)
    settling.record(tx, unknown(message, index, error, now), now)


def _was_later(message: Message, now: int) -> bool:
    return message.state is State.SCHEDULED and message.due_at > now


def _put_aside(database: Path, now: int) -> Path:
    aside = database.with_name(f"{database.name}.replaced-{now}")
    for suffix in _BESIDE:
        if (file := Path(f"{database}{suffix}")).exists():
            file.replace(f"{aside}{suffix}")
    return aside


def _counted(database: Path) -> Content:
    """Count the rows of a store. Raises StoreUnavailable when there is none."""
    if words := obstacles.obstructed(database):
        raise StoreUnavailable(words)
    if not database.exists():
        raise StoreUnavailable(f"there is no store at {database} yet: the bridge makes it when it starts")
    try:
        with closing(read_only(database)) as conn:
            return content(conn)
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # made, and never opened by a bridge
            return Content(0, 0, 0, 0)
        raise StoreUnavailable(f"{database}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"{database} is not a store: {error}") from error


def _found(database: Path, replace: bool) -> Content | None:
    """What the store has that is here already; None when there is none. One that is damaged has what nobody knows."""
    if not database.exists():
        return None
    try:
        return _counted(database)
    except StoreUnavailable as error:
        if not replace:
            raise NotPossible(f"{error.message}; to put it aside: --replace") from error
        return Content(0, 0, 0, 0)


def save_readable(database: Path, target: Path, now: int, others: Mapping[str, bytes]) -> tuple[Packed, list[str]]:
    """Pack what can be read of a damaged store, as a copy; with the tables of which something is missing.

    Raises StoreUnavailable while a bridge runs, and when nothing can be read; OSError.
    """
    fresh = target.with_name(f".{target.name}.readable")
    fresh.unlink(missing_ok=True)
    with StoreLock(database, command=True):
        try:
            saved = salvage.save(database, fresh)
            packed = Packed(archive.pack(fresh, target, Kind.COPY, now, others), _counted(fresh))
        finally:
            fresh.unlink(missing_ok=True)
    return packed, sorted(name for name, each in saved.items() if each.damaged)


def _open(database: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(database, isolation_level=None)
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA foreign_keys = ON")
    return conn
