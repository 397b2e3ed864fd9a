"""A session that sends statements without a wait for each."""

from pathlib import Path

import psycopg
import pytest

from bridge.store.postgresql.session import Session, conninfo
from tests.support.empty_store import empty_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


def test_one_that_is_idle_in_its_transaction_is_ended_although_it_sends_ahead(url: str) -> None:
    """The server counts from the last thing that it heard, and only where that was an end."""
    session = Session.connect(conninfo(url), autocommit=True)
    session.execute("SET idle_in_transaction_session_timeout = '100ms'")
    pipeline = session.ahead()
    session.execute("BEGIN")
    session.execute("SELECT 1")
    pipeline.sync()
    with psycopg.connect(url, autocommit=True) as other:
        gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"
        ends = 100  # tries of 0.1 s
        while not (other.execute(gone, (session.info.backend_pid,)).fetchone() or (False,))[0] and ends:
            other.execute("SELECT pg_sleep(0.1)")
            ends -= 1
    assert ends, "the server still has it"
    session.close()


def test_one_that_is_closed_may_be_closed_again(url: str, caplog: pytest.LogCaptureFixture) -> None:
    session = Session.connect(conninfo(url), autocommit=True)
    session.ahead()
    session.close()
    session.close()
    assert session.closed
    assert caplog.text == ""
