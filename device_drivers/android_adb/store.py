"""The phone's own SMS store, read and never written (AOSP TelephonyProvider)."""

import hashlib
from enum import IntEnum

from bridge.dataclass import dataclass
from device_drivers.android_adb import rows
from device_drivers.android_adb.probe import SMS
from device_drivers.android_adb.shell import Shell

_COLUMNS = {
    "id": "_id",
    "type": "type",
    "sub": rows.integer("sub_id"),
    "dt": rows.whole("date"),
    "ds": rows.whole("date_sent"),
    "cr": rows.escaped("creator"),
    "ad": rows.escaped("address"),
    "bd": rows.escaped("body"),
}
#: before the first one, ms, is what an older tool leaves of a date that it cuts to 32 bits, or none at all; from the
#: last one on (the year 2109) is nonsense
FIRST_DATE, LAST_DATE = 1 << 32, 1 << 42

_LIST = ("_id", "type", "sub_id", "date")
_SUMMARY = {"n": "count(*)", "m": "max(_id)"}


class Box(IntEnum):
    """The kinds of rows that the shell sees (`Telephony.TextBasedSmsColumns.TYPE`)."""

    INBOX = 1
    SENT = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One SMS as the phone holds it."""

    id: int
    type: int
    sub: int
    #: Unix ms by the phone's clock when it was stored
    date: int
    #: Unix ms by the service centre; 0 when not known
    date_sent: int
    #: the package that stored it; "" when it does not say
    creator: str
    address: str
    body: str

    @property
    def digest(self) -> str:
        """Twelve hex digits that identify its content, whatever its id."""
        content = "\0".join((str(self.date), self.address, self.body))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    @property
    def origin(self) -> str:
        """Eight hex digits that identify it by the service centre's time, whatever date it has; "" without one."""
        if not is_plausible(self.date_sent):
            return ""
        content = "\0".join((str(self.date_sent), self.address, self.body))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    @property
    def is_exact(self) -> bool:
        """Whether its date is by the phone's clock, in ms, which two SMS never share; some apps store the other one."""
        return self.date != self.date_sent

    @property
    def marks(self) -> frozenset[tuple[int, str]]:
        """One in common says that two rows are the same one, at two times and perhaps with two dates."""
        return frozenset((self.id, mark) for mark in (self.digest, self.origin) if mark)

    @property
    def slot(self) -> str:
        """The slot name for the core."""
        return f"{self.id}:{self.date}:{self.digest}"


class Store:
    """Queries the store. Where expressions are refused, columns are queried one by one."""

    def __init__(self, shell: Shell, expressions: bool) -> None:
        self._shell = shell
        self._expressions = expressions
        #: what the slow way has read, by all that its list tells
        self._read: dict[tuple[str | None, ...], Row] = {}

    async def rows(self, where: str) -> list[Row]:
        """Rows by id, oldest first. Raises Unheard, Garbled. `where` is ours, with only numbers inserted."""
        if not self._expressions:
            return await self._slowly(where)
        return self.read_rows((await self._shell.run(self.rows_query(where))).out)

    @property
    def whole(self) -> bool:
        """Whether one query returns everything."""
        return self._expressions

    def rows_query(self, where: str) -> list[str]:
        """The arguments that query rows, where one query suffices."""
        return rows.query(SMS, _COLUMNS, where, "_id ASC")

    def read_rows(self, out: str) -> list[Row]:
        """Parse rows. Raises Garbled."""
        return [_row(row) for row in rows.parse(out, tuple(_COLUMNS))]

    async def clock(self) -> int:
        """The phone's clock in Unix ms, to the second; 0 if unavailable. Raises Unheard."""
        told = (await self._shell.run(["date", "+%s"])).out.strip()
        return int(told) * 1000 if told.isdecimal() else 0

    async def newest(self, where: str = "") -> int | None:
        """The highest id, 0 for an empty store; None when the phone does not answer. Raises Unheard, Garbled."""
        return self.read_newest((await self._shell.run(self.newest_query(where))).out)

    def newest_query(self, where: str = "") -> list[str]:
        """The arguments that query the highest id."""
        if not self._expressions:
            return rows.plain(SMS, _LIST, where, "_id DESC")  # the one that counts comes first
        return rows.query(SMS, _SUMMARY, where)

    def read_newest(self, out: str) -> int | None:
        """Parse the highest id. Raises Garbled."""
        if not self._expressions:
            return max((rows.number(row["_id"]) for row in rows.parse(out, _LIST)), default=0)
        summary = rows.parse(out, tuple(_SUMMARY))
        return rows.number(summary[0]["m"]) if len(summary) == 1 else None

    async def _list(self, where: str) -> list[dict[str, str | None]]:
        answer = await self._shell.run(rows.plain(SMS, _LIST, where, "_id ASC"))
        return rows.parse(answer.out, _LIST)

    async def _slowly(self, where: str) -> list[Row]:
        found: dict[tuple[str | None, ...], Row] = {}
        for listed in await self._list(where):
            key = tuple(listed.values())
            row = self._read.get(key) or await self._one(listed)
            if row is not None:
                found[key] = row
        self._read = found
        return list(found.values())

    async def _one(self, listed: dict[str, str | None]) -> Row | None:
        """A row queried column by column; None when it has disappeared."""
        number = rows.number(listed["_id"])
        values: dict[str, str] = {}
        for column in ("date_sent", "creator", "address", "body"):
            value = rows.single((await self._shell.run(rows.plain(f"{SMS}/{number}", (column,)))).out, column)
            if value is None:
                return None
            values[column] = "" if value == rows.NULL and column != "body" else value
        return Row(
            number,
            rows.any_number(listed["type"]),
            rows.any_number(listed["sub_id"], -1),
            rows.any_number(listed["date"]),
            _plausible(rows.any_number(values["date_sent"])),
            values["creator"],
            values["address"],
            values["body"],
        )


def is_plausible(date: int) -> bool:
    """Whether this is a date in ms: an older tool cuts it to 32 bits, and an app may store anything."""
    return FIRST_DATE <= date < LAST_DATE


def _plausible(date: int) -> int:
    """A date in ms; 0 for what is none."""
    return date if is_plausible(date) else 0


def _row(row: dict[str, str | None]) -> Row:
    return Row(
        id=rows.number(row["id"]),
        type=rows.number(row["type"]),
        sub=rows.number(row["sub"], -1),
        date=rows.number(row["dt"]),
        date_sent=_plausible(rows.number(row["ds"])),
        creator=rows.text(row["cr"]),
        address=rows.text(row["ad"]),
        body=rows.text(row["bd"]),
    )
