"""`sms-bridge messages`, `inbox`, `show`, `cancel` and `stats`: the day's work in a shell."""

import json
import os
import pty
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DEADLINE, Ended, SmsBridge, Start, heard, tail

CUSTOMER = "+15550150"


class Administration:
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
def administration(sms_bridge: SmsBridge, start: Start, tmp_path: Path) -> Administration:
    """Started."""
    return Administration(sms_bridge, start, tmp_path)


def test_messages_are_listed_filtered_shown_and_counted(administration: Administration) -> None:
    sent = administration.submit(line="modem0")  # which has delivery reports
    waiting = administration.submit(text="Later", not_before=int(time.time()) + 3600)
    administration.hears("message.delivered")
    assert {row["id"] for row in administration.rows("messages")} == {sent, waiting}
    assert [row["id"] for row in administration.rows("messages", "--state", "scheduled")] == [waiting]
    assert [row["id"] for row in administration.rows("messages", "--keyword", "hell", "--since", "2h")] == [sent]
    assert administration.rows("messages", "--to", "+15550151") == []
    listed = administration("messages").out.splitlines()
    assert listed[0].split() == ["id", "accepted", "state", "to", "line", "text"]
    assert re.search(rf"^{sent} .* delivered +\{CUSTOMER} .*\"Hello\"$", "\n".join(listed), re.MULTILINE)
    shown = administration("show", sent).out
    assert "delivered" in shown.splitlines()[0]
    assert re.search(r"^1 +delivered +modem0 +1 +\d+ ", shown, re.MULTILINE)
    counted = administration("stats").out.splitlines()
    assert counted[0].split() == ["day", "accepted", "scheduled", "delivered", "received"]
    assert counted[1].split()[1:4] == ["2", "1", "1"]


def test_a_scheduled_message_is_cancelled_once(administration: Administration) -> None:
    waiting = administration.submit(not_before=int(time.time()) + 3600)
    assert administration("cancel", waiting).out == f"The message {waiting} to {CUSTOMER} is cancelled.\n"
    again = administration("cancel", waiting)
    assert (again.code, "only scheduled and queued ones can be cancelled" in again.err) == (1, True)


def test_received_sms_are_listed_and_stay_unread(administration: Administration) -> None:
    assert administration("sim", "receive", "Is it open?", "--from", CUSTOMER).code == 0
    administration.hears("message.received")
    for _ in range(2):
        (row,) = administration.rows("inbox", "--unread", "--from", CUSTOMER)
        assert (row["text"], row["read"]) == ("Is it open?", False)
    assert '"Is it open?"' in administration("inbox").out
    assert administration.rows("inbox", "--keyword", "closed") == []


def test_what_is_not_there_and_what_makes_no_sense_is_said(administration: Administration) -> None:
    missing = administration("show", "0" * 40)
    assert (missing.code, missing.err) == (
        1,
        f"sms-bridge: there is no message '{'0' * 40}'; see: sms-bridge messages\n",
    )
    for command in (("cancel", "x"), ("resend", "x"), ("settle", "x", "leave"), ("contacts", "remove", "+15550199")):
        assert "; see: sms-bridge " in administration(*command).err
    for command in (("webhook", "test", "x"), ("webhook", "remove", "x")):
        assert (
            administration(*command).err
            == "sms-bridge: there is no webhook endpoint 'x'; see: sms-bridge webhook list\n"
        )
    wrong = administration("messages", "--since", "yesterday")
    assert (wrong.code, "--since must be such as 2h" in wrong.err) == (2, True)


