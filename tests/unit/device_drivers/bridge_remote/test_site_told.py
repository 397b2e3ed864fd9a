"""What a site tells is bounded and legible, or left out."""

from collections.abc import Callable
from typing import Any

import pytest

from device_drivers.bridge_remote import told
from device_drivers.bridge_remote.fates import read_message
from device_drivers.bridge_remote.lines import read_alarm, read_line
from device_drivers.bridge_remote.told import LONGEST_SENTENCE, LONGEST_TEXT, Unread

LINE = {"name": "office", "driver": "gsm_modem", "state": "ready"}
MESSAGE = {"id": "m1", "state": "sent", "to": "+15550123"}


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (told.parsed, b"[" * 200_000),
        (told.words, ["a"]),
        (told.name, "5" * 300),
        (told.identifier, None),
        (told.text, "x" * (LONGEST_TEXT + 1)),
        (told.text, 5),
        (read_line, 5),
        (read_line, {**LINE, "state": "flying"}),
        (read_line, {**LINE, "name": ""}),
        (read_line, {**LINE, "battery": float("inf")}),
        (read_line, {**LINE, "slot": int("9" * 30)}),
        (read_alarm, {}),
        (read_message, {**MESSAGE, "state": []}),
        (read_message, {**MESSAGE, "tried": [1, 2]}),
    ],
)
def test_what_makes_no_sense_is_said_to_make_none(read: Callable[[Any], object], value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(value)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), int("9" * 30), -1, "5", True, None])
def test_what_is_no_number_within_bounds_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="no number"):
        told.integer(value, 0, 100)


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59", "1969-01-01T00:00:00Z", 7]
)
def test_a_moment_that_no_clock_shows_is_none(written: object) -> None:
    assert told.moment(written) == 0


def test_what_is_for_people_is_one_legible_line() -> None:
    line = read_line({**LINE, "name": "of\x1b[31mfice\nX", "reason": "\x1b]0;p\x07 bad\nline2", "operator": "\ud800"})
    assert (line["name"], line["operator"]) == ("of\ufffd[31mfice\ufffdX", "\ufffd")
    assert line["reason"] == "\ufffd]0;p\ufffd bad\ufffdline2"
    assert told.words("y" * 400_000) == "y" * (LONGEST_SENTENCE - 1) + "…"


def test_a_text_keeps_its_lines_and_loses_what_no_store_takes() -> None:
    assert told.text("a\nb \x00 \ud800") == "a\nb \ufffd \ufffd"
    assert told.text("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT


def test_what_is_left_out_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    unread = Unread("the site at http://a.example")
    assert [each["name"] for each in unread.readable("a line", read_line, [5, LINE, {}])] == ["office"]
    assert unread.count == 2
    assert [each.levelname for each in caplog.records if "makes no sense" in each.message].count("WARNING") == 1


def test_no_more_lines_are_taken_in_than_a_site_may_have(caplog: pytest.LogCaptureFixture) -> None:
    unread = Unread("the site at http://a.example")
    found = unread.readable("a line", read_line, [{**LINE, "name": f"line{number}"} for number in range(100_000)])
    assert [each["name"] for each in found] == [f"line{number}" for number in range(told.MOST)]
    assert "there are 100000, and the first 256 are taken in" in caplog.text
