"""A connection to PostgreSQL that the store's functions use as they use one to SQLite.

It has what they need of `sqlite3.Connection`, raises SQLite's errors, and is made anew at the beginning of a
transaction when it was lost. A function that catches an IntegrityError must raise another error for it: what it did
before, back to its savepoint, is undone by then.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown

from bridge.errors import StoreUnavailable
from bridge.store.postgresql.dialect import translated

log = logging.getLogger(__name__)

#: for what the URL does not say: a server that is gone is noticed within these seconds
_PATIENCE: dict[str, str | int] = {
    "application_name": "sms-bridge",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
#: and a bridge that is gone by the server, which then lets go of its lock
SESSION = (
    # a page of an index is hardly ever far away: what the server expects for one by itself is a turning disk
    "SET TimeZone = 'UTC'; SET jit = off; SET random_page_cost = 1.1; SET lock_timeout = '10s'; "
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = 15000"
)
#: one that lives and says nothing, as a stopped one or one whose disk hangs, which TCP takes for well
SILENCE = 12.0  # s
#: after a failure to connect, nobody waits for another for so long
_PAUSE = 1.0  # s
#: statements that are kept prepared
_PREPARED = 512
#: stands for the character of number 0, which PostgreSQL keeps in no text
NUL = "\u2400"
#: what callers hear; the log has the server's words
UNREACHABLE = "the database does not answer"

#: what each job of the writer runs in
SAVEPOINT, RELEASE = "SAVEPOINT jobs", "RELEASE jobs"

Values = Sequence[Any] | Mapping[str, Any]


class Lost(sqlite3.OperationalError):
    """The connection was lost, or cannot be made."""


class Refused(sqlite3.OperationalError):
    """The database is not for this bridge, or not any more."""


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A session that takes a server which says nothing for lost."""

    #: seconds that an answer may take; None for any
    patience: float | None = None

    def wait(self, gen: Generator[Any, Any, Any], *given: Any, **named: Any) -> Any:
        """Wait for an answer. Raises psycopg.OperationalError when none came in time, and is closed then."""
        if self.patience is None:
            return super().wait(gen, *given, **named)
        try:
            return super().wait(_in_time(gen, self.patience), *given, **named)
        except _Silent:
            self.pgconn.finish()  # what was asked may still be under way
            raise


class _Silent(psycopg.OperationalError):
    """No answer came in time."""


