"""`sms-bridge demo` and `sms-bridge sim …`: what a newcomer tries first."""

import json
import re
import shlex
import signal
import socket
import stat
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DEADLINE, Running, SmsBridge, Start, heard, tail

ANYWHERE = ("--http", "127.0.0.1:0")


@pytest.fixture
def demo(start: Start, tmp_path: Path) -> Callable[..., tuple[Running, dict[str, Any]]]:
    """Start the demo for programs; it and what it printed."""

    def begin() -> tuple[Running, dict[str, Any]]:
        running = start("demo", *ANYWHERE, "--data", str(tmp_path / "demo"), "--json")
        return running, json.loads(running.says())

    return begin


def call(url: str, **fields: str) -> Any:
    """GET, or POST when there are fields."""
    body = urllib.parse.urlencode(fields).encode() if fields else None
    with urllib.request.urlopen(url, body, timeout=DEADLINE) as answer:
        return json.loads(answer.read())


def test_prints_one_line_with_everything_a_program_needs(
    demo: Callable[[], tuple[Running, dict[str, Any]]], tmp_path: Path
) -> None:
    running, ready = demo()
    assert set(ready) == {
        "http", "account", "apikey", "client_id", "client_secret", "api_key", "api_secret", "v1_account",
        "v1_password", "app_id", "app_secret", "webhook_secret", "numbers", "control", "data", "welcome",
    }  # fmt: skip
    assert ready["numbers"]["line"] in ready["numbers"]["lines"].values()
    assert len(ready["numbers"]["customers"]) == 10
    kept = tmp_path / "demo" / "credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    ended = running.stop(signal.SIGTERM)
    assert (ended.code, ended.out) == (0, "")
    assert "Traceback" not in ended.err


def test_carries_an_sms_to_a_customer_and_back(
    demo: Callable[[], tuple[Running, dict[str, Any]]], start: Start, sms_bridge_process: SmsBridge, tmp_path: Path
) -> None:
    _, ready = demo()
    data, customer = ("--data", str(tmp_path / "demo")), ready["numbers"]["customers"][0]
    events = tail(start, *data)
    sent = call(f"{ready['http']}/sendsms", apikey=ready["apikey"], recipients=customer, message="Hello")
    assert heard(events, "message.delivered")["subject"] == sent["result"]["id"]
    phone = sms_bridge_process("sim", "handset", customer, *data)
    assert phone.out.endswith(f"  {ready['numbers']['line']}  Hello\n")
    assert (
        sms_bridge_process("sim", "receive", "Hello back", *data).out
        == f"{customer} wrote to {ready['numbers']['line']}.\n"
    )
    assert heard(events, "message.received")["data"]["text"] == "Hello back"
    inbox = call(f"{ready['http']}/getsms?apikey={ready['apikey']}")
    assert "Hello back" in json.dumps(inbox)


def test_answers_the_sample_of_the_template_platforms_pages(
    demo: Callable[[], tuple[Running, dict[str, Any]]],
) -> None:
    _, ready = demo()
    sample = {"phone": "13800138000", "template_id": "123456", "params": {"code": "1234"}}
    headers = {
        "X-API-Key": ready["api_key"], "X-API-Secret": ready["api_secret"], "Content-Type": "application/json",
    }  # fmt: skip
    request = urllib.request.Request(f"{ready['http']}/api/sms/send", json.dumps(sample).encode(), headers)
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        assert json.loads(answer.read())["success"] is True


