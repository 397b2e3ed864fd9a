"""Statements to PostgreSQL and what they return: several are sent at once, and answered when one is looked at.

A question costs the way to the server and back, whatever it asks. So a statement waits until somebody looks at what it
returned, or until its transaction ends; then all that wait are sent one behind the other, without waiting for each.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg

from bridge.store.postgresql.dialect import Statement
from bridge.store.postgresql.session import Session

Values = Sequence[Any] | Mapping[str, Any]
Row = tuple[Any, ...]


class Late(sqlite3.OperationalError):
    """A statement failed that nobody looked at: the transaction has to be done over, a statement at a time."""


class Result:
    """What a statement returned, or will have once it is looked at. `look` has it answered."""

    def __init__(
        self,
        said: Statement,
        values: Values,
        look: Callable[["Result"], None],
        foretell: Callable[["Result", int], int],
    ) -> None:
        self.said = said
        self._values = values
        self._look = look
        self._foretell = foretell
        self._cursor: psycopg.Cursor[Row] | None = None
        #: the numbers that its rows are known to have before it is answered, the first and the last
        self._expected: tuple[int, int] | None = None
        #: the number of the last row that it made
        self._number: int | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the server has done it."""
        return self._cursor is not None and self._cursor.pgresult is not None

    @property
    def outcome(self) -> str:
        """What the server says that it did, such as "COMMIT"."""
        return self._answered().statusmessage or ""

    @property
    def is_foretold(self) -> bool:
        """Whether its rows were given their numbers before it was sent."""
        return self._expected is not None

    @property
    def is_numbered(self) -> bool:
        """Whether the numbers of its rows are known."""
        return self.is_answered or self.is_foretold

    def expect(self, first: int, last: int) -> None:
        """Have it fail unless its rows get these numbers."""
        self._expected = first, last

    def begin(self, session: Session) -> None:
        """Take a session to be sent by."""
        self._cursor = psycopg.Cursor(session)

    def send(self) -> None:
        """Send it; run it, where the session waits for each. Raises what psycopg does."""
        text, values = self.said.text, self._values
        if self._expected is not None:
            text, values = _expecting(text, values, self._expected)
        assert self._cursor is not None  # noqa: S101 - it has begun
        self._cursor.execute(text, values)

    def _answered(self) -> psycopg.Cursor[Row]:
        if not self.is_answered:
            self._look(self)
        if self._cursor is None or not self.is_answered:
            raise sqlite3.ProgrammingError("this statement was undone before it was run")
        return self._cursor

    def last_number(self) -> int | None:
        """Of an INSERT, the number of its last row; None where it made none."""
        cursor = self._answered()
        if self.said.table and cursor.rownumber == 0 and (rows := cursor.fetchall()):
            self._number = rows[-1][0]
        return self._number

    lastrowid = property(last_number)

    def foretold(self, rows: int) -> int:
        """Of an INSERT that makes so many rows, the number of the last; it may not be there yet."""
        return self._foretell(self, rows)

    @property
    def rowcount(self) -> int:
        """How many rows it made, changed or found."""
        return self._answered().rowcount

    def _rows(self) -> "psycopg.Cursor[Row] | None":
        """Where they are; None of a statement that returns none, or numbers alone."""
        cursor = self._answered()
        return None if self.said.table or cursor.rownumber is None else cursor

    def fetchone(self) -> Row | None:
        """The next row; None where there is none."""
        cursor = self._rows()
        return cursor.fetchone() if cursor is not None else None

    def fetchall(self) -> list[Row]:
        """All rows."""
        cursor = self._rows()
        return cursor.fetchall() if cursor is not None else []

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows() or ())

    def close(self) -> None:
        """Nothing is left open."""


def _expecting(text: str, values: Values, numbers: tuple[int, int]) -> tuple[str, Values]:
    """A statement that returns the numbers of its rows, and fails where they are others."""
    if isinstance(values, Mapping):
        named = dict(zip(("first row", "last row"), numbers, strict=True))
        between, values = "%(first row)s AND %(last row)s", {**values, **named}
    else:
        between, values = "%s AND %s", (*values, *numbers)
    return f"{text}, 1 / CAST({text.rpartition(' ')[2]} BETWEEN {between} AS INTEGER)", values


def ask(session: Session, statements: Sequence[Result]) -> None:
    """Have statements answered in order, with one wait. Raises what the first that fails raises; none after it is run.

    Those before it are answered.
    """
    for each in statements:
        each.begin(session)
    if len(statements) == 1 and not session.is_ahead:
        statements[0].send()
        return
    pipeline, failure = session.ahead(), None
    # what is behind a BEGIN that fails must not be run: they have one end
    begins = statements[0].said.text.startswith("BEGIN")
    try:
        for each in statements:
            session.collects = True
            each.send()
            session.collects = False
            if not begins:
                session.end()
    except Exception as error:  # what was sent before it is under way
        failure = error
    finally:
        session.collects = False
    try:
        if begins:
            session.end()
        session.deliver()
        pipeline.sync()
    except psycopg.Error as error:
        failure = failure or error
        _take_the_rest(session, pipeline)
    if failure is not None:
        raise failure


def say(session: Session, statement: Result) -> None:
    """Send a statement whose answer nobody waits for: whoever asks next takes it along. Raises what psycopg does."""
    statement.begin(session)
    session.ahead()
    session.collects = True
    try:
        statement.send()
    finally:
        session.collects = False
    session.end()
    session.deliver()


def _take_the_rest(session: Session, pipeline: psycopg.Pipeline) -> None:
    """Take what the server says of statements that it did not run for one that failed, or the next would be told."""
    while pipeline.result_queue and not session.closed:
        with suppress(psycopg.Error):
            pipeline.sync()
