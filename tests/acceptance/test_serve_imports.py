"""What a running bridge has imported: on a small machine everything else is memory and time for nothing."""

import asyncio
import os
from pathlib import Path

import pytest

from device_drivers.virtual.phone.server import AdbServer
from device_drivers.virtual.world import World
from tests.acceptance.conftest import Running, SmsBridge, Start

pytestmark = pytest.mark.needs("adb", "mksh")

CONFIG = ("--config", "config.toml")
#: module or package → who would bring it, and when it is wanted
NOT_WANTED = {
    "sqlite_utils": "brings dateutil and pluggy; for the tables of the command line",
    "dateutil": "sqlite_utils",
    "pluggy": "sqlite_utils",
    "phonenumbers": "for national numbers of an account that has a country",
    "prometheus_client": "of tests",
    "aiosmtplib": "for an alarm by mail",
    "tarfile": "for packing a store",
    "yaml": "of tests",
    "importlib.metadata": "half a megabyte to find out a version",
    "zipfile": "importlib.metadata",
    "gzip": "for the page's files",
    "zoneinfo": "for zones other than UTC",
    "html.parser": "for accounts that write letters as HTML: a dozen patterns to compile",
    "bridge.messages.contact_files": "for those who keep contacts in files",
    "bridge.messages.table_files": "for those who send to a file",
    "bridge.monitoring.plain_text": "html.parser",
    "bridge.doctor": "for the command",
    "bridge.store.archive": "for the commands `export` and `import`",
    "bridge.store.backup": "for the command",
    "bridge.store.salvage": "for a store that is damaged",
    "bridge.store.tables": "sqlite_utils",
}
#: for those who have a phone
FOR_PHONES = {"adbutils", "PIL", "importlib.resources"}
#: adbutils wants them for downloads: 8 MB with what of Pillow makes pictures
NEVER_WANTED = {"requests", "urllib3", "charset_normalizer"}
#: with the first SOAP call or spreadsheet
FOR_XML = {"defusedxml", "xml"}


def imported(bridge: Running, lines: int) -> set[str]:
    """Modules and packages, until so many lines are ready."""
    names, ready = set(), 0
    while ready < lines:
        line = bridge.says()
        if line.startswith("import time:"):
            names.add(line.rpartition("|")[2].strip())
        ready += line.endswith(" is ready")
    return names


async def test_serving_a_modem_imports_nothing_that_it_does_not_need(
    tmp_path: Path, start: Start, sms_bridge_process: SmsBridge, environment: dict[str, str]
) -> None:
    async with World(tmp_path / "world", modems=1) as world:
        modem = f'[devices.modem]\ndriver = "gsm_modem"\nport = "{world.modems[0].port}"\n'
        found = await served(tmp_path, modem, 1, start, sms_bridge_process, environment)
    assert {"aiohttp", "serial", "gsmmodem", "sqlite3", "device_drivers"} <= found
    assert found & (NOT_WANTED.keys() | NEVER_WANTED | FOR_PHONES | FOR_XML) == set()


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
    assert found & (NOT_WANTED.keys() | NEVER_WANTED | FOR_XML | {"gsmmodem"}) == set()


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
    # the machine's authorities, in a file that keeps whoever reads it waiting: nobody does before a first connection
    os.mkfifo(directory / "authorities")
    environment["SSL_CERT_FILE"] = f"{directory}/authorities"
    bridge = start("serve", *CONFIG, together=True)
    return await asyncio.to_thread(imported, bridge, lines)
