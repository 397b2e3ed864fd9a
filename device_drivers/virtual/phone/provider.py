"""The phone's store of SMS, with the telephony provider's rules for the shell user, in a real SQLite."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import IntEnum

from bridge.dataclass import dataclass
from device_drivers.virtual.phone.sql import Found, Refused, check, select

#: the package whose name the shell's messages bear
SHELL = "com.android.shell"
#: the SMS app
MESSAGING = "com.google.android.apps.messaging"


class Box(IntEnum):
    """The column `type` (android.provider.Telephony.TextBasedSmsColumns)."""

    INBOX = 1
    SENT = 2
    DRAFT = 3
    OUTBOX = 4
    FAILED = 5
    QUEUED = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One message of the store."""

    id: int
    type: int
    address: str
    body: str
    #: Unix ms when it was stored, and by the service centre's stamp (0: none)
    date: int
    date_sent: int
    creator: str | None
    sub_id: int
    error_code: int
    status: int
    read: int
    restricted: int


_COLUMNS = ", ".join("_id" if field.name == "id" else field.name for field in fields(Row))
_TABLE = """
CREATE TABLE sms (_id INTEGER PRIMARY KEY, thread_id INTEGER, address TEXT, person INTEGER, date INTEGER,
  date_sent INTEGER DEFAULT 0, protocol INTEGER, read INTEGER DEFAULT 0, status INTEGER DEFAULT -1, type INTEGER,
  reply_path_present INTEGER, subject TEXT, body TEXT, service_center TEXT, locked INTEGER DEFAULT 0,
  sub_id INTEGER DEFAULT -1, error_code INTEGER DEFAULT -1, creator TEXT, seen INTEGER DEFAULT 0{more})
"""
#: what the path behind content://sms names
_PATHS = {
    "": "", "inbox": "type=1", "sent": "type=2", "draft": "type=3", "outbox": "type=4", "failed": "type=5",
    "queued": "type=6",
}  # fmt: skip


class Provider:
    """content://sms. Changes are seen by `until`."""

    def __init__(self, sdk: int) -> None:
        self.sdk = sdk
        #: by the phone that they belong to
        self._databases: dict[str, sqlite3.Connection] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self.use("")

    def use(self, owner: str) -> bool:
        """Go on with the store of another phone; whether it is a new one, with nothing in it."""
        new = owner not in self._databases
        if new:
            self._databases[owner] = sqlite3.connect(":memory:", isolation_level=None)
        self._database = self._databases[owner]
        if new:
            self._create()
        self._changed()
        return new

    def _create(self) -> None:
        # the column exists from 17 on; the rows that `rows` tells have it always
        self._database.execute(_TABLE.format(more=", restricted INTEGER DEFAULT 0"))
        self._database.execute("CREATE VIEW sms_restricted AS SELECT * FROM sms WHERE type=1 OR type=2")

    def close(self) -> None:
        """Forget everything. Harmless when repeated."""
        for database in self._databases.values():
            database.close()

    # -- the phone's side --------------------------------------------------------------------------
    def insert(self, **columns: object) -> int:
        """Add a row; its id."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        statement = f"INSERT INTO sms ({names}) VALUES ({marks})"  # noqa: S608 - names from our own code
        cursor = self._database.execute(statement, list(columns.values()))
        self._changed()
        return cursor.lastrowid or 0

    def fail(self, id: int, error_code: int) -> None:
        """A message that seemed sent was not."""
        self._database.execute("UPDATE sms SET type=5, error_code=? WHERE _id=?", (error_code, id))
        self._changed()

    def delete(self, id: int) -> None:
        """Somebody deletes a message on the phone."""
        self._database.execute("DELETE FROM sms WHERE _id=?", (id,))
        self._changed()

    def move_dates(self, ms: int, where: str) -> None:
        """An app sets the dates of some messages. `where` is ours."""
        self._database.execute(f"UPDATE sms SET date=date+? WHERE {where}", (ms,))  # noqa: S608 - a constant
        self._changed()

    def change(self, id: int, column: str, value: object) -> None:
        """An app stores something else in one column of a message."""
        self._database.execute(f"UPDATE sms SET {column}=? WHERE _id=?", (value, id))  # noqa: S608 - a name of ours
        self._changed()

    def wipe(self) -> None:
        """The store is made anew: its ids begin at 1 again."""
        self._database.executescript("DROP VIEW sms_restricted; DROP TABLE sms")
        self._create()
        self._changed()

    def rows(self, type: int | None = None) -> list[Row]:
        """Everything that is really there, oldest first."""
        found = self._database.execute(f"SELECT {_COLUMNS} FROM sms ORDER BY _id").fetchall()  # noqa: S608 - a constant
        return [row for row in (Row(*values) for values in found) if type in (None, row.type)]

    async def until(self, true: Callable[[list[Row]], bool], timeout: float = 30.0) -> list[Row]:
        """The rows, once they are as wanted. Raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not true(self.rows()):
                change = asyncio.get_running_loop().create_future()
                self._waiting.add(change)
                await change
        return self.rows()

    def _changed(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for change in waiting:
            if not change.done():
                change.set_result(None)

    # -- the shell's side --------------------------------------------------------------------------
    def query(
        self,
        path: str,
        projection: list[str],
        where: str,
        sort: str,
        *,
        restricted: bool = False,
        hidden: Sequence[int] = (),
    ) -> Found:
        """What the shell sees. Raises Refused for a null cursor, ValueError for an unknown path, sqlite3.Error.

        `restricted` shows what Android 17 hides from everybody but the SMS app; `hidden` are SIMs of another user.
        """
        seen = "restricted=0" if self.sdk >= 37 and not restricted else ""
        others = f"sub_id NOT IN ({', '.join(str(int(sub)) for sub in hidden)})" if hidden else ""
        inside = self._inside(path)
        check([*projection, where, sort], self.sdk)
        conditions = " AND ".join(f"({part})" for part in (inside, seen, others, where) if part)
        return select(self._database, self.sdk, "sms_restricted", projection, conditions, sort or "date DESC")

    def _inside(self, path: str) -> str:
        path = path.strip("/")
        if path.isdecimal():
            return f"_id = {path}"
        if path not in _PATHS:
            raise ValueError(f"Unknown URL content://sms/{path}")
        return _PATHS[path]


__all__ = ["MESSAGING", "SHELL", "Box", "Found", "Provider", "Refused", "Row"]
