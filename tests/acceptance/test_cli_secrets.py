"""No secret is in anything that any command says, or in the log of a bridge that tells everything."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from device_drivers.virtual.modem.profile import Profile
from tests.acceptance.conftest import SmsBridge, Start
from tests.acceptance.test_cli_serve import CONFIG
from tests.support.modem_site import modem_site

PIN, OTHER_PIN = "91830274", "40571862"
#: everything that only looks, with what a person or a program may add to it
COMMANDS = (
    ("check",), ("doctor",), ("devices",), ("account", "list"), ("account", "show", "shop"), ("account", "audit"),
    ("account", "movements", "shop"), ("account", "suppressed", "shop"), ("key", "list"), ("key", "list", "shop"),
    ("webhook", "list"), ("webhook", "ledger"), ("template", "list", "shop"),
)  # fmt: skip


def configure(folder: Path, port: str) -> None:
    (folder / "pin").write_text(PIN + "\n")
    (folder / "pin").chmod(0o600)
    (folder / "config.toml").write_text(f"""
        [http]
        port = 0
        [store]
        url = "sqlite:///{folder}/sms.db"
        [log]
        level = "debug"
        [devices.office]
        driver = "gsm_modem"
        port = "{port}"
        pin = {{ file = "pin" }}
        [devices.other]
        driver = "gsm_modem"
        port = "{folder}/nothing-here"
        pin = "{OTHER_PIN}"
    """)


def printed_once(sms_bridge: SmsBridge) -> Iterator[str]:
    """The secrets that commands make and print, this once."""
    public = {"account", "client_id", "api_key", "v1_account", "app_id"}
    told = json.loads(sms_bridge("account", "add", "shop", "--json", *CONFIG).out)
    yield from (value for name, value in told.items() if name not in public)
    told = json.loads(sms_bridge("account", "rotate", "shop", "client", "--json", *CONFIG).out)
    yield told["client_secret"]
    for kind in ("apikey", "v1", "template"):
        key = ("key", "add", "shop", "--name", kind, "--kind", kind, "--scope", "send", "--json")
        told = json.loads(sms_bridge(*key, *CONFIG).out)["credentials"]
        yield list(told.values())[-1]
    told = json.loads(sms_bridge("webhook", "add", "shop", "https://shop.example.com/sms", "--json", *CONFIG).out)
    yield told["secret"]


async def test_no_command_and_no_log_repeats_a_secret(sms_bridge: SmsBridge, start: Start, tmp_path: Path) -> None:
    profile = Profile(unsupported=Profile().unsupported | {"+CMEE"})
    async with modem_site(pin="1234", profile=profile) as site:
        configure(tmp_path, site.modem.port)
        secrets = {*await asyncio.to_thread(lambda: list(printed_once(sms_bridge))), PIN, OTHER_PIN}
        bridge = await asyncio.to_thread(start, "serve", *CONFIG, together=True)
        first = []
        while not (first or [""])[-1].startswith("INFO bridge.daemon.run: ready at "):
            first.append(await asyncio.to_thread(bridge.says))
        url = first[-1].rpartition(" ")[2]
        token = json.loads((tmp_path / "control.json").read_text())["token"]
        said = {"lines": await refused_line(url, token)}
        for path in ("/", "/v1/me", "/v1/keys", "/v1/webhooks", "/v1/accounts", "/v1/audit", "/v1/me?apikey=" + token):
            said[path] = await asked(url + path, token)
        for secret in secrets:  # at any place where a careless caller may put it
            said[f"wrong {len(said)}"] = await asked(f"{url}/sendsms?message={secret}&apikey=x{secret}", "x" + secret)
        for command in COMMANDS:
            for more in ((), ("--json",)):
                done = await asyncio.to_thread(sms_bridge, *command, *more, *CONFIG)
                assert done.code in (0, 1, 2)
                said[" ".join((*command, *more))] = done.out + done.err
        ended = await asyncio.to_thread(bridge.stop)
    said["log"] = "\n".join(first) + ended.out + ended.err
    assert "DEBUG" in said["log"]
    found = [(what, secret) for what, text in said.items() for secret in {*secrets, token} if secret in text]
    assert found == []


async def refused_line(url: str, token: str) -> str:
    """What the bridge says of its lines, when the SIM has refused the PIN."""
    async with asyncio.timeout(30):
        while "refused" not in (told := await asked(f"{url}/v1/lines", token)):
            await asyncio.sleep(0.05)
    return told


async def asked(url: str, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        return f"{response.headers} {await response.text()}"


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_looking_warns_of_secrets_that_lie_open(sms_bridge: SmsBridge, tmp_path: Path, command: str) -> None:
    configure(tmp_path, "/dev/null")
    (tmp_path / "pin").chmod(0o644)
    (tmp_path / "config.toml").chmod(0o644)
    findings = json.loads(sms_bridge(command, "--json", *CONFIG).out)["findings"]
    told = [(each["level"], each["message"], each["remedy"]) for each in findings if each["subject"] == "secrets"]
    everybody = "may be read by every user of this machine"
    assert told == [
        ("warn", f"pin {everybody}", "sudo chmod o= pin"),
        (
            "warn",
            f"devices.other.pin stands in config.toml, which {everybody}",
            "sudo chgrp sms-bridge config.toml && sudo chmod 640 config.toml",
        ),
    ]
