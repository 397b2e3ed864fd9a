"""Examines what lies between this machine and a phone without touching the phone: adb, its server, its key."""

import asyncio
import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from bridge.errors import DeviceLost
from bridge.model.finding import Finding
from device_drivers import _access, _adb
from device_drivers.android_adb import conditions, keys, server
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.server import Server

#: unit files of a service that runs the server with a key of its own
_UNITS = ("/etc/systemd/system/sms-bridge-adb.service", "/usr/lib/systemd/system/sms-bridge-adb.service",
          "/lib/systemd/system/sms-bridge-adb.service")  # fmt: skip
_RELEASE = re.compile(r"version 1\.0\.(\d+)")
#: seconds for `adb version`
PATIENCE = 5.0


async def survey(subject: str, chosen: Options) -> Sequence[Finding]:
    """Findings about adb and the phone's state; starts no server."""
    asked = Server(chosen.adb_host, chosen.adb_port)
    host, port = asked.address
    local, where = asked.local, f"{host}:{port}"
    adb = await asyncio.to_thread(_program) if local else ""
    try:
        version = await server.version(asked)
    except DeviceLost:
        return [_no_server(subject, where, local, adb)]
    found = [_server(subject, where, version, await asyncio.to_thread(_release, adb) if adb else 0)]
    key = await asyncio.to_thread(keys.of_server, port) if local else None
    if key is not None:
        found.append(_key(subject, key))
    return [*found, *await _phone(subject, asked, chosen.serial, key)]


def _program() -> str:
    """The path of adb; "" when not installed."""
    with suppress(FileNotFoundError):
        return _adb.program()
    return ""


def _release(adb: str) -> int:
    """The version that this program's server would report; 0 when unknown."""
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run([adb, "version"], capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 - adb itself
        if said := _RELEASE.search(done.stdout):
            return int(said[1])
    return 0


def _no_server(subject: str, where: str, local: bool, adb: str) -> Finding:
    if not local:
        return Finding("fail", subject, f"no adb server answers at {where}", "start it there, or correct adb_host")
    if not adb:
        return Finding("fail", subject, "adb is not installed, and no server of it runs", "sudo apt install adb")
    if any(os.path.exists(unit) for unit in _UNITS):
        remedy = "sudo systemctl enable --now sms-bridge-adb"
        return Finding("fail", subject, f"no adb server runs at {where}, and its service is not started", remedy)
    remedy = f"adb start-server; as {_access.ourselves().name}, for phones trust each user's key for itself"
    return Finding("warn", subject, f"no adb server runs at {where}: the bridge starts one", remedy)


def _server(subject: str, where: str, version: int, command: int) -> Finding:
    if command and command != version:
        words = f"the adb server at {where} is version {version} and the adb command here {command}: each use of the "
        words += "command ends the server, and every phone is lost for a moment"
        return Finding("warn", subject, words, "keep one adb only: which -a adb; then adb kill-server")
    return Finding("ok", subject, f"an adb server answers at {where} (version {version})")


def _key(subject: str, key: keys.Key) -> Finding:
    if not key.path:
        words = f"the adb server runs as {key.user}, whose key cannot be read by {_access.ourselves().name}"
        return Finding("ok", subject, words)
    return Finding("ok", subject, f"adb's key is {key.path} of {key.user}, fingerprint {key.fingerprint or 'unknown'}")


async def _phone(subject: str, asked: Server, serial: str, key: keys.Key | None) -> Sequence[Finding]:
    """The state of the configured phone, where it is enough to give advice."""
    with suppress(DeviceLost):
        seen = await server.seen(asked)
        state = seen.get(serial, "absent") if serial else next(iter(seen.values()), "absent")
        if state == "absent" and any(":" in name or "_adb-tls" in name for name in (serial, *seen)):
            return []  # on the network: opening it makes adb look for it, under whatever name it is
        if condition := conditions.of_state(state, serial, seen.keys() - {serial}):
            return [Finding("fail", subject, *_sentences(state, condition, key))]
    return []


def _sentences(state: str, condition: conditions.Condition, key: keys.Key | None) -> tuple[str, str]:
    if state == "unauthorized" and key is not None and key.fingerprint:
        return condition.sentence, f"{condition.remedy}; it shows the fingerprint {key.fingerprint}"
    blind = state == "absent" and server.is_plugged_in()
    if blind or state.startswith("no permissions"):
        words = (
            "adb does not see the phone, though one with USB debugging is plugged in" if blind else condition.sentence
        )
        return words, f"{_access.install_rules()}; then: adb kill-server"
    return condition.sentence, condition.remedy
