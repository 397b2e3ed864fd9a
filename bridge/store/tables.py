"""Exports a store as plain tables, and reads tables that people bring.

sqlite-utils does this: it reads a database as rows under names, and CSV, TSV or JSON as the same rows. It is not for a
bridge that serves; only the command line imports this module.
"""

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, BinaryIO

from sqlite_utils import Database
from sqlite_utils import utils as tables

from bridge.errors import BadRequest, NoSuchThing
from bridge.messages.csv_text import harmless
from bridge.store.read_only import read_only

Row = Mapping[str, Any]

#: what people ask for, oldest row first; what else a store holds is of use to the bridge alone, or secret
TABLES = (
    "accounts",
    "alarms",
    "audit",
    "calls",
    "events",
    "ledger",
    "loopbacks",
    "messages",
    "movements",
    "parts",
    "received",
    "stops",
    "suppressed",
    "templates",
    "typed",
)
#: columns that are never written
SECRET = frozenset({"webhook_secret"})
#: a moment in the store: Unix ms, 0 for never
_MOMENT = re.compile(r"(.*_)?at$")
#: by which a file that is read ends
_READ = {
    ".csv": tables.Format.CSV,
    ".tsv": tables.Format.TSV,
    ".json": tables.Format.JSON,
    ".jsonl": tables.Format.NL,
}


class Format(StrEnum):
    """File formats of tables."""

    CSV = "csv"
    JSONL = "jsonl"


def export(database: Path, folder: Path, names: Sequence[str] = (), form: Format = Format.CSV) -> dict[str, int]:
    """Write each table (all of `TABLES` by default) to its own file; returns table → rows.

    All are of one moment, and a running bridge is not disturbed. Moments are ISO 8601 in UTC. The files are readable
    by their owner alone. Raises NoSuchThing for a table that is not exported, OSError, sqlite3.Error.
    """
    if unknown := sorted(set(names) - set(TABLES)):
        raise NoSuchThing(f"there is no table {unknown[0]} to export; there are: {', '.join(TABLES)}")
    folder.mkdir(parents=True, exist_ok=True)
    with closing(read_only(database)) as conn:
        conn.isolation_level = None
        store = Database(conn, execute_plugins=False)
        store.execute("BEGIN")
        # a store that an earlier release wrote may lack some
        wanted = names or [name for name in TABLES if store.table(name).exists()]
        return {name: _write(store, name, folder / f"{name}.{form}", form) for name in wanted}


def _write(store: Database, name: str, target: Path, form: Format) -> int:
    columns = [column.name for column in store.table(name).columns if column.name not in SECRET]
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        return _WRITERS[form](file, columns, _rows(store, name, columns))


def _rows(store: Database, name: str, columns: Sequence[str]) -> Iterator[Row]:
    moments = [column for column in columns if _MOMENT.fullmatch(column)]
    for row in store.table(name).rows_where(select=", ".join(columns)):
        yield row | {column: _moment(row[column]) for column in moments}


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds") if at else ""


def _csv(file: IO[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
    writer, count = csv.DictWriter(file, columns), 0
    writer.writeheader()
    for count, row in enumerate(rows, start=1):  # noqa: B007
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return count


def _harmless(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _jsonl(file: IO[str], _: Sequence[str], rows: Iterable[Row]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
        count += 1
    return count


_WRITERS: Mapping[Format, Callable[[IO[str], Sequence[str], Iterable[Row]], int]] = {
    Format.CSV: _csv,
    Format.JSONL: _jsonl,
}


def read(source: Path, wanted: str, other: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read rows of a CSV, TSV, JSON or JSON Lines file by column names: the `wanted` ones and the optional `other`.

    A column that is missing is "", and columns of other names are left out. Raises BadRequest with the number of a
    row that has no `wanted`, and for a file that is no table; OSError.
    """
    form = _READ.get(source.suffix.lower())
    if form is None:
        raise BadRequest(f"{source}: its name must end with {', '.join(_READ)}, so that its format is known")
    with source.open("rb") as file:
        dialect = _dialect(file) if form is tables.Format.CSV else None
        try:
            rows, _ = tables.rows_from_file(file, form, dialect, ignore_extras=True)
            found = [{name: str(row.get(name) or "").strip() for name in (wanted, *other)} for row in rows]
        except (ValueError, csv.Error, AttributeError) as error:
            raise BadRequest(f"{source} is not {form.name}, or has no names of columns: {error}") from error
    if missing := [number for number, row in enumerate(found, start=1) if not row[wanted]]:
        raise BadRequest(
            f"{source}: row {missing[0]} has no {wanted}; the first line names the columns, one of them {wanted}"
        )
    return found


def _dialect(file: BinaryIO) -> type[csv.Dialect]:
    """Detect the CSV dialect; spreadsheets in countries with a decimal comma separate by semicolons."""
    heading = file.readline()
    file.seek(0)
    return _Semicolons if b";" in heading and b"," not in heading else csv.excel


class _Semicolons(csv.excel):
    delimiter = ";"
