"""A connection to PostgreSQL that the store's functions use as they use one to SQLite.

It has what they need of `sqlite3.Connection`, raises SQLite's errors, and is made anew at the beginning of a
transaction when it was lost. A function that catches an IntegrityError must raise another error for it: what it did
before, back to its savepoint, is undone by then.

Where it `defers`, a statement of a transaction is sent when somebody looks at what one returned, with all that were
asked before it. One that fails then, and is not the one that is looked at, raises Late.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from bridge.errors import StoreUnavailable
from bridge.store.postgresql.answers import Late, Result, Row, Values, ask
from bridge.store.postgresql.dialect import translated
from bridge.store.postgresql.session import (
    SESSION,
    UNREACHABLE,
    Lost,
    ReadOnly,
    Refused,
    Session,
    adapt,
    conninfo,
    one_line,
    told,
)

log = logging.getLogger(__name__)

#: after a failure to connect, nobody waits for another for so long
_PAUSE = 1.0  # s

#: what each job of the writer runs in
SAVEPOINT, RELEASE = "SAVEPOINT jobs", "RELEASE jobs"

#: tables of which a transaction that writes knows the last number as it begins: nobody else adds rows meanwhile
COUNTED = ("messages", "received", "fragments", "events")
#: of a statement that begins one, after what it asks for itself
LAST = ", ".join(f"(SELECT last_value - 1 + CAST(is_called AS INTEGER) FROM {table}_seq_seq)" for table in COUNTED)

#: a statement with its values
Said = tuple[str, Values]


class Connection:
    """One session. `begin` is what begins a transaction; the last of its statements may ask for a row to be checked."""

    def __init__(
        self,
        url: str,
        *begin: Said,
        prepare: Callable[[psycopg.Connection[Any]], None] = lambda session: None,
        check: Callable[[Row], None] = lambda row: None,
        defers: bool = False,
    ) -> None:
        self._conninfo = conninfo(url)
        self._begin = begin
        #: called with each new session before anything else
        self._prepare = prepare
        #: called with what `begin` returned; raises Refused for a transaction that must not be
        self._check = check
        self.defers = defers
        self._not_before = 0.0
        #: what is told until then
        self._why = UNREACHABLE
        #: its session could not write when it last tried
        self._is_read_only = False
        #: what was logged of a server that cannot be reached
        self._said = ""
        #: seconds that an answer may take, from `expect` on
        self._patience: float | None = None
        #: the number of the transaction under way, by which the server knows later what became of it
        self.transaction = ""
        self.total_changes = self._changes_before = 0
        #: a transaction is under way, or will be as soon as its first statement is sent
        self._is_under_way = False
        #: what its beginning returns, until that is known
        self._beginning: Result | None = None
        #: what was not sent yet
        self._waiting: list[Result] = []
        #: table → the last number that a row has or will have, where that is known
        self._last: dict[str, int] = {}
        #: `begin` has made the first savepoint of the transaction; one that is done with is not released yet
        self._saved = self._owes_release = False
        #: which transaction this is, of all, and held while it is being interrupted
        self._turn, self._interrupting = 0, threading.Lock()
        self._session = self._connect()

    def _connect(self) -> Session:
        if time.monotonic() < self._not_before:
            raise Lost(self._why)
        try:
            session = Session.connect(self._conninfo, autocommit=True)
        except psycopg.Error as error:
            self._pause(UNREACHABLE)
            self._say(one_line(error))
            raise Lost(UNREACHABLE) from error
        self._say("")
        session.patience = self._patience
        try:
            with told():
                adapt(session)
                session.execute(SESSION, prepare=False)
                self._prepare(session)
        except BaseException as error:
            session.close()
            if isinstance(error, StoreUnavailable):
                raise Refused(error.message) from error
            raise
        return session

    def _pause(self, why: str) -> None:
        """Begin no other session for a moment."""
        self._not_before, self._why = time.monotonic() + _PAUSE, why

    def _give_up(self, error: Lost) -> None:
        """Have the next transaction begin another session: with this one nothing can be done any more."""
        self.close()
        if isinstance(error, ReadOnly):  # the next may be, too
            self._pause(str(error))
            if not self._is_read_only:
                log.warning("the database cannot be written: %s", one_line(error.__cause__ or error))
            self._is_read_only = True

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
        return self._beginning is not None or self._is_open()

    def _is_open(self) -> bool:
        return self._session.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    # -- statements ----------------------------------------------------------------------------------
    def execute(self, statement: str, values: Values = ()) -> Result:
        """Run one statement. Raises sqlite3.Error."""
        if statement.startswith("BEGIN"):
            return self._begin_anew()
        if statement == RELEASE or (statement == SAVEPOINT and self._saved):
            self._owes_release, self._saved = statement == RELEASE, False
            return self._made("SELECT")
        if statement == "COMMIT":
            return self.commit_with()
        if statement == "ROLLBACK":
            return self.rollback()
        self._release()
        result = self._asked(statement, values)
        if not (self.defers and self._is_under_way):
            self.answer(result)
        return result

    def executemany(self, statement: str, values: Iterable[Values]) -> None:
        """Run one statement for each of many values, with one wait for the server. Raises sqlite3.Error."""
        self._release()
        for each in values:
            self._asked(statement, each)
        if not (self.defers and self._is_under_way):
            self.answer()

    def _made(self, statement: str, values: Values = ()) -> Result:
        said = translated(statement)
        return Result(said, said.values(values), self.answer, self._foretell)

    def _asked(self, statement: str, values: Values = ()) -> Result:
        result = self._made(statement, values)
        self._waiting.append(result)
        return result

    def _release(self) -> None:
        """Let go of a savepoint before something else; at the end of a transaction it goes without a word."""
        if self._owes_release:
            self._owes_release = False
            self._asked(RELEASE)

    def _foretell(self, made: Result, rows: int) -> int:
        """The number of the last row of an INSERT that makes so many, which fails where its rows get other ones."""
        last = self._last.get(made.said.table)
        others = [each for each in self._waiting if each.said.table == made.said.table and not each.is_numbered]
        if last is None or others != [made]:
            return made.last_number() or 0
        made.expect(last + 1, last + rows)
        self._last[made.said.table] = last + rows
        return last + rows

    # -- sending them --------------------------------------------------------------------------------
    def answer(self, wanted: Result | None = None) -> None:
        """Send what waits, and wait for the answers, in particular for one. Raises sqlite3.Error."""
        flight, self._waiting = self._waiting, []
        if not flight:
            return
        try:
            self._ask(flight, wanted)
        except Lost:
            if self._beginning is None:
                self._is_under_way = False
                raise
            self.reconnect()  # it was lost since the last transaction, and of this one nothing is done
            self._ask(flight, wanted)
        for each in flight:
            self._look_at(each)

    def _ask(self, flight: Sequence[Result], wanted: Result | None) -> None:
        try:
            with told():
                ask(self._session, flight)
        except Lost as error:
            self._give_up(error)
            raise
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            self._last.clear()
            failed = next((each for each in flight if not each.is_answered), None)
            if self.defers and self._is_under_way and failed is not wanted:
                raise Late(one_line(error)) from error
            if isinstance(error, sqlite3.IntegrityError):
                # nothing else can be asked until then
                with suppress(psycopg.Error):
                    ask(self._session, [self._made("ROLLBACK TO jobs")])
            raise

    def _look_at(self, done: Result) -> None:
        if done.said.changes:
            self.total_changes += max(done.rowcount, 0)
        if done.said.table in self._last and not done.is_foretold:
            self._count(done.said.table, done.last_number())
        if done is self._beginning:
            self._look_at_beginning(done.fetchone())

    def _count(self, table: str, last: int | None) -> None:
        """Go on from the number of a row; one that was not made may have taken some."""
        if last is None:
            del self._last[table]
        else:
            self._last[table] = last

    def _look_at_beginning(self, row: Row | None) -> None:
        self._beginning = None
        if row:
            self.transaction = str(row[0])
            if len(row) > len(COUNTED):
                self._last = dict(zip(COUNTED, row[-len(COUNTED) :], strict=True))
            self._check(row)

    def know_beginning(self) -> None:
        """Have what the transaction under way began with checked. Raises sqlite3.Error."""
        if self._beginning is not None:
            self.answer()

    # -- transactions --------------------------------------------------------------------------------
    @property
    def has_changed(self) -> bool:
        """Whether the transaction under way has changed anything."""
        if self.total_changes != self._changes_before or any(each.said.makes for each in self._waiting):
            return True
        if any(each.said.changes for each in self._waiting):
            self.answer()
        return self.total_changes != self._changes_before

    def commit_with(self, *statements: Said) -> Result:
        """Commit after some last statements, without a wait for each of them. Raises sqlite3.Error."""
        self._owes_release = False
        self.know_beginning()
        for each in statements:
            self._asked(*each)
        done = self._asked("COMMIT")
        self.answer()
        self._is_under_way = False
        if done.outcome != "COMMIT":  # as it ends what had failed before, and calls that no error
            raise sqlite3.OperationalError("the transaction had failed, and was undone")
        if self._is_read_only and self.total_changes != self._changes_before:
            self._is_read_only = False
            log.info("the database can be written again")
        return done

    def rollback(self) -> Result:
        """Undo the transaction under way."""
        self._waiting, self._beginning = [], None
        self._is_under_way = self._owes_release = False
        if self._is_open():
            self._undo()
        return self._made("SELECT")

    def _undo(self) -> None:
        self._asked("ROLLBACK")
        self.answer()

    @contextmanager
    def copy(self, statement: str) -> Iterator[psycopg.Copy]:
        """Stream rows into a table, or out of one, where nothing is deferred. Raises sqlite3.Error."""
        self.answer()
        with told(), psycopg.Cursor(self._session).copy(statement) as rows:
            yield rows

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
            self._session.close()
            self._session = self._connect()

    def _begin_anew(self) -> Result:
        """Begin a transaction; a session that was lost since the last one is noticed then, and begun anew."""
        with self._interrupting:  # what is meant for the transaction before this one must not end it
            self._turn += 1
        self.reconnect()
        self._waiting, self._last, self.transaction = [], {}, ""
        for each in self._begin:
            self._beginning = self._asked(*each)
        self._saved, self._owes_release = any(said == SAVEPOINT for said, _ in self._begin), False
        self._is_under_way, self._changes_before = True, self.total_changes
        assert self._beginning is not None  # noqa: S101 - something begins it
        if not self.defers:
            self.answer()
        return self._made("SELECT")
