"""A session that sends statements without a wait for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bridge.store.postgresql.answers import Result, ask
from bridge.store.postgresql.dialect import translated
from bridge.store.postgresql.session import Session, conninfo
from tests.support.empty_store import empty_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


@pytest.fixture
def hasty(url: str) -> Iterator[Session]:
    """One that the server ends soon when it says nothing in a transaction."""
    session = Session.connect(conninfo(url), autocommit=True)
    session.execute("SET idle_in_transaction_session_timeout = '100ms'")
    yield session
    session.close()


def is_ended(session: Session, url: str) -> bool:
    """Whether the server ends it within ten seconds."""
    with psycopg.connect(url, autocommit=True) as other:
        for _ in range(100):
            if not other.execute(_THERE, (session.info.backend_pid,)).fetchall():
                return True
            other.execute("SELECT pg_sleep(0.1)")
    return False


def test_what_is_behind_a_beginning_that_fails_is_not_run(url: str) -> None:
    session = Session.connect(conninfo(url), autocommit=True)
    insert = "INSERT INTO read_to VALUES ('a', 1)"
    flight = [Result(translated(each), (), never, never) for each in ("BEGIN NONSENSE", insert, "COMMIT")]
    with pytest.raises(psycopg.errors.SyntaxError):
        ask(session, flight)
    with psycopg.connect(url, autocommit=True) as other:
        assert other.execute("SELECT count(*) FROM read_to").fetchone() == (0,)
    session.close()


def never(*_: Any) -> Any:
    """Nobody looks at it."""
    raise AssertionError


_THERE = "SELECT FROM pg_stat_activity WHERE pid = %s"


def test_one_that_is_idle_in_its_transaction_is_ended_although_it_sends_ahead(hasty: Session, url: str) -> None:
    """The server counts from the last thing that it heard, and only where that was an end."""
    pipeline = hasty.ahead()
    hasty.execute("BEGIN")
    hasty.execute("SELECT 1")
    pipeline.sync()
    assert is_ended(hasty, url)


def test_one_that_is_cut_off_between_two_statements_is_ended(
    hasty: Session, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it has the lock of all bridges for as long as the machine of the server takes it for there."""

    def cut(_: psycopg.Pipeline) -> None:
        raise ConnectionError("the cable was cut")

    monkeypatch.setattr(psycopg.Pipeline, "sync", cut)
    flight = [Result(translated(each), (), never, never) for each in ("BEGIN", "SELECT 1", "SELECT 2")]
    with pytest.raises(ConnectionError, match="cable"):
        ask(hasty, flight)
    assert is_ended(hasty, url)


def test_one_that_is_closed_may_be_closed_again(url: str, caplog: pytest.LogCaptureFixture) -> None:
    session = Session.connect(conninfo(url), autocommit=True)
    session.ahead()
    session.close()
    session.close()
    assert session.closed
    assert caplog.text == ""
