"""What a running bridge has imported: on a small machine everything else is memory and time for nothing."""

import asyncio
from pathlib import Path

import pytest

from device_drivers.virtual.phone.server import AdbServer
from device_drivers.virtual.world import World
from tests.acceptance.conftest import Running, SmsBridge, Start

pytestmark = pytest.mark.needs("adb", "mksh")

CONFIG = ("--config", "config.toml")
#: top-level name → who would bring it, and when it is wanted
NOT_WANTED = {
    "sqlite_utils": "brings dateutil and pluggy; for the tables of the command line",
    "dateutil": "sqlite_utils",
    "pluggy": "sqlite_utils",
    "phonenumbers": "for national numbers of an account that has a country",
    "prometheus_client": "of tests",
    "aiosmtplib": "for an alarm by mail",
    "tarfile": "for packing a store",
    "yaml": "of tests",
}
#: 10 MB, for those who have a phone
FOR_PHONES = {"adbutils", "PIL", "requests", "urllib3"}


def imported(bridge: Running, lines: int) -> set[str]:
    """Top-level names, until so many lines are ready."""
    names, ready = set(), 0
    while ready < lines:
        line = bridge.says()
        if line.startswith("import time:"):
            names.add(line.rpartition("|")[2].strip().partition(".")[0])
        ready += line.endswith(" is ready")
    return names


async def test_serving_a_modem_imports_nothing_that_it_does_not_need(
    tmp_path: Path, start: Start, sms_bridge_process: SmsBridge, environment: dict[str, str]
) -> None:
    async with World(tmp_path / "world", modems=1) as world:
        modem = f'[devices.modem]\ndriver = "gsm_modem"\nport = "{world.modems[0].port}"\n'
        found = await served(tmp_path, modem, 1, start, sms_bridge_process, environment)
    assert {"aiohttp", "serial", "gsmmodem", "sqlite3", "device_drivers"} <= found
    assert found & (NOT_WANTED.keys() | FOR_PHONES) == set()


async def test_serving_a_phone_imports_the_client_of_adbs_server_and_nothing_more(
    tmp_path: Path, start: Start, sms_bridge_process: SmsBridge, environment: dict[str, str]
) -> None:
    async with World(tmp_path / "world", modems=0, phones=1) as world:
        server = AdbServer(tmp_path / "adb")
        await server.start()
        try:
            address = world.phones[0].address
            await server.connect(address)
            phone = f'[devices.phone]\ndriver = "android_adb"\nserial = "{address}"\nadb_port = {server.port}\n'
            found = await served(tmp_path, phone, 1, start, sms_bridge_process, environment)
        finally:
            await server.close()
    assert {"aiohttp", "adbutils", "sqlite3", "device_drivers"} <= found
    assert found & (NOT_WANTED.keys() | {"gsmmodem"}) == set()


async def served(
    directory: Path, device: str, lines: int, start: Start, process: SmsBridge, environment: dict[str, str]
) -> set[str]:
    """What a bridge with this device has imported when its lines are ready."""
    store = f'[http]\nport = 0\n[store]\nurl = "sqlite:///{directory}/sms.db"\n'
    (directory / "config.toml").write_text(store + device)
    # makes the store, which no later start has to do
    made = await asyncio.to_thread(process, "account", "add", "shop", *CONFIG)
    assert made.code == 0, made.err
    environment["PYTHONPROFILEIMPORTTIME"] = "1"
    bridge = start("serve", *CONFIG, together=True)
    return await asyncio.to_thread(imported, bridge, lines)
