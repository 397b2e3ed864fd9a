"""Rows that nobody can forge: through a real SQLite and the printing of Android's `content` tool."""

import shlex
import sqlite3
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.android_adb import facts, rows

COLUMNS = {"id": "_id", "dt": rows.whole("date"), "ad": rows.escaped("address"), "bd": rows.escaped("body")}
NAMES = tuple(COLUMNS)
HOSTILE = [
    "plain", "", "NULL", "|", "|NULL", "a, b", "a,b", "=", "bd=x", "\\", "\\n", "\\\\", "\n", "\r", "\r\n", "\\c",
    "hi\nRow: 1 _id=99, body=forged", "x, bd=forged", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85", "😀", "'",
    '"', "$(reboot)", "`reboot`", "No result found.", "Row: 0 id=1", "x" * 10_000, "\\" * 99, ",\n\\\r" * 500,
]  # fmt: skip


def tool(found: Sequence[Sequence[object]], names: Sequence[str]) -> str:
    """As `content query` prints what it finds."""
    if not found:
        return "No result found.\n"
    lines = []
    for number, row in enumerate(found):
        fields = (f"{name}={'NULL' if value is None else value}" for name, value in zip(names, row, strict=True))
        lines.append(f"Row: {number} " + ", ".join(fields))
    return "".join(f"{line}\n" for line in lines)


def asked(*stored: tuple[str | None, str | None]) -> str:
    """What the tool prints of (address, body) rows, by the driver's own projection."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE sms (_id INTEGER PRIMARY KEY, date INTEGER, address TEXT, body TEXT)")
    database.executemany("INSERT INTO sms (date, address, body) VALUES (1732147200123, ?, ?)", stored)
    argv = rows.query("content://sms", COLUMNS, "_id>0", "_id ASC")
    projection = argv[argv.index("--projection") + 1].split(":")
    try:
        found = database.execute(f"SELECT {', '.join(projection)} FROM sms ORDER BY _id").fetchall()
    finally:
        database.close()
    return tool(found, NAMES)


def read(out: str) -> list[tuple[str, str]]:
    return [(rows.text(row["ad"]), rows.text(row["bd"])) for row in rows.parse(out, NAMES)]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_body_or_sender_comes_back_as_it_was_and_forges_nothing(body: str) -> None:
    stored = [("+15550199", body), (body, "next")]
    assert read(asked(*stored)) == stored


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=5))
def test_any_rows_come_back_as_they_were(stored: list[tuple[str, str]]) -> None:
    assert read(asked(*stored)) == stored


def test_nothing_at_all_and_a_missing_text_are_told_apart_from_words() -> None:
    assert read(asked((None, "NULL"))) == [("", "NULL")]
    row = rows.parse(asked((None, None)), NAMES)[0]
    assert row["bd"] is None
    assert rows.number(row["dt"]) == 1732147200123
    assert rows.number(None, -1) == -1


@pytest.mark.parametrize(
    "out",
    [
        "",
        "garbage\n",
        "Row: 1 id=1, dt=|1, ad=|a, bd=|b\n",
        "Row: 0 id=1, dt=|1, ad=|a\n",
        "Row: 0 id=1, dt=|1, ad=|a, body=|b\n",
        "Row: 0 id=1, dt=|1, ad=|a, bd=|b, x=1\n",
        "Row: 0 id=1, dt=|1, ad=|a, bd=|b\nRow: 0 id=2, dt=|1, ad=|a, bd=|b\n",
        "Row: 0 id=1, dt=|1, ad=|a, bd=|b",
        "Error while accessing provider:sms\njava.lang.SecurityException\n",
        "No result found.\nRow: 0 id=1, dt=|1, ad=|a, bd=|b\n",
    ],
)
def test_an_answer_that_is_not_exact_is_believed_in_nothing(out: str) -> None:
    with pytest.raises(rows.Garbled):
        rows.parse(out, NAMES)


@pytest.mark.parametrize("value", ["b", "|\\x", "|\\"])
def test_a_text_without_its_mark_or_with_another_escape_is_not_believed(value: str) -> None:
    with pytest.raises(rows.Garbled):
        rows.text(value)


def test_a_number_that_is_none_is_not_believed() -> None:
    with pytest.raises(rows.Garbled):
        rows.number("12a")


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_one_column_of_one_row_holds_whatever_it_holds(body: str) -> None:
    assert rows.single(f"Row: 0 body={body}\n", "body") == body


def test_one_column_of_no_row_is_nothing_and_of_another_question_is_not_believed() -> None:
    assert rows.single("No result found.\n", "body") is None
    with pytest.raises(rows.Garbled):
        rows.single("Row: 0 address=x\n", "body")


def test_no_expression_has_what_the_tool_or_a_version_of_android_refuses() -> None:
    argv = rows.query("content://sms", COLUMNS, "_id>0", "_id ASC")
    projection = argv[argv.index("--projection") + 1]
    assert len(projection.split(":")) == len(COLUMNS)
    assert not set(projection) & set("'\"`;$")
    for word in ("SELECT", "UNION", "HEX", "SUBSTR", "UNICODE", "PRINTF", "INSTR", "TYPEOF", "FROM", "GROUP"):
        assert word not in projection.upper().replace("ADDRESS", "")
    assert shlex.split(shlex.join(argv)) == argv


def test_the_store_that_takes_expressions_proves_it() -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE sms (_id INTEGER PRIMARY KEY)")
    try:
        found = database.execute(f"SELECT {', '.join(facts.PROBE.values())} FROM sms").fetchall()
    finally:
        database.close()
    assert facts.takes_expressions(tool(found, list(facts.PROBE)))
    assert not facts.takes_expressions("No result found.\n")
    assert not facts.takes_expressions("")
    assert not facts.takes_expressions("Row: 0 n=0, m=NULL, p=,\n\\\n")
