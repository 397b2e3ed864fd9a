"""Checks a store for damage within a time limit: dying cards and power cuts flip pages."""

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from bridge.errors import StoreUnavailable
from bridge.store.read_only import read_only

log = logging.getLogger(__name__)

#: a store of so many bytes is looked at as a whole before the bridge starts, if that takes no longer than this
SMALL, PATIENCE = 32 << 20, 15.0  # s
#: that a start waits otherwise, enough for accounts and endpoints; the rest is looked at while the bridge works
AT_START = 0.2  # s
#: looked at first: without these nothing else is of use
_FIRST = ("accounts", "credentials", "endpoints", "parts", "messages", "received")
WAY_OUT = (
    "stop the bridge and bring in the last backup: sms-bridge import FILE --replace; or save what can be read first: "
    "sms-bridge export --readable FILE, and import that"
)


class Examination:
    """SQLite's quick check (structure, not values), table by table.

    On a thread of its own, which goes on when nobody waits any more: SQLite does not let itself be interrupted.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        #: what is wrong; "" as long as nothing was found
        self.trouble = ""
        #: tables that were looked at, of all
        self.seen, self.tables = 0, 0
        self._late = False
        self._done, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="store examination", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it came to its end; what it finds later is logged."""
        self._late = not self._done.wait(seconds)
        return not self._late

    def stop(self) -> None:
        """Look at no further table."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            with closing(read_only(self._database)) as conn:
                self.trouble = self._look(conn)
        except sqlite3.DatabaseError as error:
            # that it cannot be opened, or is locked, is no damage
            self.trouble = "" if isinstance(error, sqlite3.OperationalError) else str(error)
        except (OSError, StoreUnavailable) as error:
            log.debug("the store was not examined: %s", error)
        if self.trouble and self._late:
            log.error("%s", damaged(self._database, self.trouble).message)
        self._done.set()

    def _look(self, conn: sqlite3.Connection) -> str:
        names = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        virtual = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'")}
        tables = [*(name for name in _FIRST if name in names), *(name for name in names if name not in _FIRST)]
        tables = [name for name in tables if name not in virtual]
        self.tables = len(tables)
        for name in tables:
            if self._stopped.is_set():
                break
            if (found := _check(conn, name)) != "ok":
                return f"{name}: {found}"
            self.seen += 1
        return ""


def _check(conn: sqlite3.Connection, table: str) -> str:
    try:
        return str(conn.execute(f"PRAGMA quick_check('{table}')").fetchone()[0])
    except sqlite3.OperationalError:
        raise  # locked, or gone meanwhile
    except sqlite3.DatabaseError as error:
        return str(error)


def trouble(conn: sqlite3.Connection) -> str:
    """What is wrong with a store, however long it takes to look; "" for nothing."""
    try:
        found = str(conn.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else found


def damaged(database: Path, trouble: str) -> StoreUnavailable:
    """The error that says so, with the way out."""
    said = " ".join(trouble.replace("*** in database main ***", "").split())
    return StoreUnavailable(f"{database} is damaged ({said}): {WAY_OUT}")


def refuse_damaged(database: Path) -> Examination:
    """Raises StoreUnavailable for damage that is found at once; what goes on looking otherwise."""
    examination = Examination(database)
    patience = PATIENCE if database.stat().st_size <= SMALL else AT_START
    if examination.wait(patience) and examination.trouble:
        raise damaged(database, examination.trouble)
    return examination
