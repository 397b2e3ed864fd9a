"""Columns of a table: as wide as a terminal draws them, and never wider than it is where that can be helped."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli import columns

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("", 0), ("abc", 3), ("Müller", 6), ("e\u0301", 1), ("你好", 4), ("Ａ", 2), ("ｱ", 1), ("각", 2),
        ("\u1100\u1161\u11a8", 2), ("\u200d", 0),
        ("👍", 2), ("👍🏽", 2), ("👩‍👩‍👧", 2), ("❤", 1), ("❤️", 2), ("🇩🇪", 2), ("שלום", 4), ("ไทย", 3), ("หนู", 2),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_text_takes_as_many_columns_as_a_terminal_gives_it(text: str, taken: int) -> None:
    assert columns.width(text) == taken


@pytest.mark.parametrize("room", range(1, 9))
def test_what_is_cut_fits(room: int) -> None:
    for text in ("abcdefghij", "你好你好你好", "e\u0301" * 10, "👩‍👩‍👧" * 5):
        short = columns.cut(text, room)
        assert columns.width(short) <= room
        assert short.endswith("…")
    assert columns.cut("abc", room=3) == "abc"


def test_columns_stand_under_their_headings_whatever_is_in_them() -> None:
    rows = [("Anna", "1"), ("张伟", "2"), ("Zoe\u0308", "3"), ("👩‍👩‍👧 Home", "4")]
    lines = [line for (line,) in columns.laid_out(("name", "number"), rows)]
    assert {columns.width(line.rpartition("  ")[0]) for line in lines} <= {7}
    lasts = ("number", "1", "2", "3", "4")
    assert [columns.width(line.removesuffix(last)) for line, last in zip(lines, lasts, strict=True)] == [9] * 5


HEADINGS = ("id", "accepted", "state", "to", "line", "text")
ROW = ("0" * 36, "2026-11-29 01:00:00", "delivered", "+15550150", "modem0", f'"{"你好" * 40}"')


@pytest.mark.parametrize("room", [60, 80, 100, 120, 200])
def test_a_row_that_does_not_fit_goes_on_below_with_its_ids_whole(room: int) -> None:
    head, row = columns.laid_out(HEADINGS, [ROW], room)
    assert max(columns.width(line) for line in (*head, *row)) <= room
    assert len(head) == len(row)
    for cell in ROW[:-1]:
        assert any(cell in line for line in row)
    if room < 200:
        assert row[-1].endswith("…")


def test_a_terminal_too_narrow_for_an_id_still_shows_the_whole_of_it() -> None:
    _, row = columns.laid_out(HEADINGS, [ROW], 20)
    assert row[0] == ROW[0]


def test_what_is_written_into_a_file_is_never_cut() -> None:
    head, row = columns.laid_out(HEADINGS, [ROW])
    assert (len(head), len(row)) == (1, 1)
    assert row[0].endswith(ROW[-1])


PRINT = (
    "from bridge.cli.output import table; table(('number', 'text'), [('+15550150', 'a\\x1b[2J\\x9b31mb' + 'x' * 99)])"
)


def printed(**variables: str) -> str:
    """What a table looks like on a terminal of 40 columns."""
    master, slave = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "40", "TERM": "xterm", **variables}
    with subprocess.Popen([sys.executable, "-c", PRINT], stdout=slave, env=environment, cwd=ROOT) as process:
        os.close(slave)
        said = b""
        while True:
            try:
                some = os.read(master, 4096)
            except OSError:  # the last one has closed it
                break
            if not some:
                break
            said += some
        assert process.wait() == 0
    os.close(master)
    return said.decode().replace("\r\n", "\n")


def test_headings_are_bold_on_a_terminal_and_what_a_text_says_to_it_is_shown() -> None:
    head, row = printed(NO_COLOR="").splitlines()
    assert head.startswith("\x1b[1m")
    assert row == "+15550150  a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}31mb" + "x" * 18 + "…"
    assert columns.width(row) == 40
