"""`sms-bridge serve`, and what a second terminal does with the running bridge: send, tail, resend."""

import json
import signal
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from bridge.cli import following
from tests.acceptance.conftest import Running, SmsBridge, Start

CONFIG = ("--config", "config.toml")
READY = "INFO bridge.daemon.run: ready at "


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A configuration without devices: everything is queued and nothing is sent. The store's directory."""
    (tmp_path / "config.toml").write_text(
        f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/store/sms.db"\n[sending]\nexpire_after = 1\n'
    )
    return tmp_path / "store"


@pytest.fixture
def bridge(configured: Path, start: Start) -> Running:
    """The bridge, ready."""
    running = start("serve", *CONFIG, together=True)
    running.says(READY)
    assert configured.exists()
    return running


def send(sms_bridge: SmsBridge, text: str, *options: str) -> dict[str, Any]:
    done = sms_bridge("send", "+15550150", text, "--json", *options, *CONFIG)
    assert (done.code, done.err) == (0, "")
    message: dict[str, Any] = json.loads(done.out)
    return message


def test_leaves_word_for_its_own_user_while_it_runs(configured: Path, start: Start) -> None:
    bridge = start("serve", *CONFIG, together=True)
    url = bridge.says(READY).removeprefix(READY)
    file = configured / "control.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert (told["url"], told["pid"]) == (url, bridge.process.pid)
    assert bridge.stop(signal.SIGTERM).code == 0
    assert not file.exists()


def test_without_devices_says_how_to_get_one(configured: Path, start: Start) -> None:
    bridge = start("serve", *CONFIG, together=True)
    assert bridge.says("WARNING bridge.daemon.run: no device is configured").endswith("what to add: sms-bridge devices")
    assert bridge.says(READY)


def test_ctrl_c_is_an_ordinary_end(bridge: Running) -> None:
    ended = bridge.stop(signal.SIGINT)
    assert (ended.code, "Traceback" in ended.out) == (0, False)


def test_a_killed_bridge_is_told_from_a_running_one(bridge: Running, sms_bridge: SmsBridge, configured: Path) -> None:
    bridge.stop(signal.SIGKILL)
    assert (configured / "control.json").exists()
    done = sms_bridge("send", "+15550150", "Hello", *CONFIG)
    assert (done.code, done.err) == (
        1,
        "sms-bridge: the bridge is not running; start it with: sms-bridge serve --config config.toml\n",
    )


