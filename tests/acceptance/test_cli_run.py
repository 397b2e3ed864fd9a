"""`sms-bridge` itself, `check` and `devices`."""

import json
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.acceptance.conftest import SmsBridge, Start

COMMANDS = [
    "account",
    "alarm",
    "backup",
    "bridges",
    "cancel",
    "check",
    "contacts",
    "demo",
    "devices",
    "doctor",
    "export",
    "import",
    "inbox",
    "init",
    "join",
    "key",
    "leave",
    "loopback",
    "messages",
    "reload",
    "resend",
    "send",
    "serve",
    "settle",
    "setup",
    "show",
    "sim",
    "site",
    "stats",
    "table",
    "tail",
    "template",
    "unknown",
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
        "bridge.cli.metavars",
        "bridge.cli.output",
        "bridge.config",
        "bridge.config.rights",
        "bridge.errors",
        "bridge.messages",
        "bridge.messages.legible",
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
    assert "No such command 'sned'. Did you mean send?" in done.err
    below = sms_bridge("site", "drop")
    assert (below.code, "No such command 'drop'. There are: add, list, remove" in below.err) == (2, True)


@pytest.mark.parametrize("group", ["account", "contacts", "key", "sim", "table", "user", "webhook"])
def test_the_help_of_a_group_cuts_no_sentence(sms_bridge: SmsBridge, group: str) -> None:
    assert "..." not in sms_bridge(group, "--help").out.replace("[ARGS]...", "")


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
    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/nowhere/sms.db"\n')
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
    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
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
    assert (done.code, done.err) == (2, "sms-bridge: none.toml: there is no such file: make it, or correct the name\n")
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


def test_check_says_when_the_port_is_taken(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (tmp_path / "config.toml").write_text(f'[http]\nport = {port}\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
        done = sms_bridge("check", "--config", "config.toml")
    assert done.code == 1
    assert f"FAIL  port: port {port} of 127.0.0.1 is in use by " in done.out


def test_check_says_when_a_port_is_no_serial_port(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n'
        '[devices.office]\ndriver = "gsm_modem"\nport = "/dev/null"\n'
    )
    done = sms_bridge("check", "--config", "config.toml")
    assert done.out.splitlines()[-2:] == [
        "FAIL  devices.office: /dev/null is no serial port",
        "      → correct `port`; what is there: sms-bridge devices",
    ]


def test_devices_says_why_no_lines_are_shown(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    done = sms_bridge("devices", "--config", "config.toml")
    assert (done.code, done.out.splitlines()[-1]) == (
        0,
        "# No lines are shown: the bridge is not running; start it with: sms-bridge serve --config config.toml",
    )


def test_all_that_devices_prints_is_toml_so_that_it_may_be_appended_to_the_configuration(
    start: Start, sms_bridge: SmsBridge
) -> None:
    demo = start("demo", "--http", "127.0.0.1:0", "--json")
    demo.says()
    beside = sms_bridge("devices").out
    assert "# modem0 " in beside
    demo.stop()
    for said in (beside, sms_bridge("devices").out):
        assert tomllib.loads(said).keys() <= {"devices"}


def completed(sms_bridge: SmsBridge, *words: str) -> list[str]:
    """What the shell shows after these words."""
    asked = {"COMP_WORDS": " ".join(("sms-bridge", *words)), "COMP_CWORD": str(len(words))}
    done = sms_bridge(_SMS_BRIDGE_COMPLETE="bash_complete", **asked)
    return [line.partition(",")[2] for line in done.out.splitlines()]


def test_completes_commands_options_and_choices(sms_bridge_process: SmsBridge) -> None:
    assert completed(sms_bridge_process, "se") == ["send", "serve", "settle", "setup"]
    assert "--delivered" in completed(sms_bridge_process, "send", "--d")
    assert completed(sms_bridge_process, "settle", "x", "s") == ["send-again"]
    assert completed(sms_bridge_process, "contacts", "im") == ["import"]


def test_bash_shows_what_the_program_says(tmp_path: Path) -> None:
    """With `sms-bridge` on the PATH, as the package installs it."""
    script = Path(__file__).parents[2] / "udev/completions/sms-bridge.bash"
    program = tmp_path / "sms-bridge"
    program.write_text(f"#!{sys.executable}\nfrom bridge.__main__ import main\nmain()\n")
    program.chmod(0o755)
    typed = "COMP_WORDS=(sms-bridge se); COMP_CWORD=1"
    asked = f'. {script}; {typed}; _sms_bridge {program}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    environment = os.environ | {"PYTHONPATH": str(script.parents[2])}
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["send", "serve", "settle", "setup"]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_fault_of_ours(environment: dict[str, str], tmp_path: Path, closed: str) -> None:
    """What asks for a password asks nobody, and says so where it can."""
    command = f'exec "$0" -m bridge user add carol {closed}'
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    done = subprocess.run(
        ["bash", "-c", command, sys.executable], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=environment, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    assert "2>&-" in closed or "no password came on standard input" in done.stderr
