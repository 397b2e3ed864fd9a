"""Read-only access to a store that another process may be writing."""

import sqlite3
from pathlib import Path

from bridge.store.lock import refuse_other_name

#: seconds that a writer may keep it waiting
PATIENCE = 5.0


def read_only(database: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """Open a store read-only. Raises sqlite3.OperationalError when it cannot be opened, InUse for a hard link to a
    store in use.
    """
    refuse_other_name(database)
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=patience)
