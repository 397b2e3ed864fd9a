"""`sms-bridge table …`: tables out of a store, and lists into it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Ended, SmsBridge, rows

Run = Callable[..., Ended]


@pytest.fixture
def run(sms_bridge: SmsBridge, tmp_path: Path) -> Run:
    """Run a command on a bridge with the account `shop`."""

    def run(*arguments: str) -> Ended:
        return sms_bridge(*arguments, "--data", str(tmp_path))

    assert run("account", "add", "shop").code == 0
    return run


def test_writes_tables_into_a_folder_and_over_nothing(run: Run, tmp_path: Path) -> None:
    done = run("table", "export", "out", "accounts", "messages")
    assert (done.code, done.out) == (0, "out/accounts.csv: 1 row\nout/messages.csv: 0 rows\n")
    assert "shop" in (tmp_path / "out" / "accounts.csv").read_text()
    again = run("table", "export", "out")
    assert (again.code, again.err) == (2, "sms-bridge: out/accounts.csv exists already: choose another folder\n")
    counted = json.loads(run("table", "export", "all", "--format", "jsonl", "--json").out)
    assert (counted["accounts"], counted["audit"]) == (1, 1)


def test_says_which_tables_there_are(run: Run) -> None:
    done = run("table", "export", "out", "passwords")
    assert done.code == 1
    assert done.err.startswith("sms-bridge: there is no table passwords to export; there are: accounts, ")


def test_brings_a_list_of_numbers_along(run: Run, tmp_path: Path) -> None:
    (tmp_path / "stop.csv").write_text("name;number;reason\nAnn;+1 555 0101;STOP\nBob;+1 555 0102;\n")
    for _ in range(2):
        done = run("table", "suppress", "shop", "stop.csv")
        assert done.out == "Nothing is sent for shop any more to the numbers in stop.csv (2).\n"
    listed = rows(run("account", "suppressed", "shop", "--json"))
    assert [(row["number"], row["reason"]) for row in listed] == [("+15550101", "STOP"), ("+15550102", "")]


def test_says_which_number_is_none_and_that_the_others_are_in(run: Run, tmp_path: Path) -> None:
    (tmp_path / "stop.csv").write_text("number\n+15550101\nnobody\n+15550102\n")
    done = run("table", "suppress", "shop", "stop.csv")
    assert done.code == 1
    assert done.err.startswith("sms-bridge: stop.csv: row 2: ")
    assert done.err.endswith("; the rows before it are in\n")
    assert [row["number"] for row in rows(run("account", "suppressed", "shop", "--json"))] == ["+15550101"]


def test_brings_templates_along(run: Run, tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text('{"id": "code", "text": "Your code is {code}."}\n')
    done = run("table", "templates", "shop", "texts.jsonl", "--pending")
    assert done.out == "shop has the templates of texts.jsonl (1).\n"
    (kept,) = rows(run("template", "list", "shop", "--json"))
    assert (kept["id"], kept["approved"], kept["places"]) == ("code", False, ["code"])
