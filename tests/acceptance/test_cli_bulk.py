"""`sms-bridge send --csv` through a demo that runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Running, SmsBridge, Start
from tests.support.workbooks import workbook

ROWS = "phone,name\n+15550101,Anna\nnobody,Bob\n+15550102,Eve\n"


@pytest.fixture
def demo(start: Start, tmp_path: Path) -> tuple[Running, tuple[str, str]]:
    running = start("demo", "--http", "127.0.0.1:0", "--data", str(tmp_path / "demo"), "--json")
    json.loads(running.says("{"))
    return running, ("--data", str(tmp_path / "demo"))


def test_a_file_is_looked_at_and_sent(
    demo: tuple[Running, tuple[str, str]], sms_bridge_process: SmsBridge, tmp_path: Path
) -> None:
    _, data = demo
    file = tmp_path / "march.csv"
    file.write_text(ROWS)
    text = ("--text", "Dear {name}, we open at nine.")
    asked = sms_bridge_process("send", "--csv", str(file), *text, *data)
    assert (asked.code, asked.err) == (1, "sms-bridge: nothing was sent: to send without being asked, add --yes\n")
    assert asked.out.splitlines() == [
        "march.csv: 2 of 3 rows can be sent, in 2 parts.",
        "  +15550101  Dear Anna, we open at nine.",
        "  +15550102  Dear Eve, we open at nine.",
        "1 row cannot be sent:",
        "  row 3: this is not a phone number: write digits with an optional leading +, such as +15550123",
    ]
    sent = sms_bridge_process("send", "--csv", str(file), *text, "--yes", "--json", *data)
    batch: dict[str, Any] = json.loads(sent.out)
    assert (batch["state"], batch["sendable"]) == ("running", 2)
    again = sms_bridge_process("send", "--csv", str(file), *text, *data)
    assert "This file was sent before, as march.csv." in again.err
    (tmp_path / "march.xlsx").write_bytes(workbook([["phone", "name"], ["+15550103", "Eve"]]))
    sent = sms_bridge_process("send", "--csv", str(tmp_path / "march.xlsx"), *text, "--yes", *data)
    assert sent.out.splitlines()[-1].endswith("is being sent."), sent.err


def test_says_what_is_missing(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_text(ROWS)
    assert sms_bridge("send").code == 2
    assert sms_bridge("send", "+15550123").code == 2
    refused = sms_bridge("send", "--csv", str(file))
    assert (refused.code, refused.err) == (
        2,
        "sms-bridge: --csv goes with --text, and without a number, --wait and --delivered\n",
    )


def test_a_text_with_an_unknown_place_sends_nothing(
    demo: tuple[Running, tuple[str, str]], sms_bridge_process: SmsBridge, tmp_path: Path
) -> None:
    _, data = demo
    file = tmp_path / "march.csv"
    file.write_text(ROWS)
    refused = sms_bridge_process("send", "--csv", str(file), "--text", "Dear {nmae}", "--yes", *data)
    assert (refused.code, refused.out) == (1, "")
    assert "{nmae}" in refused.err
