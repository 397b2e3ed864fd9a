"""The bundle for whoever helps: complete, for its owner alone, and nobody's number, text or secret in it."""

import asyncio
import functools
import json
import stat
import string
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config.field import MASK, Secret
from bridge.config.schema import Config, Dialect
from bridge.config.storage import Storage
from bridge.doctor import bundle, evidence, masking
from bridge.model.account import Account, Author
from bridge.model.finding import Finding
from bridge.model.message import Message, State
from bridge.model.radio import InboundPart
from bridge.model.webhook import Endpoint
from bridge.ports.driver import Device
from bridge.store import open_store

NOW = 1_795_215_712_123
NAMES = {
    "README.txt", "findings.json", "machine.json", "config.json", "store.json", "lines.json", "packages.txt", "usb.txt",
    "journal.txt", "kernel.txt",
}  # fmt: skip


def packed(folder: Path, known: bundle.Known) -> dict[str, str]:
    """File → text, of the bundle as it was written."""
    file = folder / "bundle.tar.gz"
    size = asyncio.run(bundle.write(file, known))
    assert (size, stat.S_IMODE(file.stat().st_mode)) == (file.stat().st_size, 0o600)
    members = {}
    with tarfile.open(file) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            members[member.name.partition("/")[2]] = content.read().decode()
    return members


def known(config: Config | None, *findings: Finding, raw: Mapping[str, Any] | None = None) -> bundle.Known:
    return bundle.Known(findings, config, raw or {}, "sms-bridge serve", NOW)


async def fill(config: Config, number: str, text: str, secret: str) -> None:
    """A store with a message each way and a webhook."""
    store = await open_store(config.store.url)
    try:
        await store.add_account(Account("shop", NOW, webhook_secret=secret), [])
        ids = ("0" * 40, number, number, text)
        await store.submit([Message(ids[0], "shop", *ids[1:], State.QUEUED, NOW, NOW, NOW)], "", "", False)
        await store.receive(InboundPart("office", "SM:1", number, text, sent_at=NOW), "office", NOW)
        hook = Endpoint("e1", "shop", f"https://hooks.example/{secret}?t={secret}", secret=secret)
        await store.add_endpoint(hook, Author("test", NOW))
    finally:
        await store.close()


def test_holds_what_helps(tmp_path: Path) -> None:
    config = Config(store=Storage(f"sqlite:///{tmp_path}/bridge.db"))
    asyncio.run(fill(config, "+15550199", "see you at eight", "s3cr3t-hook-9"))
    members = packed(tmp_path, known(config, Finding("warn", "clock", "is late", "sudo timedatectl set-ntp true")))
    assert set(members) == NAMES
    assert json.loads(members["findings.json"])[0]["remedy"] == "sudo timedatectl set-ntp true"
    store = json.loads(members["store.json"])
    assert (store["messages"], store["received"], store["endpoints"]) == ({"queued": 1}, 1, 1)
    assert store["schema"] >= 4
    assert json.loads(members["config.json"])["store"]["url"] == config.store.url
    assert json.loads(members["machine.json"])["architecture"]
    assert "aiohttp " in members["packages.txt"]


def test_is_made_for_a_configuration_with_mistakes_too(tmp_path: Path) -> None:
    problem = Finding("fail", "configuration", 'config.toml: devices.office.pin: must be a text, not "4711"')
    members = packed(tmp_path, known(None, problem, raw={"devices": {"office": {"pin": "4711"}}}))
    assert "mistakes" in members["config.json"]
    assert "4711" not in members["findings.json"]


def test_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "bundle.tar.gz").write_text("older")
    packed(tmp_path, known(None))
    assert [each.name for each in tmp_path.iterdir()] == ["bundle.tar.gz"]


def test_a_secret_from_a_file_is_taken_out_wherever_it_turns_up(tmp_path: Path) -> None:
    config = Config(dialects={"native": Dialect(options={"greeting": Secret("from a file")})})
    members = packed(tmp_path, known(config, Finding("warn", "x", "said from a file twice")))
    assert json.loads(members["config.json"])["dialects"]["native"]["options"] == {"greeting": MASK}
    assert "from a file" not in "".join(members.values())