def _in_time(waiting: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """What psycopg waits for. Raises _Silent when the server has said nothing at all for so long."""
    try:
        state, ends = next(waiting), time.monotonic() + seconds
        while True:
            ready = yield state
            if ready:
                ends = time.monotonic() + seconds
            elif time.monotonic() > ends:
                raise _Silent(f"the server has not answered for {seconds:g} s")
            state = waiting.send(ready)
    except StopIteration as end:
        return end.value


class Result(psycopg.Cursor[tuple[Any, ...]]):
    """What a statement returned."""

    #: the number of the last row that it made
    lastrowid: int | None = None

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row; None where there is none."""
        return super().fetchone() if self.description is not None else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        return super().fetchall() if self.description is not None else []


class _Text(StrDumperUnknown):
    """Texts of no type, so that the server takes that of their place, and names of a set as texts."""

    def dump(self, obj: Any) -> Buffer | None:
        text = str(obj.value if isinstance(obj, Enum) else obj)
        return super().dump(text.replace("\0", NUL) if "\0" in text else text)


class _Flag(Dumper):
    """True and False, for columns of numbers and for conditions."""

    def dump(self, obj: bool) -> Buffer | None:
        return b"1" if obj else b"0"


class _Whole(Loader):
    """Sums of whole numbers."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdecimal() else float(text)


def conninfo(url: str) -> str:
    """What libpq is told: the URL, and patience where it does not say. Raises Refused."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise Refused(one_line(error)) from error
    return make_conninfo(url, **{name: value for name, value in _PATIENCE.items() if name not in known})


class Connection:
    """One session. `begin` is what begins a transaction that writes, or for one that reads."""

    def __init__(
        self,
        url: str,
        begin: str,
        prepare: Callable[[psycopg.Connection[Any]], None] = lambda session: None,
        check: Callable[[tuple[Any, ...]], None] = lambda row: None,
    ) -> None:
        self._conninfo = conninfo(url)
        self._begin = begin
        #: called with each new session before anything else
        self._prepare = prepare
        #: called with what `begin` returned; raises Refused for a transaction that must not be
        self._check = check
        self._not_before = 0.0
        #: what was logged of a server that cannot be reached
        self._said = ""
        #: seconds that an answer may take, from `expect` on
        self._patience: float | None = None
        #: the number of the transaction under way, by which the server knows later what became of it
        self.transaction = ""
        self.total_changes = self._changes_before = 0
        #: `begin` has made the first savepoint of the transaction; one that is done with is not released yet
        self._saved = self._owes_release = False
        #: which transaction this is, of all, and held while it is being interrupted
        self._turn, self._interrupting = 0, threading.Lock()
        self._session = self._connect()

    def _connect(self) -> Session:
        if time.monotonic() < self._not_before:
            raise Lost(UNREACHABLE)
        try:
            session = Session.connect(self._conninfo, autocommit=True)
        except psycopg.Error as error:
            self._not_before = time.monotonic() + _PAUSE
            self._say(one_line(error))
            raise Lost(UNREACHABLE) from error
        self._say("")
        session.patience = self._patience
        try:
            with told():
                _adapt(session)
                session.execute(SESSION, prepare=False)
                self._prepare(session)
        except BaseException as error:
            session.close()
            if isinstance(error, StoreUnavailable):
                raise Refused(error.message) from error
            raise
        return session

    def _say(self, trouble: str) -> None:
        """Log why the server cannot be reached, or that it is again, once."""
        if trouble and trouble != self._said:
            log.warning("the database cannot be reached: %s", trouble)
        elif self._said and not trouble:
            log.info("the database is reached again")
        self._said = trouble

    def expect(self, seconds: float) -> None:
        """Take the server for lost when it says nothing for so long, from now on."""
        self._patience = self._session.patience = seconds

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is under way."""
        return self._session.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def execute(self, statement: str, values: Values = ()) -> Result:
        """Run one statement. Raises sqlite3.Error."""
        if statement.startswith("BEGIN"):
            return self._begin_anew()
        if statement == RELEASE or (statement == SAVEPOINT and self._saved):
            self._owes_release, self._saved = statement == RELEASE, False
            return self._ask()
        if statement in ("COMMIT", "ROLLBACK"):
            self._owes_release = False
        self._release()
        said = translated(statement)
        with self._errors():
            result = self._ask().execute(said.text, said.values(values), prepare=None if said.prepares else False)
        if said.changes:
            self.total_changes += result.rowcount
        if said.numbers:
            rows = result.fetchall()
            result.lastrowid = rows[-1][0] if rows else None
        return result

    def executemany(self, statement: str, values: Iterable[Values]) -> Result:
        """Run one statement for each of many values, with one wait for the server. Raises sqlite3.Error."""
        said = translated(statement)
        self._release()
        result = self._ask()
        with self._errors():
            result.executemany(said.text, [said.values(each) for each in values])
        self.total_changes += max(result.rowcount, 0)
        return result

    @property
    def has_changed(self) -> bool:
        """Whether the transaction under way has changed anything."""
        return self.total_changes != self._changes_before

    def commit_with(self, *statements: sql.Composable) -> None:
        """Commit after some last statements, without a wait for each of them. Raises sqlite3.Error."""
        self._owes_release = False
        with told():
            self._ask().execute(sql.SQL("; ").join([*statements, sql.SQL("COMMIT")]), prepare=False)

    @contextmanager
    def copy(self, statement: str) -> Iterator[psycopg.Copy]:
        """Stream rows into a table, or out of one. Raises sqlite3.Error."""
        with told(), self._ask().copy(statement) as rows:
            yield rows

    def _release(self) -> None:
        """Let go of a savepoint before something else; at the end of a transaction it goes without a word."""
        if self._owes_release:
            self._owes_release = False
            with told():
                self._session.execute(RELEASE, prepare=False)

    def _ask(self) -> Result:
        return Result(self._session)

    def rollback(self) -> None:
        """Undo the transaction under way."""
        with told():
            self._session.execute("ROLLBACK", prepare=False)

    def interrupt(self) -> None:
        """End the statement that runs; another connection says so to the server, on a thread of its own."""
        threading.Thread(target=self._cancel, args=(self._turn,), name="store interrupt", daemon=True).start()

    def _cancel(self, turn: int) -> None:
        with self._interrupting, suppress(psycopg.Error):
            if turn == self._turn:
                self._session.cancel_safe(timeout=_PAUSE)

    def close(self) -> None:
        """End the session. Harmless when repeated."""
        with suppress(psycopg.Error):
            self._session.close()

    def reconnect(self) -> None:
        """Begin another session where this one was lost. Raises sqlite3.Error."""
        if self._session.closed or self._session.broken:
            self._session = self._connect()

    def _begin_anew(self) -> Result:
        """Begin a transaction; a session that was lost since the last one is noticed here, and begun anew."""
        with self._interrupting:  # what is meant for the transaction before this one must not end it
            self._turn += 1
        for last in (False, True):
            self.reconnect()
            try:
                with told():
                    return self._begun()
            except Lost:
                if last:
                    raise
        raise AssertionError

    def _begun(self) -> Result:
        result = self._ask().execute(self._begin, prepare=False)
        while result.nextset():
            pass
        row = result.fetchone()
        self._saved, self._owes_release = SAVEPOINT in self._begin, False
        self.transaction, self._changes_before = str(row[0]) if row else "", self.total_changes
        if row:
            self._check(row)
        return result

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with told():
            try:
                yield
            except psycopg.IntegrityError:
                # nothing else can be asked until then
                with suppress(psycopg.Error):
                    self._session.execute("ROLLBACK TO jobs", prepare=False)
                raise


@contextmanager
def told() -> Iterator[None]:
    """psycopg's errors as those of SQLite that mean the same."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise sqlite3.IntegrityError(one_line(error)) from error
    except errors.QueryCanceled as error:
        raise sqlite3.OperationalError("interrupted") from error
    except errors.LockNotAvailable as error:
        raise sqlite3.OperationalError("locked by another session") from error
    except errors.DiskFull as error:
        raise sqlite3.OperationalError("the database's disk is full") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if getattr(error, "sqlstate", None) is None or isinstance(error, _ENDED):
            log.warning("the database was lost: %s", one_line(error))
            raise Lost(UNREACHABLE) from error
        raise sqlite3.OperationalError(one_line(error)) from error
    except psycopg.Error as error:
        raise sqlite3.DatabaseError(one_line(error)) from error


_ENDED = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleInTransactionSessionTimeout)


def one_line(error: BaseException) -> str:
    """The words of an error, on one line."""
    return " ".join(str(error).split())


def _adapt(session: psycopg.Connection[Any]) -> None:
    session.prepared_max = _PREPARED
    session.adapters.register_dumper(str, _Text)
    session.adapters.register_dumper(Enum, _Text)
    session.adapters.register_dumper(bool, _Flag)
    # of one size, so that a statement is prepared once
    session.adapters.register_dumper(int, Int8Dumper)
    session.adapters.register_loader("numeric", _Whole)
