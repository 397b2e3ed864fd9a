"""The phone's own SMS store, read and never written (AOSP TelephonyProvider)."""

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from device_drivers.android_adb import rows
from device_drivers.android_adb.probe import SMS
from device_drivers.android_adb.shell import Shell

_COLUMNS = {
    "id": "_id",
    "type": "type",
    "sub": "sub_id",
    "dt": rows.whole("date"),
    "ds": rows.whole("date_sent"),
    "cr": rows.escaped("creator"),
    "ad": rows.escaped("address"),
    "bd": rows.escaped("body"),
}
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
            return rows.plain(SMS, _LIST, where, "_id ASC")
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
            rows.number(listed["type"]),
            rows.number(listed["sub_id"], -1),
            rows.number(listed["date"]),
            _plausible(rows.number(values["date_sent"] or "0")),
            values["creator"],
            values["address"],
            values["body"],
        )


def _plausible(date: int) -> int:
    """A date in ms; 0 when an older tool cut it to 32 bits."""
    return date if date > 1 << 32 else 0


def _row(row: dict[str, str | None]) -> Row:
    return Row(
        id=rows.number(row["id"]),
        type=rows.number(row["type"]),
        sub=rows.number(row["sub"], -1),
        date=rows.number(row["dt"]),
        date_sent=rows.number(row["ds"]),
        creator=rows.text(row["cr"]),
        address=rows.text(row["ad"]),
        body=rows.text(row["bd"]),
    )
