"""Finds a phone among those known to adb, by its own serial."""

import asyncio
import re
from collections.abc import Mapping

from device_drivers.android_adb import probe
from device_drivers.android_adb.server import Server
from device_drivers.android_adb.shell import ONLINE, Shell, Unheard

#: seconds for a phone to say who it is
PATIENCE = 10.0
#: adb's name for a phone that it found by mDNS, from adb 31 on
_FOUND = re.compile(r"adb-(.+)-[^-]*\._adb-tls-connect\._tcp\.?(?:local\.?)?")


async def by_own_serial(host: Server, seen: Mapping[str, str], serial: str) -> str:
    """adb's name for the phone with this serial, if it takes commands; "" otherwise. Raises DeviceLost."""
    if not serial:
        return ""
    ready = [name for name, state in seen.items() if state == ONLINE]
    for name in ready:
        found = _FOUND.fullmatch(name)
        if name == serial or (found and found[1] == serial):
            return name
    told = await asyncio.gather(*(_own_serial(host, name) for name in ready))
    return next((name for name, own in zip(ready, told, strict=True) if own == serial), "")


async def _own_serial(host: Server, name: str) -> str:
    shell = Shell(host, name, PATIENCE)
    try:
        return await probe.serial(shell)
    except Unheard:
        return ""
    finally:
        shell.close()