def test_contacts_are_kept_by_hand_and_as_files(administration: Administration, tmp_path: Path) -> None:
    assert administration("contacts", "list").out == "There are no contacts yet; see: sms-bridge contacts add\n"
    assert administration("contacts", "add", "+1 555 0150", "Anna Müller", "--group", "regulars").out == (
        "+15550150 is Anna Müller.\n"
    )
    administration("contacts", "add", CUSTOMER, "Anna Miller")
    (row,) = administration.rows("contacts", "list", "--keyword", "mill")
    assert (row["name"], row["number"], row["groups"]) == ("Anna Miller", CUSTOMER, ["regulars"])
    file = tmp_path / "customers.csv"
    file.write_text("phone,name\n+15550151,Bob\nnobody,Eve\n")
    done = administration("contacts", "import", str(file))
    assert (done.code, done.out) == (1, "1 contact added, 0 changed.\n")
    assert done.err.splitlines()[-1] == f"sms-bridge: 1 row of {file} left out"
    for written, holds in (("all.csv", "Anna Miller"), ("all.vcf", "FN:Bob")):
        administration("contacts", "export", str(tmp_path / written))
        assert holds in (tmp_path / written).read_text()
        assert (tmp_path / written).stat().st_mode & 0o777 == 0o600
    assert administration("contacts", "export", str(tmp_path / "all.csv")).code == 2
    assert "must end with .csv or .vcf" in administration("contacts", "export", "all.txt").err
    assert administration("contacts", "remove", CUSTOMER).code == 0
    assert [each["name"] for each in administration.rows("contacts", "list")] == ["Bob"]


def test_what_nobody_knows_is_listed_and_settled(administration: Administration) -> None:
    assert administration("unknown").out == "There is none: what became of every message is known.\n"
    assert administration("sim", "outage", "3600", "--cause", "500").code == 0
    lost = administration.submit(line="modem0")
    administration.hears("message.unknown")
    assert [row["id"] for row in administration.rows("unknown")] == [lost]
    assert administration("unknown").out.endswith(
        "1 message. Ask the recipient, then: sms-bridge settle ID arrived|send-again|leave\n"
    )
    mistyped = administration("settle", lost, "perhaps")
    assert mistyped.code == 2
    assert "Invalid value for 'VERDICT': 'perhaps' is not one of 'arrived', 'send-again', 'leave'." in mistyped.err
    assert administration("settle", lost, "arrived").out == (
        f"{CUSTOMER} has the message {lost}: it counts as delivered, by your word.\n"
    )
    assert administration.rows("unknown") == []


def test_a_line_without_reports_ends_the_wait_for_one(administration: Administration) -> None:
    if "phone0" not in administration("devices").out:
        return  # without adb's server the demo has no phone
    done = administration("send", CUSTOMER, "Hello", "--line", "phone0", "--delivered")
    assert done.code == 1
    assert done.err.splitlines()[-1] == (
        "sms-bridge: the network took it; the line phone0 has no delivery reports, so nobody hears of its arrival"
    )


def test_tail_begins_in_the_past_when_asked(administration: Administration, start: Start, tmp_path: Path) -> None:
    sent = administration.submit(line="modem0")
    administration.hears("message.delivered")
    running = start("tail", "--since", "1h", "--json", "--data", str(tmp_path / "demo"), together=True)
    assert heard(running, "message.submitted")["subject"] == sent
    assert heard(running, "message.delivered")["subject"] == sent
    assert administration("tail", "--since", "tomorrow").code == 2


