"""The command `content`: queries of the SMS store and the call log, printed as the tool prints them."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

from bridge.dataclass import dataclass
from device_drivers.virtual.phone.calllog import CallLog, Denied
from device_drivers.virtual.phone.faults import Faults
from device_drivers.virtual.phone.provider import Provider
from device_drivers.virtual.phone.sql import Found, Refused

Write = Callable[[int, bytes], None]
Mistake = Callable[[str], None]

#: before this release the tool printed only the lower 32 bits of an integer
LONG_INTEGERS = 28

_NOTHING = b"No result found.\n"


@dataclass(slots=True)
class Query:
    """The arguments of `content query`."""

    uri: str = ""
    projection: list[str] = field(default_factory=list)
    where: str = ""
    sort: str = ""

    @classmethod
    def of(cls, arguments: list[str]) -> "Query":
        """Raises ValueError for what the tool does not take."""
        self, left = cls(), list(arguments)
        while left:
            name = left.pop(0)
            if name not in ("--uri", "--user", "--projection", "--where", "--sort"):
                raise ValueError(f"Unsupported argument: {name}")
            if not left or not left[0] or left[0].startswith("--"):
                raise ValueError(f"An argument value is missing for: {name}")
            self._set(name, left.pop(0))
        if not self.uri:
            raise ValueError("Content provider URI not specified. Did you specify --uri argument?")
        return self

    def _set(self, name: str, value: str) -> None:
        if name == "--uri":
            self.uri = value
        elif name == "--projection":
            self.projection = [part.strip() for part in value.split(":")]
        elif name == "--where":
            self.where = value
        elif name == "--sort":
            self.sort = value


@dataclass(slots=True)
class Rights:
    """What the shell may see, as app ops and permissions stand now."""

    sms: Callable[[], bool]
    restricted: Callable[[], bool]
    unlocked: Callable[[], bool]
    #: SIMs that are another user's
    hidden: Callable[[], Sequence[int]]


class Content:
    """The command; exits 0 also when the provider threw."""

    def __init__(self, provider: Provider, calls: CallLog, faults: Faults, rights: Rights, mistake: Mistake) -> None:
        self._provider = provider
        self._calls = calls
        self._faults = faults
        self._rights = rights
        self._mistake = mistake

    async def run(self, arguments: list[str], write: Write) -> int:
        """Do it; the exit code."""
        if self._faults.store_delay:
            await asyncio.sleep(self._faults.store_delay)
        try:
            if arguments[:1] != ["query"]:
                raise ValueError(f"Unsupported operation: {' '.join(arguments[:1])}")
            query = Query.of(arguments[1:])
        except ValueError as wrong:
            self._mistake(f"content: {wrong}")
            write(1, f"usage: adb shell content [subcommand] [options]\n[ERROR] {wrong}\n".encode())
            return 1
        authority, _, path = query.uri.removeprefix("content://").partition("/")
        try:
            printed = self._printed(self._find(authority, path, query))
            if authority == "sms" and self._faults.use_up("store_garbled_next"):
                printed = printed[: -len(printed) // 3]
            write(1, printed)
        except (ValueError, LookupError, sqlite3.Error, Denied) as error:
            write(2, _failure(authority, error))
        return 0

    def _find(self, authority: str, path: str, query: Query) -> Found | None:
        if not self._rights.unlocked():
            raise LookupError(f"Could not find provider: {authority}")
        try:
            return self._ask(authority, path, query)
        except Refused:
            return None

    def _ask(self, authority: str, path: str, query: Query) -> Found | None:
        if authority == "sms":
            return self._sms(path, query)
        if authority == "call_log" and path.split("/", maxsplit=1)[0] == "calls":
            if self._faults.use_up("calls_empty_next"):
                return None
            return self._calls.query(path.removeprefix("calls"), query.projection, query.where, query.sort)
        self._mistake(f"content: {query.uri}")
        raise LookupError(f"Could not find provider: {authority}")

    def _sms(self, path: str, query: Query) -> Found | None:
        if self._faults.permission_denied:
            raise Denied("com.android.providers.telephony.SmsProvider", "android.permission.READ_SMS")
        if self._faults.use_up("store_empty_next"):
            return None
        if not self._rights.sms() or (self._faults.refuse_expressions and not _plain(query.projection)):
            return None
        restricted, hidden = self._rights.restricted(), self._rights.hidden()
        return self._provider.query(
            path, query.projection, query.where, query.sort, restricted=restricted, hidden=hidden
        )

    def _printed(self, found: Found | None) -> bytes:
        if found is None or not found.rows:
            return _NOTHING
        lines = (
            f"Row: {place} "
            + ", ".join(f"{name}={self._value(value)}" for name, value in zip(found.names, row, strict=True))
            for place, row in enumerate(found.rows)
        )
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")

    def _value(self, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bytes):
            return "BLOB"
        if isinstance(value, int) and self._provider.sdk < LONG_INTEGERS:
            return str(int.from_bytes((value & 0xFFFFFFFF).to_bytes(4, "little"), "little", signed=True))
        return str(value)


def _plain(projection: list[str]) -> bool:
    return all(column.isidentifier() for column in projection)


def _failure(authority: str, error: Exception) -> bytes:
    """What the tool prints on stderr of an exception that the provider threw."""
    kinds = {sqlite3.Error: "android.database.sqlite.SQLiteException", Denied: "java.lang.SecurityException"}
    kinds |= {LookupError: "java.lang.IllegalStateException", ValueError: "java.lang.IllegalArgumentException"}
    kind = next(name for base, name in kinds.items() if isinstance(error, base))
    message = str(error.args[0]) if isinstance(error, LookupError) else str(error)
    return (
        f"Error while accessing provider:{authority}\n{kind}: {message}\n"
        "\tat android.os.Parcel.createExceptionOrNull(Parcel.java:3057)\n"
        "\tat android.database.DatabaseUtils.readExceptionFromParcel(DatabaseUtils.java:190)\n"
        "\tat com.android.commands.content.Content$QueryCommand.onExecute(Content.java:707)\n"
    ).encode("utf-8", "replace")
