"""`sms-bridge doctor`: what is between the socket and the SIM, with and without a running bridge."""

import json
import os
import socket
import stat
import tarfile
from pathlib import Path

import pytest

from bridge.doctor import listeners
from tests.acceptance.conftest import Running, SmsBridge, Start
from tests.acceptance.test_cli_serve import CONFIG, READY
from tests.support.ports import free_port


def configure(folder: Path, port: int = 0, more: str = "") -> None:
    (folder / "config.toml").write_text(f'[http]\nport = {port}\n[store]\nurl = "sqlite:///{folder}/sms.db"\n{more}')


def own_name() -> str:
    """How the doctor calls this very process."""
    found = listeners.Listener(0, tuple(Path("/proc/self/cmdline").read_text().rstrip("\0").split("\0")))
    return found.name


@pytest.fixture
def bridge(tmp_path: Path, start: Start) -> Running:
    """The bridge, ready."""
    configure(tmp_path)
    running = start("serve", *CONFIG, together=True)
    running.says(READY)
    return running


def looked(sms_bridge: SmsBridge, code: int = 0, **variables: str) -> list[tuple[str, str, str, str]]:
    """Level, subject, message and remedy of each finding."""
    done = sms_bridge("doctor", *CONFIG, "--json", **variables)
    told = json.loads(done.out)
    assert (done.code, told["ok"]) == (code, code == 0), told
    return [(each["level"], each["subject"], each["message"], each["remedy"]) for each in told["findings"]]


def about(findings: list[tuple[str, str, str, str]], subject: str) -> list[tuple[str, str, str]]:
    return [(level, message, remedy) for level, each, message, remedy in findings if each.startswith(subject)]


