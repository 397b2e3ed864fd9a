"""The schema in a PostgreSQL database as migration steps; released steps are never edited.

`store.steps` counts the steps that a database has seen; one from a newer release is refused. Each step is one
transaction, and several bridges that start at once take it once: they wait for each other.
"""

import zlib
from pathlib import Path
from typing import Any

import psycopg

from bridge.errors import StoreUnavailable

STEPS: tuple[str, ...] = tuple(Path(__file__).with_name(f"schema_{number}.sql").read_text() for number in range(1, 7))
#: the kinds of advisory locks: bridges that send, a transaction that writes, and an upgrade
BRIDGE, WRITES, UPGRADE = (zlib.crc32(f"sms-bridge {kind}".encode()) >> 1 for kind in ("bridge", "writes", "upgrade"))
#: of a lock: the schema of the database, so that two may have a store each
HERE = "(SELECT CAST(CAST(oid AS BIGINT) % 2147483647 AS INTEGER) FROM pg_namespace WHERE nspname = current_schema())"
_OLDEST = 150_000


def refuse_unfit(session: psycopg.Connection[Any]) -> None:
    """Raises StoreUnavailable for a server that is too old, a database that cannot keep every text, and a pooler."""
    if session.info.server_version < _OLDEST:
        raise StoreUnavailable(f"PostgreSQL {session.info.server_version // 10_000} is too old: 15 or newer is needed")
    found = session.execute("SELECT current_setting('server_encoding'), current_schema(), pg_backend_pid()").fetchone()
    if found is None or found[0] != "UTF8":
        raise StoreUnavailable("the database must have the encoding UTF8: createdb -E UTF8 -T template0 NAME")
    if found[1] is None:
        raise StoreUnavailable("the database has no schema that this user sees: see search_path")
    if found[2] != session.info.backend_pid:  # it may give one session's lock to two bridges
        raise StoreUnavailable("a pooler such as PgBouncer stands in between: name the server's own host and port")


def steps_of(session: psycopg.Connection[Any]) -> int:
    """How many steps the database has seen; 0 for a new one."""
    there = session.execute("SELECT to_regclass(quote_ident(current_schema()) || '.store') IS NOT NULL").fetchone()
    if there is None or not there[0]:
        return 0
    row = session.execute("SELECT steps FROM store").fetchone()
    return int(row[0]) if row else 0


def refuse_newer(seen: int) -> None:
    """Raises StoreUnavailable for a database that a newer release has changed."""
    if seen > len(STEPS):
        raise StoreUnavailable(
            f"the store was written by a newer sms-bridge (schema {seen}, this one knows {len(STEPS)}): "
            "install that version again"
        )


def migrate(session: psycopg.Connection[Any]) -> None:
    """Bring a database to this release's schema. Raises StoreUnavailable for a newer one, psycopg.Error."""
    for number, step in enumerate(STEPS, start=1):
        with session.transaction():
            session.execute(f"SELECT pg_advisory_xact_lock({UPGRADE}, {HERE})")
            seen = steps_of(session)
            refuse_newer(seen)
            if seen < number:
                session.execute(step, prepare=False)
                session.execute("UPDATE store SET steps = %s", (number,))
