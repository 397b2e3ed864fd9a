"""`sms-bridge user …` on a real store file, without a bridge that runs."""

import asyncio
import json
from pathlib import Path

import pytest

from bridge.accounts.passwords import matches
from bridge.ports.store_rows import Login
from bridge.store import open_store
from tests.acceptance.conftest import SmsBridge, rows

PASSWORD = "correct horse battery"


async def look_up(folder: Path, name: str) -> Login:
    store = await open_store(f"sqlite:///{folder}/bridge.db")
    try:
        found = await store.login(name)
    finally:
        await store.close()
    assert found is not None
    return found


def login(folder: Path, name: str) -> Login:
    return asyncio.run(look_up(folder, name))


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    return ("--data", str(tmp_path))


def test_a_user_is_added_changed_and_removed(sms_bridge: SmsBridge, tmp_path: Path, data: tuple[str, str]) -> None:
    made = sms_bridge("user", "add", "anna", "--role", "owner", *data, typed=f"{PASSWORD}\n")
    assert (made.code, made.out) == (0, "anna may sign in as owner.\n"), made.err
    found = login(tmp_path, "anna")
    assert matches(PASSWORD, found.password)
    sms_bridge("user", "add", "bob", *data, typed=PASSWORD)
    assert sms_bridge("user", "set", "bob", "--role", "reader", *data).out == "bob may sign in as reader.\n"
    assert sms_bridge("user", "set", "bob", "--disable", *data).out == "bob is disabled.\n"
    listed = sms_bridge("user", "list", *data).out.splitlines()
    assert [line.split()[:3] for line in listed[1:]] == [["anna", "owner", "no"], ["bob", "reader", "disabled"]]
    changed = sms_bridge("user", "password", "bob", *data, typed="another long one\n")
    assert "another password" in changed.out
    assert matches("another long one", login(tmp_path, "bob").password)
    assert sms_bridge("user", "remove", "bob", *data).code == 0
    assert [each["name"] for each in rows(sms_bridge("user", "list", "--json", *data))] == ["anna"]
    trail = json.loads(sms_bridge("account", "audit", "--json", *data).out.splitlines()[0])
    assert (trail["who"], trail["what"], trail["detail"]) == ("command line", "remove_user", "bob")


def test_says_what_is_wrong(sms_bridge: SmsBridge, data: tuple[str, str]) -> None:
    assert sms_bridge("user", "list", *data).out.endswith("sms-bridge user link\n")
    refused = sms_bridge("user", "add", "anna", *data, typed="short\n")
    assert (refused.code, refused.err) == (1, "sms-bridge: A password has 10 to 200 characters.\n")
    assert "make a link: `user add --link`" in sms_bridge("user", "add", "anna", *data).err
    sms_bridge("user", "add", "anna", "--role", "owner", *data, typed=PASSWORD)
    last = sms_bridge("user", "remove", "anna", *data)
    assert "anna is the only owner who can sign in: make another one first" in last.err
    absent = "sms-bridge: there is no user 'bob'; see: sms-bridge user list\n"
    for command in (("link", "bob"), ("set", "bob", "--disable"), ("remove", "bob")):
        assert sms_bridge("user", *command, *data).err == absent
    assert "say what to change, for example: --role operator" in sms_bridge("user", "set", "anna", *data).err
    assert "say whom the link is for" in sms_bridge("user", "link", *data).err


def test_says_whether_the_name_is_there_before_it_asks_for_a_password(
    sms_bridge: SmsBridge, data: tuple[str, str]
) -> None:
    sms_bridge("user", "add", "anna", *data, typed=PASSWORD)
    taken = sms_bridge("user", "add", "anna", *data)
    words = "there is a user 'anna' already; to change it: sms-bridge user password anna"
    assert (taken.code, taken.err) == (1, f"sms-bridge: {words}\n")
    assert '"a b" cannot be a name here' in sms_bridge("user", "add", "a b", *data).err
    absent = sms_bridge("user", "password", "bob", *data)
    assert (absent.code, absent.err) == (1, "sms-bridge: there is no user 'bob'; see: sms-bridge user list\n")


def test_prints_links_that_lead_to_the_bridge(sms_bridge: SmsBridge, tmp_path: Path, data: tuple[str, str]) -> None:
    first = json.loads(sms_bridge("user", "link", "--json", *data).out)
    assert first["link"].startswith("http://127.0.0.1:8080/#/welcome/")
    made = sms_bridge("user", "add", "anna", "--role", "owner", "--link", *data)
    assert "By this link anna chooses a password." in made.out
    link = made.out.split()[-1]
    assert link.startswith("http://127.0.0.1:8080/#/welcome/")
    assert login(tmp_path, "anna").password == ""
    again = sms_bridge("user", "link", "anna", *data).out.split()[-1]
    assert again != link
