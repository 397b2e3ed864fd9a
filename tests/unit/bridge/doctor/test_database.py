"""What the doctor says of a store in PostgreSQL."""

import re
from pathlib import Path

import psycopg

from bridge.doctor import database
from tests.support.postgresql import server


def test_says_which_server_answers() -> None:
    found = database.look(server().url("postgres"))
    assert found.level in ("ok", "warn")
    assert re.fullmatch(r"PostgreSQL \d+ answers in (less than a millisecond|[1-9]\d*\.\d ms.*)", found.message)


def test_says_why_none_answers(tmp_path: Path) -> None:
    found = database.look(f"postgresql:///sms?host={tmp_path}")
    assert (found.level, found.subject) == ("fail", "store")
    assert "does not answer" in found.message


def test_says_why_a_database_cannot_be_used() -> None:
    with psycopg.connect(server().url("postgres"), autocommit=True) as session:
        session.execute("CREATE DATABASE western ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    found = database.look(server().url("western"))
    assert (found.level, found.subject) == ("fail", "store")
    assert "must have the encoding UTF8" in found.message