def test_says_when_the_port_is_in_use(configured: Path, sms_bridge_process: SmsBridge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = sms_bridge_process("serve", *CONFIG, SMS_BRIDGE__HTTP__PORT=str(port))
    assert configured.exists()
    assert done.code == 2
    assert f"sms-bridge: http: port {port} of 127.0.0.1 is in use by another program" in done.err
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("bridge")
def test_a_second_bridge_on_the_same_store_is_refused(sms_bridge_process: SmsBridge) -> None:
    done = sms_bridge_process("serve", *CONFIG)
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert done.err.splitlines()[-1].startswith("sms-bridge: ")


@pytest.mark.usefixtures("bridge")
def test_sends_for_itself_and_for_an_account(sms_bridge_process: SmsBridge) -> None:
    sms_bridge_process("account", "add", "shop", *CONFIG)
    own, theirs = send(sms_bridge_process, "Hello"), send(sms_bridge_process, "Hello", "--account", "shop")
    assert [(each["account"], each["to"], each["state"]) for each in (own, theirs)] == [
        ("operator", "+15550150", "queued"),
        ("shop", "+15550150", "queued"),
    ]


@pytest.mark.usefixtures("bridge")
def test_tells_people_what_was_queued(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("send", "+15550150", "x" * 161, *CONFIG)
    assert done.out.startswith("queued: ")
    assert done.out.endswith(" to +15550150 (2 parts)\n")


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize(
    ("arguments", "start_of_sentence"),
    [
        (("send", "nobody", "Hello"), "to: "),
        (("send", "+15550150", ""), "text: "),
        (("send", "+15550150", "Hello", "--line", "nowhere"), "line: "),
        (
            ("send", "+15550150", "Hello", "--account", "nobody"),
            "there is no account 'nobody'; make one with: sms-bridge account add name",
        ),
        (("resend", "123"), "there is no message '123'"),
    ],
    ids=["number", "text", "line", "account", "message"],
)
def test_says_what_is_wrong(sms_bridge: SmsBridge, arguments: tuple[str, ...], start_of_sentence: str) -> None:
    done = sms_bridge(*arguments, *CONFIG)
    assert (done.code, done.out) == (1, "")
    assert done.err.lower().startswith(f"sms-bridge: {start_of_sentence}")


@pytest.mark.usefixtures("bridge")
def test_waits_until_it_is_decided_and_says_how(sms_bridge: SmsBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", 60.0)
    done = sms_bridge("send", "+15550150", "Hello", "--wait", *CONFIG)
    queued, expired = done.out.splitlines()
    assert queued.startswith("queued: ")
    assert "expired" in expired
    assert (done.code, done.err.startswith("sms-bridge: the message is expired: ")) == (1, True)


@pytest.mark.usefixtures("bridge")
def test_a_wait_ends_when_no_line_is_ready(sms_bridge: SmsBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", 0.1)
    done = sms_bridge("send", "+15550150", "Hello", "--wait", *CONFIG)
    message = done.out.split()[1]
    assert (done.code, done.err.splitlines()) == (
        1,
        [
            "sms-bridge: no line is ready: no device is configured",
            f"sms-bridge: the message waits, and goes out when one is: sms-bridge show {message}",
        ],
    )


@pytest.mark.usefixtures("bridge")
def test_queues_again_what_expired(sms_bridge: SmsBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", 60.0)
    done = sms_bridge("send", "+15550150", "Hello", "--wait", "--json", *CONFIG)
    expired = json.loads(done.out)
    assert expired["state"] == "expired"
    again = sms_bridge("resend", expired["id"], *CONFIG)
    assert (again.code, again.out) == (0, f"queued: {expired['id']} to +15550150 (1 part)\n")


def test_ctrl_c_ends_the_wait_and_not_the_message(configured: Path, start: Start) -> None:
    config = configured.parent / CONFIG[1]
    config.write_text(config.read_text().replace("expire_after = 1\n", ""))
    start("serve", *CONFIG, together=True).says(READY)
    waiting = start("send", "+15550150", "Hello", "--wait", *CONFIG)
    waiting.says("queued: ")
    ended = waiting.stop()
    assert ended.code == 1
    assert (
        ended.err == "sms-bridge: not waiting any longer; whatever was queued is safe, and the bridge goes on with it\n"
    )


@pytest.mark.usefixtures("bridge")
def test_tail_shows_what_happens(start: Start, sms_bridge: SmsBridge) -> None:
    people, programs = start("tail", *CONFIG, together=True), start("tail", "--json", *CONFIG, together=True)
    for each in (people, programs):
        each.says("Listening to the bridge at http://127.0.0.1:")
    message = send(sms_bridge, "Hello\nthere")
    assert people.says().endswith('→ submitted  +15550150  "Hello there"')
    event = json.loads(programs.says())
    assert (event["name"], event["subject"], event["data"]["text"]) == (
        "message.submitted",
        message["id"],
        "Hello\nthere",
    )
    assert [each.stop().code for each in (people, programs)] == [0, 0]


def test_tail_ends_with_a_sentence_when_the_bridge_does(bridge: Running, start: Start) -> None:
    tail = start("tail", *CONFIG, together=True)
    tail.says("Listening")
    bridge.stop(signal.SIGTERM)
    ended = tail.end()
    assert ended.code == 1
    assert ended.out.splitlines()[-1] == "sms-bridge: the bridge stopped"


@pytest.mark.usefixtures("bridge")
def test_devices_finds_the_running_bridge(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("devices", "--json", *CONFIG)
    assert (done.code, json.loads(done.out)["lines"]) == (0, [])
