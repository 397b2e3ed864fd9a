"""What happens, one line an event."""

import re
from typing import Any

import click
import pytest

from bridge.cli.output import event_line, for_programs

LONG = "x" * 100


def shown(name: str, subject: str = "1", at: object = "2026-01-02T03:04:05.678Z", /, **data: Any) -> str:
    """The line without its colours and its time of day, which depends on where one is."""
    line = re.sub(r"\x1b\[[0-9;]*m", "", event_line({"name": name, "at": at, "subject": subject, "data": data}))
    clock, _, rest = line.partition("  ")
    assert re.fullmatch(r"\d\d:04:05", clock)
    return rest


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("message.submitted", {"to": "+15550150", "text": "Hi"}, '→ submitted  +15550150  "Hi"'),
        (
            "message.sent",
            {"to": "+15550150", "text": "Hi\nyou", "line": "office"},
            '→ sent       +15550150  "Hi you"  on office',
        ),
        (
            "message.failed",
            {"to": "+15550150", "text": LONG, "error": "no credit"},
            f'→ failed     +15550150  "{"x" * 60}…"  no credit',
        ),
        (
            "message.received",
            {"from": "+15550151", "text": "", "line": "office"},
            '← received   +15550151  ""  on office',
        ),
        (
            "message.typed",
            {"to": "+15550151", "text": "On my way", "line": "phone"},
            '→ typed      +15550151  "On my way"  on phone',
        ),
    ],
    ids=["submitted", "sent", "failed", "received", "typed"],
)
def test_a_message_is_shown_with_whom_and_what(name: str, data: dict[str, str], line: str) -> None:
    assert shown(name, **data) == line


def test_a_call_is_shown_with_whom_and_how_long() -> None:
    data = {"number": "+15550151", "name": "Taylor", "duration_seconds": 61, "line": "phone"}
    assert shown("call.outgoing", **data) == "→ outgoing   call +15550151 Taylor, 61 s  on phone"
    withheld = data | {"number": "", "name": "", "duration_seconds": 0}
    assert shown("call.missed", **withheld) == "← missed     call withheld, 0 s  on phone"


def test_a_recipient_who_writes_stop_or_start_is_shown_with_the_line() -> None:
    data = {"number": "+15550151", "word": "STOP", "line": "office", "device": "office", "scope": "line"}
    assert shown("recipient.stopped", **data) == '⊘ stopped    +15550151  "STOP"  on office'
    assert shown("recipient.started", **data | {"word": "START"}) == '← started    +15550151  "START"  on office'


def test_a_notification_is_shown_with_who_told_what() -> None:
    data = {"account": "shop", "sid": "office", "title": "Fridge", "type": "notification", "text": "It is 9 °C."}
    assert shown("notification.sent", **data) == '! notified   shop: Fridge  "It is 9 °C."'


def test_a_line_is_shown_with_its_state_and_what_to_do() -> None:
    assert shown("line.changed", "office", state="parked", reason="enter the PIN", line="office") == (
        "· line       office is parked  enter the PIN"
    )


def test_times_may_be_unix_milliseconds() -> None:
    assert shown("message.cancelled", "1", 1_767_323_045_678, to="+15550150", text="Hi").startswith("→ cancelled")


@pytest.mark.parametrize("steering", ["\x1b[2J\x1b]0;owned\x07", "\x9b31m", "\u202egnp.exe", "a\rb\x08c"])
def test_an_sms_does_not_steer_the_terminal_that_shows_it(steering: str) -> None:
    data = {"from": f"+15550123{steering}", "text": f"hi {steering} there", "line": "office", "error": steering}
    line = click.unstyle(event_line({"name": "message.received", "at": 0, "subject": "x", "data": data}))
    assert line.isprintable()
    assert "hi" in line


def test_every_moment_is_a_number_for_programs() -> None:
    at = "1970-01-01T00:00:01.500Z"
    row = {"at": at, "sent_at": None, "not_before": at, "that": at}
    assert for_programs(row) == {"at": 1500, "sent_at": 0, "not_before": 1500, "that": at}