def test_carries_a_whatsapp_message_to_a_customer_and_back(
    demo: Callable[[], tuple[Running, dict[str, Any]]], start: Start, sms_bridge_process: SmsBridge, tmp_path: Path
) -> None:
    _, ready = demo()
    data, customer = ("--data", str(tmp_path / "demo")), ready["numbers"]["customers"][0]
    number = ready["numbers"]["lines"]["whatsapp0"]
    events = tail(start, *data)
    sent = call(
        f"{ready['http']}/sendsms",
        apikey=ready["apikey"],
        recipients=customer,
        message="Hello",
        sendwa="1",
        sendsms="0",
    )
    assert sent["result"]["send_with_whatsapp"] == "1"
    delivered = heard(events, "message.delivered")
    assert (delivered["subject"], delivered["data"]["line"]) == (sent["result"]["id"], "whatsapp0")
    assert sms_bridge_process("sim", "handset", customer, "--whatsapp", *data).out.endswith(f"  {number}  Hello\n")
    assert sms_bridge_process("sim", "handset", customer, *data).out == ""
    wrote = sms_bridge_process("sim", "receive", "Hello back", "--to", number, *data)
    assert wrote.out == f"{customer} wrote to {number}.\n"
    assert heard(events, "message.received")["data"]["line"] == "whatsapp0"
    refused = json.loads(sms_bridge_process("sim", "whatsapp", "refuse_next=[131047]", "--json", *data).out)
    assert refused["refuse_next"] == [131047]
    call(f"{ready['http']}/sendsms", apikey=ready["apikey"], recipients=customer, message="Hello", waonly="yes")
    assert "131047" in heard(events, "message.failed")["data"]["error"]


def test_the_same_directory_keeps_credentials_and_messages(
    demo: Callable[[], tuple[Running, dict[str, Any]]], start: Start, tmp_path: Path
) -> None:
    running, first = demo()
    events = tail(start, "--data", str(tmp_path / "demo"))
    sent = call(
        f"{first['http']}/sendsms", apikey=first["apikey"], recipients=first["numbers"]["customers"][1], message="Kept"
    )
    heard(events, "message.sent")
    running.stop(signal.SIGTERM)
    _, second = demo()
    anew = ("http", "welcome")
    assert {key: second[key] for key in first if key not in anew} == {
        key: first[key] for key in first if key not in anew
    }
    log = call(f"{second['http']}/log/sent/sms?apikey={second['apikey']}")
    assert sent["result"]["id"] in json.dumps(log)


def test_what_it_prints_for_people_works_when_pasted(start: Start, environment: dict[str, str], tmp_path: Path) -> None:
    running = start("demo", *ANYWHERE, "--data", str(tmp_path / "demo"))
    running.says("The bridge answers at http://127.0.0.1:")
    said = []
    while (line := running.says()) != "What happens:":
        said.append(line.strip())
    commands = [line for line in said if "curl " in line]
    events = tail(start, "--data", str(tmp_path / "demo"))
    assert pasted(commands[0])["result"]["sent"] == "1"
    heard(events, "message.delivered")
    assert pasted(commands[1])["result"]["send_with_whatsapp"] == "1"
    assert heard(events, "message.delivered")["data"]["text"] == "Hello"
    assert "Hello" in json.dumps(pasted(commands[2]))
    write, _, read = commands[3].split(" && ")
    subprocess.run(shlex.split(write), check=True, env=environment, cwd=tmp_path, timeout=DEADLINE)
    heard(events, "message.received")
    assert "Hello back" in json.dumps(pasted(read))
    traffic = []
    while not traffic or "← received" not in traffic[-1]:
        traffic.append(running.says())
    assert [word for word in ("submitted", "sent", "delivered") if f"→ {word}" not in "\n".join(traffic)] == []


def pasted(command: str) -> Any:
    """What `curl` does with these words, where there may be no curl."""
    curl, url, *options = shlex.split(command)
    assert curl == "curl"
    fields = [tuple(each.split("=", 1)) for each in options if "=" in each]
    return call(url, **{str(key): str(value) for key, value in fields})


