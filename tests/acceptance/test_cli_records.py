"""`sms-bridge messages`, `inbox`, `show`, `cancel` and `stats`: the day's work in a shell."""

import json
import re
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DEADLINE, Ended, SmsBridge, Start, heard, tail

CUSTOMER = "+15550150"


class Desk:
    """A running demo, and commands about it."""

    def __init__(self, sms_bridge: SmsBridge, start: Start, directory: Path) -> None:
        self._data = ("--data", str(directory / "demo"))
        self._sms_bridge = sms_bridge
        running = start("demo", "--http", "127.0.0.1:0", *self._data, "--json")
        self._ready = json.loads(running.says())
        self._events = tail(start, *self._data)

    def hears(self, name: str) -> None:
        """Wait for the next event of this name."""
        heard(self._events, name)

    def __call__(self, *arguments: str) -> Ended:
        return self._sms_bridge(*arguments, *self._data)

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command prints for programs."""
        done = self(*arguments, "--json")
        assert done.code == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    def submit(self, **message: Any) -> str:
        """By the account of the demo; the message's id."""
        body = json.dumps({"to": CUSTOMER, "text": "Hello", **message}).encode()
        headers = {"X-Api-Key": self._ready["apikey"], "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._ready['http']}/v1/messages", body, headers)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return str(json.loads(answer.read())["id"])


@pytest.fixture
def desk(sms_bridge: SmsBridge, start: Start, tmp_path: Path) -> Desk:
    """Started."""
    return Desk(sms_bridge, start, tmp_path)


def test_messages_are_listed_filtered_shown_and_counted(desk: Desk) -> None:
    sent, waiting = desk.submit(), desk.submit(text="Later", not_before=int(time.time()) + 3600)
    desk.hears("message.delivered")
    assert {row["id"] for row in desk.rows("messages")} == {sent, waiting}
    assert [row["id"] for row in desk.rows("messages", "--state", "scheduled")] == [waiting]
    assert [row["id"] for row in desk.rows("messages", "--keyword", "hell", "--since", "2h")] == [sent]
    assert desk.rows("messages", "--to", "+15550151") == []
    listed = desk("messages").out.splitlines()
    assert listed[0].split() == ["id", "accepted", "state", "to", "line", "text"]
    assert re.search(rf"^{sent} .* delivered +\{CUSTOMER} .*\"Hello\"$", "\n".join(listed), re.MULTILINE)
    shown = desk("show", sent).out
    assert "delivered" in shown.splitlines()[0]
    assert re.search(r"^1 +delivered +modem0 +1 +\d+ ", shown, re.MULTILINE) or re.search(
        r"^1 +(delivered|sent) +phone0 ", shown, re.MULTILINE
    )
    counted = desk("stats").out.splitlines()
    assert counted[0].split() == ["day", "accepted", "scheduled", "delivered", "received"]
    assert counted[1].split()[1:4] == ["2", "1", "1"]


def test_a_scheduled_message_is_cancelled_once(desk: Desk) -> None:
    waiting = desk.submit(not_before=int(time.time()) + 3600)
    assert desk("cancel", waiting).out == f"The message {waiting} to {CUSTOMER} is cancelled.\n"
    again = desk("cancel", waiting)
    assert (again.code, "only scheduled and queued ones can be cancelled" in again.err) == (1, True)


def test_received_sms_are_listed_and_stay_unread(desk: Desk) -> None:
    assert desk("sim", "receive", "Is it open?", "--from", CUSTOMER).code == 0
    desk.hears("message.received")
    for _ in range(2):
        (row,) = desk.rows("inbox", "--unread", "--from", CUSTOMER)
        assert (row["text"], row["read"]) == ("Is it open?", False)
    assert '"Is it open?"' in desk("inbox").out
    assert desk.rows("inbox", "--keyword", "closed") == []


def test_what_is_not_there_and_what_makes_no_sense_is_said(desk: Desk) -> None:
    missing = desk("show", "0" * 40)
    assert (missing.code, missing.err) == (1, f"sms-bridge: there is no message '{'0' * 40}'\n")
    wrong = desk("messages", "--since", "yesterday")
    assert (wrong.code, "--since must be such as 2h" in wrong.err) == (2, True)
