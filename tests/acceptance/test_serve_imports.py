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
    "adbutils": "brings Pillow and requests; for a machine without adb, and to name phones that are discovered",
    "PIL": "adbutils",
    "requests": "adbutils",
    "urllib3": "adbutils",
    "sqlite_utils": "brings dateutil and pluggy; for the tables of the command line",
    "dateutil": "sqlite_utils",
    "pluggy": "sqlite_utils",
    "phonenumbers": "for national numbers of an account that has a country",
    "prometheus_client": "of tests",
    "aiosmtplib": "for an alarm by mail",
    "tarfile": "for packing a store",
    "yaml": "of tests",
}


def imported(bridge: Running) -> set[str]:
    """Top-level names, until both lines are ready."""
    names, ready = set(), 0
    while ready < 2:
        line = bridge.says()
        if line.startswith("import time:"):
            names.add(line.rpartition("|")[2].strip().partition(".")[0])
        ready += line.endswith(" is ready")
    return names


async def test_serving_a_modem_and_a_phone_imports_nothing_that_it_does_not_need(
    tmp_path: Path, start: Start, sms_bridge_process: SmsBridge, environment: dict[str, str]
) -> None:
    async with World(tmp_path / "world", modems=1, phones=1) as world:
        server = AdbServer(tmp_path / "adb")
        await server.start()
        try:
            await server.connect(world.phones[0].address)
            (tmp_path / "config.toml").write_text(
                f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n'
                f'[devices.modem]\ndriver = "gsm_modem"\nport = "{world.modems[0].port}"\n'
                f'[devices.phone]\ndriver = "android_adb"\nserial = "{world.phones[0].address}"\n'
                f"adb_port = {server.port}\n"
            )
            # makes the store, which no later start has to do
            made = await asyncio.to_thread(sms_bridge_process, "account", "add", "shop", *CONFIG)
            assert made.code == 0, made.err
            environment["PYTHONPROFILEIMPORTTIME"] = "1"
            bridge = start("serve", *CONFIG, together=True)
            found = await asyncio.to_thread(imported, bridge)
        finally:
            await server.close()
    assert {"aiohttp", "serial", "gsmmodem", "sqlite3", "device_drivers"} <= found
    assert found & NOT_WANTED.keys() == set()
