"""The phone's call log, content://call_log: plain columns only, for its provider is strict about projections."""

import re
import sqlite3
from collections.abc import Callable
from enum import IntEnum

from device_drivers.virtual.phone.sql import Found, check, select


class Kind(IntEnum):
    """The column `type` (android.provider.CallLog.Calls)."""

    INCOMING = 1
    OUTGOING = 2
    MISSED = 3
    VOICEMAIL = 4
    REJECTED = 5
    BLOCKED = 6


#: from this release on Android's shell holds READ_CALL_LOG
GRANTED = 33

_COLUMNS = (
    "_id", "number", "presentation", "date", "duration", "type", "name", "new", "is_read", "subscription_id",
    "geocoded_location", "countryiso",
)  # fmt: skip
_AGGREGATE = re.compile(r"(?i)(?:AVG|COUNT|MAX|MIN|SUM|TOTAL|GROUP_CONCAT)\((\*|\w+)\)")


class Denied(Exception):
    """The caller lacks a permission."""

    def __init__(self, provider: str, permission: str) -> None:
        super().__init__(
            f"Permission Denial: opening provider {provider} from (null) (pid=4711, uid=2000) requires {permission}"
        )


class CallLog:
    """The calls."""

    def __init__(self, sdk: int, granted: Callable[[], bool]) -> None:
        self._sdk = sdk
        self._granted = granted
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute(
            "CREATE TABLE calls (_id INTEGER PRIMARY KEY, number TEXT, presentation INTEGER DEFAULT 1, date INTEGER, "
            "duration INTEGER, type INTEGER, name TEXT, new INTEGER DEFAULT 1, is_read INTEGER, "
            "subscription_id TEXT, geocoded_location TEXT, countryiso TEXT DEFAULT 'US')"
        )

    def close(self) -> None:
        """Forget everything. Harmless when repeated."""
        self._database.close()

    def add(self, kind: Kind, number: str, name: str | None, duration: int, at: int, sim: str) -> int:
        """A call; `duration` in seconds, `at` in Unix ms. Its id."""
        cursor = self._database.execute(
            "INSERT INTO calls (number, date, duration, type, name, subscription_id) VALUES (?, ?, ?, ?, ?, ?)",
            (number, at, duration, int(kind), name, sim),
        )
        return cursor.lastrowid or 0

    def query(self, path: str, projection: list[str], where: str, sort: str) -> Found:
        """What the shell sees. Raises Denied, ValueError for expressions and unknown paths, sqlite3.Error."""
        if not self._granted():
            raise Denied("com.android.providers.contacts.CallLogProvider", "android.permission.READ_CALL_LOG")
        for column in projection:
            aggregate = _AGGREGATE.fullmatch(column)
            if column not in _COLUMNS and not (aggregate and aggregate[1] in ("*", *_COLUMNS)):
                raise ValueError(f"Invalid column {column}")
        number = path.strip("/")
        if number and not number.isdecimal():
            raise ValueError(f"Unknown URL content://call_log/calls/{number}")
        check([where, sort], self._sdk)
        conditions = " AND ".join(f"({part})" for part in (f"_id={number}" if number else "", where) if part)
        return select(self._database, self._sdk, "calls", projection, conditions, sort or "date DESC")