def test_looks_at_everything_in_the_order_of_a_message(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    findings = looked(sms_bridge)
    # how well this machine's clock is kept, and whether it is a Raspberry Pi, is not ours to say
    assert [(level, subject) for level, subject, _, _ in findings if subject not in {"clock", "power"}] == [
        ("ok", "configuration"),
        ("ok", "store"),
        ("ok", "disk"),
        ("ok", "disk"),
        ("warn", "bridge"),
        ("ok", "port"),
        ("warn", "devices"),
    ]
    assert [level for level, _, _ in about(findings, "clock")] in (["ok"], ["warn"])
    assert about(findings, "bridge") == [
        ("warn", "the bridge is not running", "sms-bridge serve --config config.toml"),
    ]
    assert "a commit takes" in about(findings, "disk")[1][1]
    assert os.listdir(tmp_path) == ["config.toml"]


def test_shows_people_the_command_that_mends_it(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    done = sms_bridge("doctor", *CONFIG)
    assert "warn  bridge: the bridge is not running\n      → sms-bridge serve --config config.toml\n" in done.out


def test_lists_every_mistake_of_the_configuration_like_check(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path, more="[log]\nlevel = 'loud'\n")
    for command in ("check", "doctor"):
        done = sms_bridge(command, *CONFIG)
        assert (done.code, done.out.startswith("FAIL  configuration: config.toml: log.level")) == (2, True)


def test_a_store_that_cannot_be_kept_fails_without_further_looks_at_its_disk(
    sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/nowhere/sms.db"\n')
    findings = looked(sms_bridge, code=1)
    assert about(findings, "store")[0][::2] == ("fail", f"mkdir -p {tmp_path}/nowhere")
    assert about(findings, "disk") == []


def test_says_when_another_program_has_the_port(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        configure(tmp_path, port)
        ((level, message, remedy),) = about(looked(sms_bridge, code=1), "port")
    assert (level, message.startswith(f"port {port} of 127.0.0.1 is in use by ")) == ("fail", True)
    assert message.endswith(f" (process {os.getpid()})")
    assert remedy == "end it, or choose another http.port"


def test_a_demo_that_has_the_port_is_named_and_ended_where_it_runs(
    sms_bridge: SmsBridge, start: Start, tmp_path: Path
) -> None:
    demo = start("demo", "--http", "127.0.0.1:0", "--data", "demo", "--json")
    port = int(json.loads(demo.says())["http"].rpartition(":")[2])
    configure(tmp_path, port)
    assert about(looked(sms_bridge, code=1), "port") == [
        (
            "fail",
            f"port {port} of 127.0.0.1 is in use by a demo (process {demo.process.pid})",
            "end it with Ctrl-C in its terminal, or choose another http.port",
        )
    ]


def test_says_when_another_program_has_the_port_of_a_dialect(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        configure(tmp_path, more=f"[dialects.smsmobile]\nport = {port}\n")
        ours, further = about(looked(sms_bridge, code=1), "port")
    assert ours[0] == "ok"
    assert further[:2] == ("fail", f"port {port} of 127.0.0.1 is in use by {own_name()} (process {os.getpid()})")
    assert further[2].endswith("or choose another dialects.smsmobile.port")


def test_says_when_this_machine_has_no_such_address(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    ((level, message, remedy),) = about(looked(sms_bridge, code=1, SMS_BRIDGE__HTTP__HOST="192.0.2.1"), "port")
    assert (level, remedy) == ("fail", "correct http.host")
    assert "192.0.2.1" in message


def test_a_running_bridge_answers_and_holds_its_port(bridge: Running, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    told = json.loads((tmp_path / "control.json").read_text())
    findings = looked(sms_bridge)
    process = f"(process {bridge.process.pid})"
    assert about(findings, "bridge") == [("ok", f"answers at {told['url']} {process}; 0 of 0 lines ready", "")]
    assert about(findings, "port") == [("ok", f"{told['url']} is held by this bridge {process}", "")]


@pytest.mark.usefixtures("bridge")
def test_a_changed_port_wants_a_restart(sms_bridge: SmsBridge) -> None:
    ((level, message, remedy),) = about(looked(sms_bridge, SMS_BRIDGE__HTTP__PORT="9"), "port")
    assert (level, remedy) == ("warn", "restart the bridge")
    assert message.endswith("while the configuration says port 9")


def test_a_bridge_that_is_there_and_does_not_answer_fails(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    url = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "control.json").write_text(json.dumps({"url": url, "token": "x", "pid": os.getpid()}))
    ((level, message, _),) = about(looked(sms_bridge, code=1), "bridge")
    assert (level, message) == ("fail", f"the bridge is not running (nobody answers at {url})")


@pytest.mark.parametrize("running", [False, True])
def test_looks_at_where_webhooks_go(sms_bridge: SmsBridge, start: Start, tmp_path: Path, running: bool) -> None:
    configure(tmp_path, more="[webhooks]\nallow_http = ['198.51.100.7']\n")
    assert sms_bridge("account", "add", "shop", *CONFIG).code == 0
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        open_one = f"http://127.0.0.1:{receiver.getsockname()[1]}/sms"
        for url in (open_one, "http://198.51.100.7/sms", "https://nowhere.invalid/sms"):
            assert sms_bridge("webhook", "add", "shop", url, *CONFIG).code == 0
        if running:
            start("serve", *CONFIG, together=True).says(READY)
        configure(tmp_path)
        found = about(looked(sms_bridge, code=1), "webhook")
    assert [level for level, _, _ in found] == ["ok", "fail", "warn"]
    assert found[0][1] == f"{open_one} of shop is allowed and takes connections"
    assert "198.51.100.7 is outside this network" in found[1][1]
    assert "nowhere.invalid does not resolve" in found[2][1]


def test_for_programs_it_is_one_json_object_of_a_lasting_shape(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    told = json.loads(sms_bridge("doctor", *CONFIG, "--json").out)
    assert list(told) == ["ok", "version", "at", "findings"]
    assert {tuple(each) for each in told["findings"]} == {("level", "subject", "message", "remedy")}
    assert {each["level"] for each in told["findings"]} <= {"ok", "warn", "fail"}
    assert told["at"].endswith("Z")


def test_packs_a_bundle_and_says_what_it_holds(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path, more='[devices.office]\ndriver = "gsm_modem"\nport = "/dev/ttyUSB97"\npin = "4711"\n')
    done = sms_bridge("doctor", *CONFIG, "--bundle", "help.tar.gz")
    assert done.code == 1
    assert "Packed for the person who helps you: help.tar.gz (" in done.out
    assert "tar -xzOf help.tar.gz | less" in done.out
    assert stat.S_IMODE((tmp_path / "help.tar.gz").stat().st_mode) == 0o600
    with tarfile.open(tmp_path / "help.tar.gz") as archive:
        members = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive}
        texts = {name: file.read().decode() for name, file in members.items() if file is not None}
    assert "there is no /dev/ttyUSB97" in texts["findings.json"]
    assert json.loads(texts["config.json"])["devices"]["office"]["options"]["pin"] == "********"
    assert "4711" not in "".join(texts[name] for name in ("findings.json", "config.json", "lines.json"))


def test_a_bundle_overwrites_no_file(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    done = sms_bridge("doctor", *CONFIG, "--bundle", "notes.txt")
    assert (done.code, "notes.txt exists already: choose another name" in done.err) == (2, True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_packs_a_bundle_for_a_configuration_with_mistakes(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path, more="[log]\nlevel = 'loud'\n")
    done = sms_bridge("doctor", *CONFIG, "--bundle", "help.tar.gz", "--json")
    assert (done.code, json.loads(done.out)["bundle"]) == (2, "help.tar.gz")
    assert (tmp_path / "help.tar.gz").exists()


def test_a_bundle_that_cannot_be_written_is_a_sentence(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    done = sms_bridge("doctor", *CONFIG, "--bundle", "nowhere/help.tar.gz")
    assert (done.code, "nowhere" in done.err, "Traceback" in done.err) == (1, True, False)
