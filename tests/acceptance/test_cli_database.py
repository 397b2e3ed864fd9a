"""The command line where the store is in PostgreSQL, for processes of any role."""

import json
import socket
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.conftest import SmsBridge, Start
from tests.acceptance.test_cli_serve import CONFIG, READY
from tests.support.postgresql import server

MODEM = '[devices.modem0]\ndriver = "gsm_modem"\nport = "/dev/nowhere"\n'
Finding = tuple[str, str, str]


def configure(folder: Path, url: str, more: str = "") -> None:
    text = f'[http]\nport = 0\n[store]\nurl = "{url}"\ndirectory = "{folder}"\n{more}'
    (folder / "config.toml").write_text(text)


def looked(sms_bridge: SmsBridge, command: str, code: int, *options: str, **variables: str) -> list[Finding]:
    """Level, subject and message of each finding."""
    done = sms_bridge(command, *CONFIG, "--json", *options, **variables)
    assert done.code == code, done
    return [(each["level"], each["subject"], each["message"]) for each in json.loads(done.out)["findings"]]


def about(findings: list[Finding], subject: str) -> list[tuple[str, str]]:
    return [(level, message) for level, each, message in findings if each.startswith(subject)]


@pytest.mark.parametrize("url", ["postgresql://nobody@/{}?host={}", "postgresql://sms@127.0.0.1:1/{}"])
def test_check_asks_the_database(sms_bridge: SmsBridge, tmp_path: Path, url: str) -> None:
    configure(tmp_path, url.format("postgres", server().folder))
    found = about(looked(sms_bridge, "check", 1), "store")
    assert [level for level, _ in found] == ["ok", "fail"]
    assert "PostgreSQL does not answer: " in found[1][1]
    assert "→ correct store.url and store.password; try it with psql" in sms_bridge("check", *CONFIG).out


def test_check_makes_nothing_in_the_database(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    url = server().url(server().create())
    configure(tmp_path, url)
    found = about(looked(sms_bridge, "check", 0), "store")
    assert found[1][1].startswith("PostgreSQL 1")
    with psycopg.connect(url) as session:
        assert session.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_leaves_devices_out_for_a_process_that_has_none(sms_bridge: SmsBridge, tmp_path: Path, command: str) -> None:
    left_out = [("ok", "left out, for a process of role api has none")]
    configure(tmp_path, server().url(server().create()), MODEM)
    assert [level for level, _ in about(looked(sms_bridge, command, 1), "devices")] == ["fail"]
    assert about(looked(sms_bridge, command, 0, "--role", "api"), "devices") == left_out
    assert about(looked(sms_bridge, command, 0, SMS_BRIDGE_ROLE="api"), "devices") == left_out


def test_a_role_is_for_those_who_share_a_database(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    ((_, message),) = about(looked(sms_bridge, "check", 2, "--role", "api"), "configuration")
    assert "--role api is for processes that share a database" in message


def test_lists_the_bridges_of_a_database(start: Start, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path, server().url(server().create()), 'bridge = "east"\n')
    assert sms_bridge("bridges", *CONFIG).out == "No other bridge has given a sign of life in the last week.\n"
    start("serve", "--role", "api", *CONFIG, together=True).says(READY)
    (row,) = (line.split() for line in sms_bridge("bridges", *CONFIG).out.splitlines()[1:])
    assert row[:3] == ["east", "api", "running,"]
    (told,) = (json.loads(line) for line in sms_bridge("bridges", "--json", *CONFIG).out.splitlines())
    assert (told["name"], told["role"], told["on_duty"], told["lines"]) == ("east", "api", True, [])


def test_a_file_is_one_bridge_s_alone(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    assert sms_bridge("bridges", *CONFIG).out == "The store is a file, which one bridge has for itself.\n"


def test_the_first_owner_of_a_shared_database_is_made_by_a_command(start: Start, tmp_path: Path) -> None:
    """For each link ends the one before, and other processes start as well."""
    configure(tmp_path, server().url(server().create()))
    said = start("serve", "--role", "api", *CONFIG).says("Nobody can sign in yet.")
    assert said.endswith(" A link for the first owner is made by: sms-bridge user link --config config.toml")


def test_a_process_without_the_page_says_where_a_link_leads(
    start: Start, sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    configure(tmp_path, server().url(server().create()))
    start("serve", "--role", "devices", *CONFIG, together=True).says(READY)
    for command in (("link",), ("add", "anna", "--link")):
        said = sms_bridge("user", *command, *CONFIG).out
        assert "\n  /#/welcome/" in said
        assert "This process has no page: put the address of one that has it" in said
    public = sms_bridge("user", "link", "anna", *CONFIG, SMS_BRIDGE__HTTP__PUBLIC_URL="https://sms.example.com").out
    assert public.split()[-1].startswith("https://sms.example.com/#/welcome/")


def test_ports_of_dialects_are_not_those_of_a_process_with_devices_alone(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    """Another process on this machine has them."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        more = f"[dialects.smsmobile]\nport = {other.getsockname()[1]}\n"
        configure(tmp_path, server().url(server().create()), more)
        assert [level for level, _ in about(looked(sms_bridge, "check", 1), "port")] == ["fail"]
        assert about(looked(sms_bridge, "check", 0, "--role", "devices"), "port") == []
