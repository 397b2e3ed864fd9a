"""A connection to PostgreSQL in SQLite's place."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bridge.store.postgresql.answers import Late, ask
from bridge.store.postgresql.connection import LAST, Connection
from bridge.store.postgresql.session import NUL
from tests.support.empty_store import empty_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    made = Connection(url, ("BEGIN", ()))
    yield made
    made.close()


def test_a_row_has_whole_numbers_and_an_insert_tells_its_number(connection: Connection) -> None:
    made = connection.execute("INSERT INTO bulk (account) VALUES (?)", ("shop",))
    assert (made.lastrowid, made.rowcount, made.fetchall()) == (1, 1, [])
    assert connection.execute("SELECT sum(id), count(*) FROM bulk").fetchone() == (1, 1)


def test_flags_are_conditions_and_numbers(connection: Connection) -> None:
    connection.execute("INSERT INTO templates VALUES ('a', 'b', 'c', ?, 1)", (True,))
    found = connection.execute("SELECT approved FROM templates WHERE ? AND approved = 1", (True,))
    assert found.fetchone() == (1,)


def test_the_character_that_no_text_can_have_is_shown(connection: Connection) -> None:
    connection.execute("INSERT INTO read_to VALUES (?, 1)", ("a\0b",))
    assert connection.execute("SELECT account FROM read_to").fetchone() == (f"a{NUL}b",)


def test_what_is_there_twice_undoes_its_job_and_leaves_the_transaction(connection: Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("INSERT INTO read_to VALUES ('before', 1)")
    connection.execute("SAVEPOINT jobs")
    connection.execute("INSERT INTO read_to VALUES ('job', 1)")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO read_to VALUES ('before', 2)")
    assert connection.execute("SELECT account FROM read_to").fetchall() == [("before",)]
    connection.execute("COMMIT")
    assert not connection.in_transaction


def test_jobs_of_a_transaction_that_begins_with_a_savepoint_are_undone_each_for_itself(url: str) -> None:
    connection = Connection(url, ("BEGIN", ()), ("SAVEPOINT jobs", ()), ("SELECT 1", ()))
    connection.execute("BEGIN")
    for name, is_undone in (("first", False), ("undone", True), ("second", False)):
        connection.execute("SAVEPOINT jobs")
        connection.execute("INSERT INTO read_to VALUES (?, 1)", (name,))
        connection.execute("SAVEPOINT jobs")
        connection.execute("INSERT INTO read_to VALUES (?, 1)", (f"{name} within",))
        connection.execute("RELEASE jobs")
        if is_undone:
            connection.execute("ROLLBACK TO jobs")
        connection.execute("RELEASE jobs")
    connection.execute("COMMIT")
    kept = connection.execute("SELECT account FROM read_to").fetchall()
    assert kept == [("first",), ("first within",), ("second",), ("second within",)]
    connection.close()


@pytest.fixture
def deferring(url: str) -> Iterator[Connection]:
    made = Connection(url, ("BEGIN", ()), defers=True)
    yield made
    made.close()


def test_what_nobody_looks_at_is_done_in_its_order(deferring: Connection, connection: Connection) -> None:
    deferring.execute("BEGIN")
    deferring.executemany("INSERT INTO read_to VALUES (?, ?)", [("a", 1), ("b", 2)])
    changed = deferring.execute("UPDATE read_to SET seq = seq + 1")
    deferring.execute("DELETE FROM read_to WHERE seq = 2")
    assert (changed.rowcount, deferring.total_changes) == (2, 5)
    deferring.execute("COMMIT")
    assert connection.execute("SELECT account, seq FROM read_to").fetchall() == [("b", 3)]


def test_what_fails_unseen_is_late_and_nothing_is_committed(deferring: Connection, connection: Connection) -> None:
    for look in (lambda: deferring.execute("SELECT 1").fetchone(), lambda: deferring.execute("COMMIT")):
        deferring.execute("BEGIN")
        deferring.execute("INSERT INTO read_to VALUES ('a', 1)")
        deferring.execute("INSERT INTO read_to VALUES ('a', 2)")
        with pytest.raises(Late, match="duplicate key"):
            look()
        deferring.execute("ROLLBACK")
        assert connection.execute("SELECT account FROM read_to").fetchall() == []


def test_what_was_not_run_for_one_that_failed_is_not_told_of_the_next(deferring: Connection) -> None:
    for number in range(40):
        deferring.execute("BEGIN")
        deferring.execute("SELECT 1 / 0")
        for _ in range(number % 5):
            deferring.execute("INSERT INTO read_to VALUES ('a', 1)")
        with pytest.raises(Late, match="division by zero"):
            deferring.execute("SELECT 1").fetchone()
        deferring.execute("ROLLBACK")
        assert deferring.execute("SELECT 7").fetchone() == (7,)


def test_what_the_server_skipped_is_known_again_the_next_time(deferring: Connection) -> None:
    """A statement that psycopg took for prepared, and that was not, could never be asked again."""
    for _ in range(12):
        deferring.execute("BEGIN")
        deferring.execute("SELECT 1 / 0")
        deferring.execute("INSERT INTO read_to VALUES (?, 1)", ("a",))
        with pytest.raises(Late):
            deferring.execute("COMMIT")
        deferring.execute("ROLLBACK")
    deferring.execute("BEGIN")
    deferring.execute("INSERT INTO read_to VALUES (?, 1)", ("a",))
    deferring.execute("COMMIT")
    assert deferring.execute("SELECT account FROM read_to").fetchall() == [("a",)]


def test_a_commit_that_undoes_is_no_success(deferring: Connection) -> None:
    """The server says ROLLBACK, and no error, of a transaction in which something had failed."""
    deferring.execute("BEGIN")
    deferring.execute("SELECT 1").fetchone()
    with pytest.raises(psycopg.errors.DivisionByZero):
        ask(deferring._session, [deferring._made("SELECT 1 / 0")])
    with pytest.raises(sqlite3.OperationalError, match="undone"):
        deferring.execute("COMMIT")
    deferring.execute("BEGIN")
    deferring.execute("COMMIT")


@pytest.mark.parametrize("texts", [1, 40], ids=["in one statement", "in many"])
def test_what_the_network_does_not_take_at_once_is_sent_all_the_same(deferring: Connection, texts: int) -> None:
    deferring.expect(20)
    deferring.execute("BEGIN")
    for number in range(texts):
        long = f"{number}" + "x" * (8_000_000 // texts)
        deferring.execute("INSERT INTO read_to SELECT md5(?), length(?)", (long, long))
        deferring.execute("SELECT repeat('y', 100000)")  # and the server has much to say meanwhile
    deferring.execute("COMMIT")
    assert deferring.execute("SELECT count(*) FROM read_to").fetchone() == (texts,)


def test_what_cannot_be_sent_is_late_and_nothing_behind_it_is_done(
    deferring: Connection, connection: Connection
) -> None:
    deferring.execute("BEGIN")
    deferring.execute("INSERT INTO read_to VALUES ('a', 1)")
    deferring.execute("INSERT INTO read_to VALUES (?, 1)", ("\ud800",))
    with pytest.raises(Late):
        deferring.execute("COMMIT")
    deferring.execute("ROLLBACK")
    assert connection.execute("SELECT account FROM read_to").fetchall() == []


def test_what_fails_as_it_is_looked_at_undoes_its_job_alone(deferring: Connection) -> None:
    deferring.execute("BEGIN")
    deferring.execute("INSERT INTO read_to VALUES ('before', 1)")
    deferring.execute("SAVEPOINT jobs")
    deferring.execute("INSERT INTO read_to VALUES ('job', 1)")
    again = deferring.execute("INSERT INTO read_to VALUES ('before', 2)")
    with pytest.raises(sqlite3.IntegrityError):
        assert again.rowcount
    deferring.execute("COMMIT")
    assert deferring.execute("SELECT account FROM read_to").fetchall() == [("before",)]


def test_rows_that_get_other_numbers_than_were_told_are_not_made(url: str) -> None:
    counting = Connection(url, ("BEGIN", ()), (f"SELECT '', {LAST}", ()), defers=True)
    counting.execute("BEGIN")
    counting.execute("SELECT 1").fetchone()
    row = "(?, 'noted', '', 1, '', '{}')"
    into = f"INSERT INTO events (id, name, account, at, subject, data) VALUES {row}"
    made = counting.execute(f"{into}, {row}", ("a", "b"))
    assert (made.foretold(2), made.is_answered) == (2, False)
    counting._last["events"] = 7
    assert counting.execute(into, ("c",)).foretold(1) == 8
    with pytest.raises(Late, match="division by zero"):
        counting.execute("COMMIT")
    counting.close()


def test_what_was_undone_before_it_was_sent_returns_nothing(deferring: Connection) -> None:
    deferring.execute("BEGIN")
    asked = deferring.execute("SELECT 1")
    deferring.execute("ROLLBACK")
    assert not deferring.in_transaction
    with pytest.raises(sqlite3.ProgrammingError, match="undone"):
        asked.fetchone()


def test_a_session_that_was_lost_since_is_noticed_with_the_first_answer(deferring: Connection, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    deferring.execute("BEGIN")
    deferring.execute("INSERT INTO read_to VALUES ('a', 1)")
    assert deferring.execute("SELECT account FROM read_to").fetchall() == [("a",)]
    deferring.execute("COMMIT")


def test_a_server_that_says_nothing_is_lost_in_time_and_found_again(connection: Connection, url: str) -> None:
    """TCP takes one for well that is stopped, or whose disk hangs."""
    connection.expect(0.5)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE read_to")
        connection.execute("BEGIN")
        with pytest.raises(sqlite3.OperationalError, match="does not answer"):
            connection.execute("SELECT account FROM read_to")
        other.rollback()
    connection.execute("BEGIN")
    assert connection.execute("SELECT account FROM read_to").fetchall() == []


def test_what_takes_long_and_says_something_meanwhile_is_not_lost(connection: Connection) -> None:
    connection.expect(1.0)
    rows = connection.execute("SELECT pg_sleep(0.02), repeat('x', 20000) FROM generate_series(1, 100)").fetchall()
    assert len(rows) == 100


def test_a_server_that_cannot_be_reached_is_logged_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr("bridge.store.postgresql.connection._PAUSE", 0.0)
    known, connection._conninfo = connection._conninfo, "host=/nowhere"
    connection.close()
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="does not answer"):
            connection.reconnect()
    connection._conninfo = known
    connection.reconnect()
    said = [record.message.partition(":")[0] for record in caplog.records]
    assert said == ["the database cannot be reached", "the database is reached again"]


def test_a_lost_session_is_begun_anew_with_the_next_transaction(connection: Connection, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with pytest.raises(sqlite3.OperationalError, match="does not answer"):
        connection.execute("SELECT 1")
    connection.execute("BEGIN")
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_interrupt_that_comes_late_leaves_the_next_transaction_alone(connection: Connection) -> None:
    for _ in range(10):
        connection.execute("BEGIN")
        connection.interrupt()
        connection.rollback()
        connection.execute("BEGIN")
        assert connection.execute("SELECT 7 FROM pg_sleep(0.05)").fetchone() == (7,)
        connection.rollback()
