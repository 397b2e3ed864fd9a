"""Migrates a store to this release: applies the steps of `bridge.store.schema` in order.

`PRAGMA user_version` counts the steps a file has seen; a file from a newer release is refused.

The steps are SQL and are run by sqlite3 itself. sqlite-utils, which `store/tables.py` uses, has transforms for a change
of a table's shape, but not for tables like these: it refuses one with a partial index, which every queue here has, and
makes a WITHOUT ROWID table an ordinary one without a word.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bridge.errors import StoreUnavailable
from bridge.store.progress import Progress
from bridge.store.read_only import read_only
from bridge.store.schema import STEPS

#: of SQLite's machine, between two looks at whether to go on
_INSTRUCTIONS = 100_000


def behind(database: Path) -> int:
    """The schema of a store that this release would change; 0 when it is current, new or newer."""
    with closing(read_only(database)) as conn:
        schema = int(conn.execute("PRAGMA user_version").fetchone()[0])
    return schema if schema < len(STEPS) else 0


def refuse_moved(conn: sqlite3.Connection) -> None:
    """Raises StoreUnavailable for a store that was moved to another machine."""
    row = conn.execute("SELECT at, archive FROM moved ORDER BY at DESC LIMIT 1").fetchone()
    if row is None:
        return
    day = datetime.fromtimestamp(row[0] / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    raise StoreUnavailable(
        f"the store was moved into {row[1]} on {day}: the bridge that imported that file sends what waits in it. "
        "When it was imported nowhere: sms-bridge export --take-back"
    )


def migrate(conn: sqlite3.Connection, progress: Progress | None = None) -> None:
    """Migrate a file to this release's schema. Raises StoreUnavailable for a newer one, Stopped."""
    seen = int(conn.execute("PRAGMA user_version").fetchone()[0])
    if seen > len(STEPS):
        raise StoreUnavailable(
            f"the store was written by a newer sms-bridge (schema {seen}, this one knows {len(STEPS)}): "
            "install that version again. The store as it was before the upgrade may be beside it, named .export: "
            "sms-bridge import FILE --replace"
        )
    if seen == len(STEPS):
        return
    progress = progress or Progress()
    conn.set_progress_handler(progress.is_stopped, _INSTRUCTIONS)
    try:
        for number, step in enumerate(STEPS[seen:], start=seen + 1):
            if seen:
                progress.begin(f"upgrading the store: step {number - seen} of {len(STEPS) - seen}")
            progress.step()
            # one transaction a step: a crash in the middle leaves the step before it
            conn.executescript(f"BEGIN IMMEDIATE;{step};PRAGMA user_version = {number};COMMIT;")
    except sqlite3.OperationalError:
        progress.step()  # that is why
        raise
    finally:
        conn.set_progress_handler(None, 0)
