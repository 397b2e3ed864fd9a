"""Commands beside a bridge that runs: they go through it, and say the same as where none runs."""

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DEADLINE, Running, SmsBridge, Start
from tests.acceptance.test_cli_serve import CONFIG, READY

#: what changes something, in this order, and what is said
CHANGES = (
    (("account", "set", "shop", "--prepaid", "--country", "gb"), "payment              prepaid (was postpaid)\n"),
    (("account", "top-up", "shop", "100", "--note", "invoice 7"), "The account shop has 100 credits.\n"),
    (("account", "suppress", "shop", "07700 900123"), "Nothing is sent to 07700 900123 for shop any more.\n"),
    (("template", "add", "shop", "code", "Your code is {code}"), "The template code of shop is approved."),
    (("key", "add", "shop", "--name", "crm", "--scope", "send"), "The key crm of shop may send, without an expiry.\n"),
    (("webhook", "add", "shop", "http://127.0.0.1:9/sms"), "Events of shop go to http://127.0.0.1:9/sms from now on"),
    (("webhook", "redeliver", "--account", "shop"), "0 deliveries requeued.\n"),
    (("account", "disable", "shop"), "The account shop is disabled. Its messages that wait are still sent"),
)
#: what looks
LOOKS = (
    ("account", "list"), ("account", "show", "shop"), ("account", "movements", "shop"),
    ("account", "suppressed", "shop"), ("account", "audit"), ("account", "audit", "shop"), ("key", "list"),
    ("key", "list", "shop"), ("webhook", "list"), ("webhook", "ledger"), ("webhook", "ledger", "--account", "shop"),
    ("template", "list", "shop"), ("template", "show", "shop", "code"),
)  # fmt: skip
#: what is refused
MISTAKES = (
    ("account", "add", "shop"), ("account", "add", "my shop"), ("account", "disable", "nobody"),
    ("account", "disable", "operator"), ("account", "show", "a/b c"), ("account", "show", ""),
    ("account", "set", "shop", "--zone", "Paris"), ("account", "top-up", "shop", "-1000"),
    ("account", "suppress", "shop", "not a number"), ("account", "allow", "shop", "+15550100"),
    ("account", "movements", "nobody"), ("account", "audit", "nobody"), ("template", "add", "shop", "a b", "x"),
    ("template", "show", "shop", "x"), ("template", "remove", "shop", "x"), ("key", "revoke", "shop", "x"),
    ("key", "add", "nobody", "--name", "x", "--scope", "send"), ("webhook", "add", "nobody", "https://shop.example.com"),
    ("webhook", "add", "shop", "shop.lan"), ("webhook", "remove", "7"), ("webhook", "ledger", "--account", "nobody"),
)  # fmt: skip


@pytest.fixture
def bridge(tmp_path: Path, start: Start) -> Running:
    """One that runs, without devices."""
    configure(tmp_path)
    running = start("serve", *CONFIG, together=True)
    running.says(READY)
    return running


def configure(directory: Path) -> None:
    (directory / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{directory}/sms.db"\n')


def add(sms_bridge: SmsBridge, *command: str) -> Any:
    ended = sms_bridge(*command, "--json", *CONFIG)
    assert (ended.code, ended.err) == (0, "")
    return json.loads(ended.out)


def status(directory: Path, key: str, path: str = "/v1/lines") -> int:
    """What the bridge answers to this key."""
    url = json.loads((directory / "control.json").read_text())["url"]
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url + path, headers={"X-Api-Key": key}), timeout=DEADLINE
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_says_the_same_whether_the_bridge_runs_or_not(sms_bridge: SmsBridge, start: Start, tmp_path: Path) -> None:
    configure(tmp_path)
    add(sms_bridge, "account", "add", "shop")
    for command, said in CHANGES[::2]:
        assert said in sms_bridge(*command, *CONFIG).out
    running = start("serve", *CONFIG, together=True)
    running.says(READY)
    for command, said in CHANGES[1::2]:
        assert said in sms_bridge(*command, *CONFIG).out
    looks = [(*command, *more) for command in LOOKS for more in ((), ("--json",))]
    while_it_runs = [sms_bridge(*command, *CONFIG) for command in (*looks, *MISTAKES)]
    running.stop(signal.SIGTERM)
    afterwards = [sms_bridge(*command, *CONFIG) for command in (*looks, *MISTAKES)]
    assert while_it_runs == afterwards
    assert {ended.code for ended in afterwards[: len(looks)]} == {0}
    for command, ended in zip(MISTAKES, afterwards[len(looks) :], strict=True):
        assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1), command
    rows = [json.loads(line) for line in sms_bridge("account", "audit", "--json", *CONFIG).out.splitlines()]
    assert {row["who"] for row in rows} == {"command line"}


@pytest.mark.usefixtures("bridge")
def test_what_a_command_changes_counts_at_once_in_the_bridge_that_runs(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    apikey = add(sms_bridge, "account", "add", "shop")["apikey"]
    assert status(tmp_path, apikey) == 200
    key = add(sms_bridge, "key", "add", "shop", "--name", "crm", "--scope", "read")["credentials"]["apikey"]
    assert status(tmp_path, key) == 200
    sms_bridge("key", "revoke", "shop", "crm", *CONFIG)
    assert status(tmp_path, key) == 401
    fresh = add(sms_bridge, "account", "rotate", "shop", "apikey")["apikey"]
    assert (status(tmp_path, apikey), status(tmp_path, fresh)) == (401, 200)
    sms_bridge("account", "set", "shop", "--address", "192.0.2.1", *CONFIG)
    assert status(tmp_path, fresh) == 403
    sms_bridge("account", "set", "shop", "--any-address", *CONFIG)
    assert status(tmp_path, fresh) == 200
    sms_bridge("account", "disable", "shop", *CONFIG)
    assert status(tmp_path, fresh) == 403


def test_a_killed_bridge_is_no_hindrance(bridge: Running, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    bridge.stop(signal.SIGKILL)
    assert (tmp_path / "control.json").exists()
    assert (tmp_path / "control.sock").exists()
    assert sms_bridge("account", "add", "shop", *CONFIG).code == 0
    assert sms_bridge("tail", *CONFIG).err.startswith("sms-bridge: the bridge is not running; start it with: ")


def test_a_command_that_looks_makes_a_store_where_there_is_none(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    assert "There is no account yet" in sms_bridge("account", "list", *CONFIG).out


@pytest.mark.usefixtures("bridge")
def test_the_trail_is_the_same_for_a_command_that_is_refused(sms_bridge: SmsBridge) -> None:
    sms_bridge("account", "disable", "nobody", *CONFIG)
    assert sms_bridge("account", "audit", "--json", *CONFIG).out == ""
