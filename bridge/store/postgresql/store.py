"""The store on PostgreSQL, which several bridges may share; one transaction writes at a time, whoever began it."""

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

import psycopg

from bridge.bus import Bus
from bridge.errors import StoreUnavailable
from bridge.messages.opt_out import OptOut
from bridge.ports.store import Store
from bridge.ports.store_rows import Room
from bridge.store.connections import _stoppable, writes
from bridge.store.lock import StoreLock
from bridge.store.migrations import refuse_moved
from bridge.store.postgresql.answers import Late
from bridge.store.postgresql.connection import Connection, Said
from bridge.store.postgresql.long_submissions import LongSubmissions
from bridge.store.postgresql.news import Listener, Teller
from bridge.store.postgresql.place import Place, is_on_duty
from bridge.store.postgresql.reading import ReadingConnection
from bridge.store.postgresql.schema import migrate, refuse_unfit
from bridge.store.postgresql.session import SILENCE, Lost, ReadOnly, Refused, one_line
from bridge.store.progress import Progress
from bridge.store.subjects import Subjects
from bridge.store.writer import Done, Job, Tx, Writer, unavailable

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")

#: after a COMMIT whose answer did not come, for the server to say what became of it
ASKED = 5.0  # s
_PAUSE = 0.2  # s

#: a commit is on the server's disk before it is answered; one that asks for more keeps it
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) FROM current_setting('synchronous_commit') now "
    "WHERE now IN ('off', 'local')"
)

_MARK = "UPDATE bridges SET wrote = ? WHERE name = ?"
_TELL = "SELECT pg_notify(?, ?)"
_MARKED = "SELECT wrote FROM bridges WHERE name = ?"
_STATUS = "SELECT pg_xact_status(CAST(? AS xid8))"


def _prove(tx: Tx) -> None:
    """Commit what changes nothing, and wait until it is on the server's disk."""
    tx.conn.execute("UPDATE store SET proof = proof + 1")


