"""`sms-bridge` itself, `check` and `devices`."""

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import SmsBridge

COMMANDS = [
    "account",
    "alarm",
    "backup",
    "cancel",
    "check",
    "demo",
    "devices",
    "doctor",
    "export",
    "import",
    "inbox",
    "init",
    "key",
    "loopback",
    "messages",
    "resend",
    "send",
    "serve",
    "setup",
    "show",
    "sim",
    "stats",
    "table",
    "tail",
    "template",
    "user",
    "webhook",
]


def test_help_names_every_command_and_where_to_begin(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("--help")
    listed = [line.split()[0] for line in done.out.partition("Commands:\n")[2].splitlines()]
    assert (done.code, listed) == (0, COMMANDS)
    assert "sms-bridge demo" in done.out


def test_help_loads_nothing_heavy(sms_bridge_process: SmsBridge) -> None:
    done = sms_bridge_process("--help", PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "click" in imported
    assert imported & {"aiohttp", "asyncio", "sqlite_utils", "serial", "gsmmodem", "adbutils", "sqlite3"} == set()
    assert {name for name in imported if name.startswith("bridge.")} == {
        "bridge.cli",
        "bridge.cli.output",
        "bridge.errors",
    }


def test_help_says_in_one_line_what_each_command_is_for(sms_bridge: SmsBridge) -> None:
    listed = sms_bridge("--help", COLUMNS="80").out.partition("Commands:\n")[2].splitlines()
    assert len(listed) == len(COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(sms_bridge: SmsBridge, command: str) -> None:
    done = sms_bridge(command, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: sms-bridge {command} ")


def test_an_unknown_command_is_a_usage_error(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("sned")
    assert done.code == 2
    assert "No such command 'sned'" in done.err


def test_tells_its_version(sms_bridge_process: SmsBridge) -> None:
    assert sms_bridge_process("--version").out.startswith("sms-bridge")


def test_check_lists_every_mistake_of_the_configuration(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[http]\nprot = 1\n[devices.office]\n")
    done = sms_bridge("check", "--config", "config.toml")
    assert done.code == 2
    first, second = done.out.splitlines()
    assert first == "FAIL  configuration: config.toml: http.prot: there is no such setting; did you mean port?"
    assert second.startswith("FAIL  configuration: config.toml: devices.office.driver: is missing")


def test_check_says_what_to_do_about_the_store(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/nowhere/sms.db"\n')
    done = sms_bridge("check", "--config", "config.toml")
    assert (done.code, done.out.splitlines()) == (
        1,
        [
            "ok    configuration: has no mistakes",
            f"FAIL  store: {tmp_path}/nowhere does not exist",
            f"      → mkdir -p {tmp_path}/nowhere",
            "warn  devices: none is configured, so nothing can be sent",
            "      → sms-bridge devices",
        ],
    )


def test_check_for_programs_is_one_json_object(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    done = sms_bridge("check", "--config", "config.toml", "--json")
    told = json.loads(done.out)
    assert (done.code, told["ok"]) == (0, True)
    assert [(each["level"], each["subject"]) for each in told["findings"]] == [
        ("ok", "configuration"),
        ("ok", "store"),
        ("warn", "devices"),
    ]


def test_serve_refuses_a_wrong_configuration(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[http]\nport = 'x'\n")
    done = sms_bridge_process("serve", "--config", "config.toml")
    assert (done.code, done.err) == (
        2,
        'sms-bridge: config.toml: http.port: must be a whole number such as 8080, not the text "x"\n',
    )


def test_serve_says_how_to_begin_without_a_configuration(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("serve", "--config", "none.toml")
    assert (done.code, done.err) == (2, "sms-bridge: none.toml: there is no such file\n")
    nowhere = sms_bridge("serve")
    assert (nowhere.code, "sms-bridge init" in nowhere.err) == (2, True)


def test_devices_for_programs_is_one_json_object(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("devices", "--json")
    assert done.code == 0
    assert {"found", "lines", "missing", "hints"} == set(json.loads(done.out))


@pytest.mark.parametrize("command", [("send", "+15550100", "Hello"), ("tail",), ("resend", "1")], ids=" ".join)
def test_what_needs_a_running_bridge_says_how_to_start_it(
    sms_bridge: SmsBridge, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    done = sms_bridge(*command, "--config", "config.toml")
    assert (done.code, done.err) == (
        1,
        "sms-bridge: the bridge is not running; start it with: sms-bridge serve --config config.toml\n",
    )