NUMBERS = st.builds(
    lambda prefix, digits, gap: prefix + gap.join(digits[place : place + 3] for place in range(0, len(digits), 3)),
    st.sampled_from(["+", "00", "", "+1"]),
    st.text("123456789", min_size=9, max_size=15),
    st.sampled_from(["", " ", "-"]),
)
SECRETS = st.text(string.ascii_letters + string.digits + "-_.!$%äß", min_size=8, max_size=40)
TEXTS = st.text(string.ascii_letters + " äß", min_size=12, max_size=60).filter(lambda text: len(text.split()) > 1)


@functools.cache
def always() -> str:
    """What is in every bundle already, whatever is put in."""
    with tempfile.TemporaryDirectory() as folder:
        return "".join(packed(Path(folder), known(Config())).values())


@given(number=NUMBERS, secret=SECRETS, pin=st.text("123456789", min_size=8, max_size=8), text=TEXTS)
@settings(max_examples=20, deadline=None)
def test_no_number_text_or_secret_gets_into_it(number: str, secret: str, pin: str, text: str) -> None:
    if any(each in always() for each in (number, secret, pin, text)):
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        office = {"port": "/dev/ttyUSB0", "pin": pin, "number": number, "smsc": number, "init": [f'AT+CPIN="{pin}"']}
        config = Config(
            store=Storage(f"sqlite:///{folder}/bridge.db"),
            devices={"office": Device("office", "gsm_modem", office)},
            dialects={"native": Dialect(options={"api_key": secret, "nested": {"token": [secret]}})},
        )
        asyncio.run(fill(config, number, text, secret))
        raw = {"devices": {"office": office}, "dialects": {"native": {"options": {"api_key": secret}}}}
        found = Finding("fail", "webhook e1", f"https://u:{secret}@hooks.example/{secret} of {number}", f"use {secret}")
        members = packed(folder, known(config, found, raw=raw))
    whole = "".join(members.values())
    for each in (number, secret, pin, text, "".join(filter(str.isdigit, number))):
        assert each not in whole


@given(number=NUMBERS, text=TEXTS, secret=SECRETS)
@settings(max_examples=60, deadline=None)
def test_no_number_text_or_secret_of_a_log_gets_into_it(number: str, text: str, secret: str) -> None:
    said = [
        (6, f'office: received from {number}: "{text}"'),
        (4, f"delivery to https://u:{secret}@hooks.example/{secret}?key={secret} failed"),
        (3, f"Authorization: Bearer {secret}"),
        (6, f"DEBUG gsmmodem: {text}"),
        (6, f"password={secret}, then {number}"),
    ]
    moment = str(NOW * 1000)
    entries = (
        {"MESSAGE": message, "PRIORITY": str(priority), "__REALTIME_TIMESTAMP": moment} for priority, message in said
    )
    shown = "\n".join(line for entry in entries for line in evidence.entry(json.dumps(entry), masking.mask))
    assert "2026-11-20 23:01:52 warning delivery to https://hooks.example/… failed" in shown
    for each in (number, text, secret, "".join(filter(str.isdigit, number))):
        assert (
            each not in shown or each in "2026-11-20 23:01:52 info office: received from failed Authorization password"
        )


def test_bytes_in_a_log_are_left_out() -> None:
    entry = {"MESSAGE": [104, 105], "PRIORITY": "6", "__REALTIME_TIMESTAMP": "1"}
    assert list(evidence.entry(json.dumps(entry), masking.mask)) == []
    assert list(evidence.entry("not JSON", masking.mask)) == []


def test_lists_usb_devices_with_their_ports(tmp_path: Path) -> None:
    device = tmp_path / "sys/bus/usb/devices/1-1"
    interface = device / "1-1:1.2"
    (interface / "ttyUSB2").mkdir(parents=True)
    (interface / "bInterfaceNumber").write_text("02\n")
    for name, content in {
        "idVendor": "12d1", "idProduct": "1506", "manufacturer": "HUAWEI", "product": "Mobile", "serial": "AB12345678",
        "speed": "480", "bMaxPower": "500mA",
    }.items():  # fmt: skip
        (device / name).write_text(f"{content}\n")
    first, second = evidence.usb(tmp_path).splitlines()
    assert first == "1-1  12d1:1506  HUAWEI Mobile  (480 Mbit/s, 500mA, serial …78)"
    assert second == "    interface 02  //  no driver  ttyUSB2"