class PostgresqlWriter(Writer):
    """Writes on a connection to a database."""

    def __init__(
        self, connection: sqlite3.Connection, bus: Bus | None, opt_out: OptOut | None, teller: Teller, place: Place
    ) -> None:
        self._teller = teller
        self._place = place
        #: of the last transaction; None where it has none
        self._mark: int | None = None
        cast(Connection, connection).defers = True
        super().__init__(connection, bus, opt_out)

    def do(self, job: Callable[[Tx], T], apart: bool = False) -> "asyncio.Future[T]":
        """As every writer does, but a duty only as long as this bridge has it."""
        return super().do(self._place.duty(job), apart)

    def do_together(self, job: Callable[[Tx, Sequence[T]], Sequence[R]], item: T) -> "asyncio.Future[R]":
        """As every writer does, but a duty by itself."""
        if is_on_duty():
            return self.do(lambda tx: job(tx, [item])[0])
        return super().do_together(job, item)

    def do_within(self, seconds: float, job: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """As every writer does, but a duty only as long as this bridge has it."""
        return super().do_within(seconds, self._place.duty(job))

    def do_alone(self, job: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """As every writer does, but a duty only as long as this bridge has it."""
        return super().do_alone(self._place.duty(job))

    def _transact(self, tx: Tx, batch: list[Job]) -> list[Done]:
        """As every writer does; what is done over for a statement that failed late defers none."""
        try:
            return super()._transact(tx, batch)
        finally:
            cast(Connection, self._connection).defers = True

    def _is_done_over(self, error: sqlite3.Error) -> bool:
        cast(Connection, self._connection).defers = not isinstance(error, Late)
        return isinstance(error, Late)

    def _commit(self, tx: Tx) -> None:
        """Commit, with a mark by which it is known later, and tell the other processes of the database."""
        connection, last = cast(Connection, self._connection), list[Said]()
        self._mark = secrets.randbits(62) if self._place.epoch else None  # another one, whatever fails from here on
        if self._mark is not None and connection.has_changed:
            last.append((_MARK, (self._mark, self._place.name)))
        else:
            self._mark = None
        if words := self._teller.written(tx):
            last.append((_TELL, (self._teller.channel, words)))
        connection.commit_with(*last)

    def _watch(self) -> None:
        """It has no files."""

    def _trouble(self) -> str:
        return ""

    def _rest(self) -> None:
        """The server looks after its own log."""

    def _tell_failure(self, error: sqlite3.Error) -> None:
        """That the server is lost was said by the connection."""
        if not isinstance(error, Lost):
            super()._tell_failure(error)

    def _is_committed(self, error: sqlite3.Error) -> bool | None:
        if not isinstance(error, Lost) or isinstance(error, ReadOnly):
            return False
        connection = cast(Connection, self._connection)
        ends = time.monotonic() + ASKED
        while True:
            with suppress(sqlite3.Error):
                connection.reconnect()
                if (known := self._outcome(connection)) is not None:
                    return known
            if time.monotonic() >= ends:
                return None
            time.sleep(_PAUSE)

    def _outcome(self, connection: Connection) -> bool | None:
        """Whether the last transaction was committed; None while nobody can say.

        Its mark says so for sure: with the lock of the bridge's name the session before this one is gone. Its number
        does not, for after a crash of the server another one may have that.
        """
        if not connection.transaction:
            return False  # it had not begun
        if self._mark is not None:
            return connection.execute(_MARKED, (self._place.name,)).fetchone() == (self._mark,)
        state = connection.execute(_STATUS, (connection.transaction,)).fetchone()
        return False if state == ("aborted",) else None


class PostgresqlStore(LongSubmissions, Subjects):
    """Implements `bridge.ports.store.Store` in the current schema of a database."""

    _write_connection: sqlite3.Connection

    def __init__(self, url: str, bus: Bus | None = None, opt_out: OptOut | None = None) -> None:
        super().__init__("", bus, opt_out)
        self._url = url
        self._teller = Teller()
        self._listener: Listener | None = None
        self._my_place = Place("")

    async def open(
        self,
        *,
        exclusive: bool = False,
        held: StoreLock | None = None,
        progress: Progress | None = None,
        name: str = "",
    ) -> None:
        """Connect and migrate; see `bridge.store.open_store`. Raises StoreUnavailable."""
        self._lock = held
        self._my_place = Place(name)
        progress = progress or Progress()
        try:
            await _stoppable(lambda: self._open(exclusive, progress), progress)
        except (Refused, Lost) as error:
            self._let_go()
            raise StoreUnavailable(f"store.url: {one_line(error.__cause__ or error)}") from error
        except sqlite3.Error as error:
            self._let_go()
            raise unavailable(error) from error
        except (StoreUnavailable, asyncio.CancelledError):
            self._let_go()
            raise
        self._writer = PostgresqlWriter(self._write_connection, self._bus, self._opt_out, self._teller, self._my_place)
        if exclusive and self._bus is not None:
            self._listener = Listener(self._url, self._teller, self._bus)

    async def close(self) -> None:
        """Hear no more of other processes, then close as every store does."""
        if self._listener is not None:
            await self._listener.close()
        await super().close()

    def _open(self, exclusive: bool, progress: Progress) -> None:
        locked, place = exclusive or self._lock is not None, self._my_place

        def prepare(session: psycopg.Connection[Any]) -> None:
            refuse_unfit(session)
            session.execute(_DURABLE)
            if locked:
                place.prepare(session)
            migrate(session)
            self._teller.find_channel(session)

        writing = Connection(self._url, *place.begin(), prepare=prepare, check=place.check)
        self._write_connection = cast(sqlite3.Connection, writing)
        self._connections.append(self._write_connection)
        if exclusive:
            place.enter(writing)
            refuse_moved(self._write_connection)
            self._recover()
        writing.expect(SILENCE)
        self._read_connection = self._connect_reading()

    def _connect_reading(self) -> sqlite3.Connection:
        reading = ReadingConnection(self._url)
        reading.expect(SILENCE)
        connection = cast(sqlite3.Connection, reading)
        self._connections.append(connection)
        return connection

    prove = writes(_prove)

    async def room(self) -> Room:
        """The database's size; its disk is the server's. Raises StoreUnavailable."""
        return Room(database=await self._read(_size), log=0, free=None, total=None)

    async def tidy(self) -> None:
        """Nothing to do: the server's autovacuum takes what was deleted out of its files."""


def _size(conn: sqlite3.Connection) -> int:
    row = conn.execute(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c JOIN pg_namespace n "
        "ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'"
    ).fetchone()
    return int(row[0])


STORE: type[Store] = PostgresqlStore