LISTS = [
    ("account", "list"), ("account", "movements", "demo"), ("account", "suppressed", "demo"), ("account", "audit"),
    ("contacts", "list"), ("inbox",), ("key", "list"), ("messages",), ("template", "list", "demo"), ("unknown",),
    ("user", "list"), ("webhook", "list"), ("webhook", "ledger"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("messages",), "There is no message yet. Send one: sms-bridge send NUMBER TEXT"),
        (("messages", "--limit", "5"), "There is no message yet. Send one: sms-bridge send NUMBER TEXT"),
        (("messages", "--state", "failed"), "No message fits."),
        (("messages", "--account", "shop"), "No message fits."),
        (("inbox",), "No SMS was received yet."),
        (("inbox", "--unread"), "No received SMS fits."),
        (("unknown",), "There is none: what became of every message is known."),
        (("contacts", "list"), "There are no contacts yet; see: sms-bridge contacts add"),
        (("contacts", "list", "--group", "x"), "There is no such contact."),
        (("webhook", "list"), "There is no webhook yet. Make one with: sms-bridge webhook add ACCOUNT URL"),
        (("webhook", "ledger"), "Nothing was delivered yet, and nothing waits."),
        (("webhook", "ledger", "--state", "dead"), "No delivery fits."),
        (("account", "movements", "shop"), "No credit of shop was added or spent yet."),
        (("account", "suppressed", "shop"), "No number is suppressed for shop."),
        (("template", "list", "shop"), "shop has no template yet. Make one with: sms-bridge template add shop ID TEXT"),
        (("user", "list"), "There is no user yet. Make the first owner with: sms-bridge user link"),
        (("key", "list"), "There is no key yet. Make one with: sms-bridge key add ACCOUNT --name NAME --scope send"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_empty_list_says_so(sms_bridge: SmsBridge, shop: Path, command: tuple[str, ...], sentence: str) -> None:
    here = ("--data", str(shop))
    assert sms_bridge(*command, *here).out == f"{sentence}\n"
    assert sms_bridge(*command, *here, "--json").out == ""


@pytest.fixture
def shop(sms_bridge: SmsBridge, tmp_path: Path) -> Path:
    """The data directory of a bridge that never ran, with one account."""
    data = tmp_path / "shop"
    data.mkdir()
    assert sms_bridge("account", "add", "shop", "--data", str(data)).code == 0
    return data


@pytest.mark.parametrize(
    "command",
    [
        "messages --account shpo", "inbox --account shpo", "unknown --account shpo", "stats --account shpo",
        "contacts list --account shpo", "webhook ledger --account shpo", "webhook add shpo http://127.0.0.1:9/",
        "account movements shpo", "account audit shpo", "account disable shpo", "account suppress shpo +15550150",
        "account top-up shpo 5", "template list shpo", "key list shpo", "key add shpo --name x --scope send",
    ],
)  # fmt: skip
def test_an_unknown_account_is_an_error_that_names_those_that_exist(
    sms_bridge: SmsBridge, shop: Path, command: str
) -> None:
    done = sms_bridge(*command.split(), "--data", str(shop))
    assert (done.code, done.err) == (1, "sms-bridge: there is no account 'shpo'; did you mean shop?\n")
    other = sms_bridge(*command.replace("shpo", "zz").split(), "--data", str(shop))
    assert (other.code, other.err) == (1, "sms-bridge: there is no account 'zz'; there are: shop\n")


def test_an_account_is_missing_where_there_is_none(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("inbox", "--account", "shop", "--data", str(tmp_path))
    assert done.err == "sms-bridge: there is no account 'shop'; make one with: sms-bridge account add NAME\n"


def test_an_unknown_line_is_an_error_that_names_those_that_exist(administration: Administration) -> None:
    names = ", ".join(sorted(each["name"] for each in json.loads(administration("devices", "--json").out)["lines"]))
    for command in ("messages", "inbox", "stats", "alarm list", "loopback --history --from"):
        option = () if command.endswith("--from") else ("--line",)
        done = administration(*command.split(), *option, "office")
        assert (done.code, done.err) == (1, f"sms-bridge: there is no line 'office'; there are: {names}\n"), command
        near = administration(*command.split(), *option, "modem00")
        assert near.err == "sms-bridge: there is no line 'modem00'; did you mean modem0?\n"
        assert administration(*command.split(), *option, "modem0").code == 0
    sent = administration("send", CUSTOMER, "Hello", "--account", "demi")
    assert sent.err == "sms-bridge: there is no account 'demi'; did you mean demo?\n"
    assert administration("webhook", "redeliver", "--endpoint", "x").err == (
        "sms-bridge: there is no webhook endpoint 'x'; see: sms-bridge webhook list\n"
    )


def test_every_list_is_an_object_a_line_for_programs_with_times_as_numbers(administration: Administration) -> None:
    for command in (
        ("account", "top-up", "demo", "5", "--yes"),
        ("account", "suppress", "demo", "+15550159"),
        ("contacts", "add", CUSTOMER, "张伟"),
        ("key", "add", "demo", "--name", "reports", "--scope", "read"),
        ("template", "add", "demo", "code", "Your code is {code}."),
        ("user", "add", "carol", "--link"),
        ("webhook", "add", "demo", "http://127.0.0.1:9/sms"),
    ):
        assert administration(*command).code == 0, command
    administration.submit(line="modem0")
    administration.hears("message.delivered")
    for command in LISTS:
        found = administration.rows(*command)
        assert found or command in {("inbox",), ("unknown",), ("contacts", "list")}, command
        for row in found:
            moments = {key: value for key, value in row.items() if key.endswith("_at") or key == "at"}
            assert all(isinstance(value, int) for value in moments.values()), (command, moments)


def test_a_text_is_shown_with_its_lines_and_does_not_steer_the_terminal(administration: Administration) -> None:
    sent = administration.submit(text="one\ntwo 你好")
    assert "\none\ntwo 你好\n" in administration("show", sent).out
    assert administration("sim", "receive", "one\ntwo\x1b[2J 你好").code == 0
    administration.hears("message.received")
    listed = administration("inbox").out
    assert "\x1b" not in listed
    assert '"one two\N{REPLACEMENT CHARACTER}[2J 你好"' in listed


def test_a_colour_is_for_terminals_that_want_it(environment: dict[str, str], tmp_path: Path) -> None:
    """An error of the command line is red there."""

    def said(**variables: str) -> bytes:
        master, slave = pty.openpty()
        command = [sys.executable, "-m", "bridge", "show", "1", "--data", str(tmp_path)]
        run = environment | {"TERM": "xterm"} | variables
        subprocess.run(command, stderr=slave, stdout=subprocess.DEVNULL, env=run, check=False)
        os.close(slave)
        found = os.read(master, 4096)
        os.close(master)
        return found

    assert said(NO_COLOR="").startswith(b"\x1b[31m")
    assert b"\x1b" not in said(NO_COLOR="1")
    assert b"\x1b" not in said(NO_COLOR="", TERM="dumb")


def test_a_long_import_of_contacts_says_on_a_terminal_that_it_goes_on(
    administration: Administration, environment: dict[str, str], tmp_path: Path
) -> None:
    """The file is a pipe: it lasts until somebody has written into it."""
    os.mkfifo(tmp_path / "friends.csv")
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "bridge", "contacts", "import", "friends.csv", "--data", "demo"]
    with subprocess.Popen(command, stderr=slave, stdout=subprocess.PIPE, env=environment, cwd=tmp_path) as process:
        os.close(slave)
        said = b""
        while b"importing" not in said:
            said += os.read(master, 4096)
        (tmp_path / "friends.csv").write_text("number,name\n+15550150,Anna\n")
        out, _ = process.communicate(timeout=DEADLINE)
    os.close(master)
    assert (process.returncode, out) == (0, b"1 contact added, 0 changed.\n")
    assert administration("contacts", "list").code == 0


def test_a_mistyped_directory_is_an_error_and_gets_no_store(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    wrong = tmp_path / "demi"
    done = sms_bridge("messages", "--data", str(wrong))
    assert (done.code, done.err) == (
        2,
        f"sms-bridge: there is no directory {wrong}. A demo makes it: sms-bridge demo --data {wrong}\n",
    )
    assert not wrong.exists()


def test_a_directory_of_other_things_is_an_error_and_gets_no_store(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    for command in (("messages",), ("account", "add", "shop")):
        done = sms_bridge(*command, "--data", str(tmp_path))
        assert (done.code, done.out) == (2, "")
        assert "has other files in it, and no bridge (bridge.db): name its own folder" in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["demo"]
    (tmp_path / "bridge.db.lock").touch()  # as beside a store that was moved away
    assert sms_bridge("account", "add", "shop", "--data", str(tmp_path)).code == 0
