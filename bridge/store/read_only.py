"""A store looked at from outside: nothing in it can be changed by mistake, and whoever writes is not disturbed."""

import sqlite3
from pathlib import Path

#: seconds that a writer may keep it waiting
PATIENCE = 5.0


def read_only(database: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """Raises sqlite3.OperationalError when it cannot be opened."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=patience)
