"""`sms-bridge account set`, `show`, `top-up`, `suppress` … and `template …` on a real store file."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.accounts import credentials
from bridge.ports.clock import SystemClock
from bridge.store import open_store
from tests.acceptance.conftest import Ended, SmsBridge, Start, rows

Run = Callable[..., Ended]


@pytest.fixture
def run(sms_bridge: SmsBridge, tmp_path: Path) -> Run:
    """Run a command on a bridge with the account `shop`."""

    def run(*arguments: str) -> Ended:
        return sms_bridge(*arguments, "--data", str(tmp_path))

    assert run("account", "add", "shop").code == 0
    return run


def told(ended: Ended) -> Any:
    assert (ended.code, ended.err) == (0, "")
    return json.loads(ended.out)


def test_a_line_that_is_not_there_is_set_and_said(start: Start, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n'
        '[devices.office]\ndriver = "gsm_modem"\nport = "/dev/ttyNONE1"\n'
    )
    config = ("--config", "config.toml")
    assert sms_bridge("account", "add", "shop", *config).code == 0
    start("serve", *config, together=True).says("INFO bridge.daemon.run: ready at ")
    done = sms_bridge("account", "set", "shop", "--line", "offcie", "--inbound-line", "office", *config)
    told = "sms-bridge: 'offcie' is set, but there is no line or device of this name now; did you mean office?\n"
    assert (done.code, done.err) == (0, told)
    assert "offcie" in done.out


def test_sets_what_is_named_and_leaves_the_rest(run: Run) -> None:
    first = ("--prepaid", "--address", "192.0.2.0/24", "--address", "2001:db8::1", "--country", "gb")
    second = ("--requests-per-minute", "60", "--zone", "Europe/Paris", "--report-on", "delivered")
    third = ("--line", "office", "--on-unknown", "fail", "--daily-per-recipient", "3", "--verification", "pending")
    for options in (first, second, third):
        assert run("account", "set", "shop", *options).code == 0
    shown = told(run("account", "show", "shop", "--json"))
    assert shown["on_unknown"] == "fail"
    assert shown["terms"] == {
        "payment": "prepaid",
        "addresses": ["192.0.2.0/24", "2001:db8::1"],
        "requests_per_minute": 60,
        "daily_per_recipient": 3,
        "zone": "Europe/Paris",
        "country": "GB",
        "verification": "pending",
        "report_on": "delivered",
        "lines": ["office"],
        "inbound_lines": [],
    }
    assert run("account", "set", "shop", "--line", "a", "--any-line").code == 2
    assert told(run("account", "set", "shop", "--any-line", "--json"))["terms"]["lines"] == []
    shown = told(run("account", "set", "shop", "--any-address", "--postpaid", "--report-on", "auto", "--json"))
    assert [shown["terms"][term] for term in ("addresses", "payment", "report_on")] == [[], "postpaid", "auto"]
    assert shown["on_unknown"] == "fail"


def test_shows_an_account_to_people_without_any_secret(run: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "bridge.db") as database:
        [(secret,)] = database.execute("SELECT webhook_secret FROM accounts")
    database.close()
    shown = run("account", "show", "shop").out
    assert "credits              not counted\n" in shown
    assert "addresses            any\n" in shown
    for out in (shown, run("account", "show", "shop", "--json").out):
        assert secret not in out


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ((), 2, "say what to change, for example: --prepaid"),
        (("--prepaid", "--postpaid"), 2, "--prepaid and --postpaid do not go together"),
        (("--address", "192.0.2.0/24", "--any-address"), 2, "--address and --any-address do not go together"),
        (("--address", "here"), 1, "'here' is not a network: write an address or CIDR"),
        (("--zone", "Paris"), 1, "'Paris' is not a time zone"),
        (("--country", "Britain"), 1, "'Britain' is not a country"),
    ],
)
def test_says_which_term_makes_no_sense(run: Run, options: tuple[str, ...], code: int, sentence: str) -> None:
    ended = run("account", "set", "shop", *options)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert ended.err.startswith(f"sms-bridge: {sentence}")


@pytest.mark.parametrize("command", [
    ("account", "show"), ("account", "set", "--prepaid"), ("account", "top-up"), ("account", "movements"),
    ("account", "suppressed"), ("account", "audit"), ("account", "rotate"), ("template", "list"),
])  # fmt: skip
def test_each_says_when_there_is_no_such_account(run: Run, command: tuple[str, ...]) -> None:
    more = {"top-up": ["5"], "rotate": ["v1"]}.get(command[1], [])
    ended = run(*command, "nobody", *more)
    assert (ended.code, ended.out, ended.err) == (1, "", "sms-bridge: there is no account 'nobody'; there are: shop\n")


def test_the_account_of_the_command_line_is_left_alone(run: Run) -> None:
    assert "the command line's own" in run("account", "disable", "operator").err


def test_tops_up_takes_back_and_shows_the_movements(run: Run) -> None:
    refused = run("account", "top-up", "shop", "100")
    assert (refused.code, refused.out) == (1, "")
    assert "To let it send only what it has paid for, first: sms-bridge account set shop --prepaid\n" in refused.err
    assert refused.err.endswith("to count them, and let it send without them all the same, add --yes\n")
    assert told(run("account", "show", "shop", "--json"))["credits"] is None
    said = run("account", "top-up", "shop", "100", "--note", "invoice 7", "--yes").out
    assert said == "The account shop has 100 credits. It is postpaid and may go below zero.\n"
    assert told(run("account", "top-up", "shop", "-30", "--json")) == {"account": "shop", "credits": 70}
    rows = [json.loads(line) for line in run("account", "movements", "shop", "--json").out.splitlines()]
    assert [(row["kind"], row["amount"], row["balance"], row["note"]) for row in rows] == [
        ("adjust", -30, 70, ""),
        ("top_up", 100, 100, "invoice 7"),
    ]
    assert "+100" in run("account", "movements", "shop").out
    assert run("account", "set", "shop", "--prepaid").err == ""
    ended = run("account", "top-up", "shop", "-71")
    assert (ended.code, ended.err.startswith("sms-bridge: the account has 70 credits")) == (1, True)


def test_says_what_else_a_change_means(run: Run) -> None:
    prepaid = run("account", "set", "shop", "--prepaid", "--line", "office")
    assert "payment              prepaid (was postpaid)\n" in prepaid.out
    assert "lines                office (was any)\n" in prepaid.out
    assert (
        prepaid.err == "sms-bridge: shop sends nothing until it has credits: sms-bridge account top-up shop CREDITS\n"
    )
    assert run("account", "top-up", "shop", "5").out == "The account shop has 5 credits.\n"
    moved = run("account", "set", "shop", "--line", "van")
    assert "lines                van (was office)\n" in moved.out
    assert (moved.out.count("(was "), moved.err) == (1, "")
    fresh = run("account", "rotate", "shop", "apikey").out
    assert fresh.endswith("\nThose of this kind that it had before do not work any more.\n")
    kept = run("account", "rotate", "shop", "apikey", "--overlap", "60").out
    assert kept.endswith("\nThose of this kind that it had before keep working for another 60 seconds.\n")
    webhook = run("account", "rotate", "shop", "webhook").out
    assert webhook.endswith("\nEndpoints that are there keep the secret that they have; new ones get this one.\n")


def test_suppresses_and_allows_a_number_as_messages_have_it(run: Run) -> None:
    run("account", "set", "shop", "--country", "GB")
    assert run("account", "suppress", "shop", "07700 900123", "--reason", "asked by letter").code == 0
    [row] = rows(run("account", "suppressed", "shop", "--json"))
    assert (row["number"], row["reason"]) == ("+447700900123", "asked by letter")
    assert "asked by letter" in run("account", "suppressed", "shop").out
    assert run("account", "allow", "shop", "+447700900123").code == 0
    assert run("account", "suppressed", "shop").out == "No number is suppressed for shop.\n"
    assert run("account", "allow", "shop", "+447700900123").err == (
        "sms-bridge: +447700900123 is not on this account's list\n"
    )


def test_each_change_is_in_the_audit_trail(run: Run) -> None:
    run("account", "add", "clinic")
    run("account", "disable", "clinic")
    for command in (
        ("account", "disable", "shop"), ("account", "enable", "shop"),
        ("account", "set", "shop", "--prepaid", "--on-unknown", "resend"),
        ("account", "top-up", "shop", "5"), ("account", "rotate", "shop", "apikey", "--overlap", "60"),
        ("account", "suppress", "shop", "+15550100"), ("account", "allow", "shop", "+15550100"),
        ("template", "add", "shop", "code", "Your code is {code}"), ("template", "remove", "shop", "code"),
    ):  # fmt: skip
        assert run(*command).code == 0
    rows = [json.loads(line) for line in run("account", "audit", "shop", "--json").out.splitlines()]
    assert [row["what"] for row in rows] == [
        "remove_template", "template", "allow", "suppress", "rotate", "top_up", "terms", "enable", "disable",
        "add_account",
    ]  # fmt: skip
    assert {(row["who"], row["account"]) for row in rows} == {("command line", "shop")}
    assert "payment: postpaid → prepaid, credits: not counted → 0, on_unknown: hold → resend" in [
        row["detail"] for row in rows
    ]
    assert "clinic" in run("account", "audit").out


async def test_an_old_key_works_until_the_overlap_ends(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    data = ("--json", "--data", str(tmp_path))
    keys = [json.loads(sms_bridge_process("account", "add", "shop", *data).out)["apikey"]]
    for overlap in ("3600", "60"):
        done = sms_bridge_process("account", "rotate", "shop", "apikey", "--overlap", overlap, *data)
        keys.append(json.loads(done.out)["apikey"])
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db")
    try:
        now = SystemClock().now()
        for later, known in ((0, [True, True, True]), (120_000, [False, False, True])):
            digests = [credentials.digest(key) for key in keys]
            found = [await store.account_for("apikey", "", each, now + later) is not None for each in digests]
            assert found == known
    finally:
        await store.close()


def test_keeps_shows_and_removes_templates(run: Run) -> None:
    assert "Make one with: sms-bridge template add shop ID TEXT" in run("template", "list", "shop").out
    added = run("template", "add", "shop", "code", "Your code is {code}, good for {1} minutes", "--pending")
    assert added.out == "The template code of shop is not approved. Its places: code, 1.\n"
    assert told(run("template", "add", "shop", "code", "Code {code}", "--json"))["approved"] is True
    [row] = rows(run("template", "list", "shop", "--json"))
    assert (row["id"], row["text"], row["approved"], row["places"]) == ("code", "Code {code}", True, ["code"])
    assert told(run("template", "show", "shop", "code", "--json")) == row
    assert run("template", "show", "shop", "code").out.endswith("\nCode {code}\n")
    assert run("template", "remove", "shop", "code").out == "The template code of shop is removed.\n"
    assert run("template", "remove", "shop", "code").code == 1
    assert run("template", "show", "shop", "code").err == (
        "sms-bridge: shop has no template 'code'; see: sms-bridge template list shop\n"
    )


def test_shows_the_template_that_another_replaced(run: Run) -> None:
    run("template", "add", "shop", "code", "Your code is {code}", "--pending")
    kept = "The template code of shop is approved. Its places: pin.\n"
    replaced = run("template", "add", "shop", "code", "PIN {pin}").out
    assert replaced == f"{kept}It replaced one that was not approved:\nYour code is {{code}}\n"
    assert run("template", "add", "shop", "code", "PIN {pin}").out == kept


@pytest.mark.parametrize(("id", "text", "sentence"), [("a b", "x", "a template's id is"), ("a", " ", "the template's")])
def test_says_what_a_template_may_be(run: Run, id: str, text: str, sentence: str) -> None:
    ended = run("template", "add", "shop", id, text)
    assert (ended.code, ended.err.startswith(f"sms-bridge: {sentence}"), ended.err.count("\n")) == (1, True, 1)