@pytest.mark.parametrize("by_make", [False, True], ids=["by itself", "by make"])
def test_says_when_the_port_is_in_use_with_a_command_that_works_from_here(
    sms_bridge_process: SmsBridge, tmp_path: Path, by_make: bool
) -> None:
    variables = {"SMS_BRIDGE_DEMO": 'make demo DEMO="%s"'} if by_make else {}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = sms_bridge_process("demo", "--http", f"127.0.0.1:{port}", "--data", str(tmp_path), **variables)
    assert done.code == 1
    assert done.err.startswith(
        f"sms-bridge: cannot answer at 127.0.0.1:{port} (Address already in use); choose another"
    )
    before, options, after = (
        'make demo DEMO="' if by_make else "sms-bridge demo ",
        r"--http 127\.0\.0\.1:(\d+)",
        '"' * by_make,
    )
    advised = re.search(f"such as: {before}{options}{after}\n", done.err)
    assert advised, done.err
    with socket.create_server(("127.0.0.1", int(advised[1]))) as free:
        assert free.getsockname()[1] != port


@pytest.mark.parametrize("address", ["8080", ":8080", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000"])
def test_says_what_an_address_looks_like(sms_bridge: SmsBridge, address: str) -> None:
    done = sms_bridge("demo", "--http", address)
    assert (done.code, done.err) == (
        2,
        f'sms-bridge: --http must be a host and a port, such as 127.0.0.1:8080, not "{address}"\n',
    )


def test_says_when_its_credentials_are_damaged(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text("{")
    done = sms_bridge("demo", *ANYWHERE, "--data", str(tmp_path))
    assert (done.code, done.err) == (
        1,
        f"sms-bridge: {tmp_path}/credentials.json is damaged; delete it, and the demo makes new credentials\n",
    )


@pytest.mark.parametrize("command", ["numbers", "receive Hello", "handset +15550150", "rules", "unplug", "noise"])
def test_the_other_side_needs_a_running_demo(sms_bridge: SmsBridge, tmp_path: Path, command: str) -> None:
    done = sms_bridge("sim", *command.split(), "--data", str(tmp_path))
    assert (done.code, done.err) == (
        1,
        f"sms-bridge: no demo runs with its data in {tmp_path}; start it with: sms-bridge demo\n",
    )


def test_the_rules_of_the_network_can_be_changed(
    demo: Callable[[], tuple[Running, dict[str, Any]]], sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    demo()
    data = ("--data", str(tmp_path / "demo"))
    done = sms_bridge("sim", "rules", "--loss", "0.5", "--refuse", "+15550151=28", "--no-reports", *data)
    told = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert (told["loss"], told["refuse"], told["reports"], told["refuse-next"]) == (
        "0.5",
        "+15550151=28",
        "false",
        "none",
    )
    wrong = sms_bridge("sim", "rules", "--refuse", "+15550151", *data)
    assert (wrong.code, wrong.err) == (
        2,
        'sms-bridge: "+15550151" must be a number and a code, such as +15550151=28\n',
    )


def test_what_is_wrong_with_a_modem_can_be_switched_on_and_off(
    demo: Callable[[], tuple[Running, dict[str, Any]]], sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    _, ready = demo()
    data, line = ("--data", str(tmp_path / "demo")), ready["numbers"]["line"]
    done = sms_bridge("sim", "modem", "undeleted=3", 'before={"+CMGL": ["NO CARRIER"]}', "--json", *data)
    faults = json.loads(done.out)
    assert (faults["undeleted"], faults["before"], faults["one_memory"]) == (3, {"+CMGL": ["NO CARRIER"]}, False)
    assert "one_memory" in sms_bridge("sim", "modem", "undeleted=0", "before={}", *data).out
    done = sms_bridge("sim", "modem", "--do", "elsewhere", "line=AT+CMGF=1", *data)
    assert done.out == f"elsewhere happened to the modem {line}.\n"
    wrong = sms_bridge("sim", "modem", "undelivered=3", *data)
    assert "no field undelivered" in wrong.err
    told = json.loads(sms_bridge("sim", "catalogue", *data).out)
    assert "elsewhere" in told["modem"]["events"]
    assert "rm500q" in told["profiles"]


def test_a_line_goes_and_comes_back_with_its_plug(
    demo: Callable[[], tuple[Running, dict[str, Any]]], start: Start, sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    _, ready = demo()
    data = ("--data", str(tmp_path / "demo"))
    line = ready["numbers"]["line"]
    events = tail(start, *data)
    assert sms_bridge("sim", "unplug", *data).out == f"{line} is unplugged.\n"
    while heard(events, "line.changed")["data"]["state"] == "ready":  # the other lines come up meanwhile
        pass
    assert sms_bridge("sim", "replug", "--line", line, *data).out == f"{line} is plugged in.\n"
    while heard(events, "line.changed")["data"]["state"] != "ready":
        pass
    assert sms_bridge("sim", "noise", *data).out == f"There was noise on the port of {line}.\n"
    assert sms_bridge("sim", "outage", "60", *data).out == "The network takes no message of any line for 60 s.\n"
    assert "outage" in sms_bridge("sim", "rules", *data).out
    assert sms_bridge("sim", "outage", "0", *data).out == "The outage is over.\n"
    one = sms_bridge("sim", "outage", "60", "--cause", "38", "--line", line, *data)
    assert one.out == f"The network takes no message of {line} for 60 s.\n"
    assert sms_bridge("sim", "outage", "0", "--line", line, *data).code == 0
    assert sms_bridge("sim", "reset", *data).out == f"{line} restarts.\n"


def test_a_network_of_its_own_serves_a_bridge_that_runs_elsewhere(
    start: Start, sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    network = start("sim", "network", "--data", "network", together=True)
    assert network.says("[devices.").strip() == "[devices.modem0]"
    assert network.says('driver = "gsm_modem"')
    port = network.says("port = ")
    assert port == f'port = "{tmp_path}/network/modem0"'
    (tmp_path / "config.toml").write_text(
        f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n'
        f'[devices.modem0]\ndriver = "gsm_modem"\n{port}\n'
    )
    config = ("--config", "config.toml")
    bridge = start("serve", *config, together=True)
    bridge.says("INFO bridge.devices.device_worker: modem0 is ready")
    sent = sms_bridge("send", "+15550150", "Hello", "--delivered", *config)
    assert (sent.code, "delivered" in sent.out) == (0, True)
    assert "Hello" in sms_bridge("sim", "handset", "+15550150", "--data", "network").out
    bridge.stop()
    assert network.stop().code == 0


def test_a_phone_of_a_chosen_make_gets_faults_and_things_happen_to_it(
    start: Start, sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    network = start("sim", "network", "--phones", "1", "--make", "huawei8", "--data", "network", together=True)
    assert network.says("[devices.phone0]")
    data = ("--data", "network")
    said = sms_bridge("sim", "phone", "airplane=true", 'hang_next=["content"]', *data).out
    assert "airplane" in said
    assert json.loads(sms_bridge("sim", "phone", "--json", *data).out)["hang_next"] == ["content"]
    assert sms_bridge("sim", "phone", "--do", "exchange", *data).out == "exchange happened to the phone +15550140.\n"
    assert sms_bridge("sim", "phone", "airplane", *data).code == 2
    assert "no field colour" in sms_bridge("sim", "phone", "colour=1", *data).err
    assert network.stop().code == 0
    wrong = sms_bridge("sim", "network", "--phones", "1", "--make", "brick", *data)
    assert "no phone is called brick; there are generic, android6" in wrong.err


def test_a_second_demo_leaves_the_first_one_alone(sms_bridge_process: SmsBridge, start: Start, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "demo"))
    first = start("demo", "--http", "127.0.0.1:0", *data, "--json")
    url = json.loads(first.says())["http"]
    second = sms_bridge_process("demo", "--http", "127.0.0.1:0", *data)
    assert (second.code, second.err) == (
        1,
        f"sms-bridge: a demo runs already, at {url}: end it with Ctrl-C, or keep this one apart: --data DIRECTORY\n",
    )
    assert sms_bridge_process("sim", "numbers", *data).code == 0
