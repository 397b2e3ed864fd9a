"""Row counts of a store, read without opening it for work; no content."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bridge.store.read_only import read_only

#: table → column by which its rows are counted
_COUNTED = {"messages": "state", "parts": "state", "ledger": "state"}
_WHOLE = ("accounts", "endpoints", "received", "typed", "calls", "events")
#: seconds to wait for a writer
PATIENCE = 2.0


def figures(path: Path) -> Mapping[str, Any]:
    """Schema, size and row counts of the database at `path`, unchanged. Raises sqlite3.Error, OSError."""
    size = {name: (Path(f"{path}{name}").stat().st_size + 1023) // 1024 for name in ("", "-wal") if _is(path, name)}
    found: dict[str, Any] = {"kilobytes": size.get("", 0), "wal_kilobytes": size.get("-wal", 0)}
    with closing(read_only(path, PATIENCE)) as database:
        found["schema"] = database.execute("PRAGMA user_version").fetchone()[0]
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table, column in _COUNTED.items():
            if table in there:
                found[table] = dict(database.execute(f"SELECT {column}, count(*) FROM {table} GROUP BY {column}"))
        for table in _WHOLE:
            if table in there:
                found[table] = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def _is(path: Path, suffix: str) -> bool:
    return Path(f"{path}{suffix}").exists()
