"""What is right and what to change, in plain words: `check` looks at the configuration and the devices,
`doctor` at everything between a caller's socket and the SIM."""

import asyncio
import errno
import os
import shutil
import socket
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bridge import certificate, control
from bridge.errors import BadRequest, BridgeError
from bridge.model import Endpoint, LineState
from bridge.ports import Clock, Device, Driver, Finding, SystemClock
from bridge.settings import Config

#: 2026-11-20, when this was written: no clock that is right says less
WRITTEN = 1_795_132_800_000  # Unix ms
#: the store may be so much newer than the clock
CLOCK_TOLERANCE = 300_000  # ms
#: commits that are timed, each with its fsync
COMMITS = 20
#: median above which accepting a message is slow
SLOW_COMMIT = 50.0  # ms
#: bytes
LITTLE_ROOM, NO_ROOM = 500_000_000, 50_000_000

#: how bad a line's state is, when the bridge has the device in hand
_LEVELS: Mapping[str, str] = {
    LineState.READY: "ok",
    LineState.CONNECTING: "warn",
    LineState.OUT_OF_SERVICE: "warn",
    LineState.PARKED: "fail",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What `doctor` cannot know by itself."""

    #: the command that starts the bridge
    start: str
    clock: Clock
    #: raises BadRequest when no webhook may go to a URL
    check_url: Callable[[str], Awaitable[None]]
    #: of all accounts, out of the store
    endpoints: Callable[[], Awaitable[Sequence[Endpoint]]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a running bridge says of itself."""

    control: control.Control
    lines: Sequence[Mapping[str, Any]] = ()
    endpoints: Sequence[Endpoint] = ()


async def check(config: Config, drivers: Mapping[str, Driver]) -> list[Finding]:
    """The quick look: configuration, store directory, devices."""
    shown = certificate.finding(config.http, SystemClock().now())
    return [*_basics(config), *([shown] if shown else []), *await _devices(config, drivers, ())]


async def doctor(config: Config, drivers: Mapping[str, Driver], surroundings: Surroundings) -> list[Finding]:
    """The whole way; a device that the running bridge has in hand is asked about there."""
    findings = _basics(config)
    if all(finding.level != "fail" for finding in findings):
        findings += [_room(config.directory), await asyncio.to_thread(_commits, config.directory)]
    findings.append(clock_finding(config.store.path, surroundings.clock.now()))
    answer, told = await _running(config.directory, surroundings.start)
    findings += [answer, _port(config, told)]
    now, url = surroundings.clock.now(), told.control.url if told else ""
    if shown := await asyncio.to_thread(certificate.finding, config.http, now, url):
        findings.append(shown)
    if told is None:
        findings += [_free(config.http.host, port, key) for port, key in _further_ports(config).items()]
    findings += await _webhooks(config, surroundings, told)
    return findings + await _devices(config, drivers, told.lines if told else ())


def _basics(config: Config) -> list[Finding]:
    return [Finding("ok", "configuration", "has no mistakes"), *config.findings, _storable(config.directory)]


# -- the store ----------------------------------------------------------------------------------
def _storable(directory: Path) -> Finding:
    """Whether this user can keep a store there."""
    if not directory.is_dir():
        return Finding("fail", "store", f"{directory} does not exist", f"mkdir -p {directory}")
    if not os.access(directory, os.W_OK | os.X_OK):
        return Finding("fail", "store", f"{directory} is not writable for this user", f"sudo chown $USER {directory}")
    return Finding("ok", "store", f"{directory} is writable")


def _room(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    words = f"{free / 1e9:.1f} GB free for {directory}" if free >= 1e9 else f"{free // 10**6} MB free for {directory}"
    if free >= LITTLE_ROOM:
        return Finding("ok", "disk", words)
    remedy = f"make room (du -xh {directory.anchor} | sort -h | tail), or set store.keep_days"
    return Finding("fail" if free < NO_ROOM else "warn", "disk", words, remedy)


def _commits(directory: Path) -> Finding:
    """How long this disk takes to make a message safe, by a database of its own beside the real one."""
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=directory) as scratch:
            took = _timed(Path(scratch) / "probe.db")
    except (sqlite3.Error, OSError) as error:
        return Finding("fail", "disk", f"{directory} cannot be written: {error}", f"df -h {directory}; dmesg | tail")
    return commit_finding(took)


def _timed(path: Path) -> list[float]:
    """Some commits as the store makes them, in ms."""
    took = []
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE probe (text TEXT)"):
            database.execute(line)
        for _ in range(COMMITS):
            begun = time.perf_counter()
            database.execute("INSERT INTO probe VALUES (?)", ("x" * 500,))
            took.append((time.perf_counter() - begun) * 1000)
    return took


def commit_finding(took: Sequence[float]) -> Finding:
    """What the times of some commits, in ms, mean."""
    middle = statistics.median(took)
    words = f"a commit takes {middle:.1f} ms (the slowest of {len(took)}: {max(took):.1f} ms)"
    if middle <= SLOW_COMMIT:
        return Finding("ok", "disk", words)
    remedy = "put store.url on a faster disk: an SSD, or an SD card of class A2"
    return Finding("warn", "disk", f"{words}; each message waits for one", remedy)


def clock_finding(store: Path, now: int) -> Finding:
    """Whether this machine's clock, in Unix ms, can be right, seeing when the store was written last."""
    remedy = "sudo timedatectl set-ntp true"
    written = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if now < WRITTEN:
        return Finding("fail", "clock", f"says {written}, which is long ago", remedy)
    try:
        last = round(store.stat().st_mtime * 1000)
    except OSError:
        last = 0
    if last > now + CLOCK_TOLERANCE:
        return Finding("warn", "clock", f"says {written}, but the store was written later than that", remedy)
    return Finding("ok", "clock", f"says {written}")


# -- the bridge ---------------------------------------------------------------------------------
async def _running(directory: Path, start: str) -> tuple[Finding, Told | None]:
    """Whether the bridge runs and answers, and what it says; None while it does not run."""
    try:
        found = control.find(directory, start)
    except control.NotRunning as error:
        words, _, remedy = error.message.partition("; start it with: ")
        return Finding("warn", "bridge", words, remedy), None
    try:
        async with control.Client(found, start) as client:
            lines = (await client.get("/v1/lines"))["lines"]
            endpoints = (await client.get("/v1/webhooks"))["webhooks"]
    except BridgeError as error:
        words, _, remedy = error.message.partition("; ")
        return Finding("fail", "bridge", words, remedy or f"see its log, then restart it: {start}"), Told(found)
    ready = sum(line["state"] == LineState.READY for line in lines)
    words = f"answers at {found.url} (process {found.pid}); {ready} of {len(lines)} lines ready"
    known = [Endpoint(each["id"], each["account"], each["url"], paused=each["paused"]) for each in endpoints]
    return Finding("ok", "bridge", words), Told(found, lines, known)


def _port(config: Config, told: Told | None) -> Finding:
    http, file = config.http, config.directory / control.FILE
    if told is None:
        finding = _free(http.host, http.port, "http.port")
        if finding.level == "ok" or not file.exists() or os.access(file, os.R_OK):
            return finding
        return Finding("warn", "port", "it may be our own bridge that holds it", "run this as the bridge's own user")
    port = config.port_of("native")
    if port in (0, urlsplit(told.control.url).port):
        return Finding("ok", "port", f"{told.control.url} is held by our own bridge (process {told.control.pid})")
    words = f"the running bridge answers at {told.control.url}, while the configuration says port {port}"
    return Finding("warn", "port", words, "restart the bridge")


def _further_ports(config: Config) -> dict[int, str]:
    """Those that dialects have of their own, and the setting that says so."""
    named = {each.port: f"dialects.{name}.port" for name, each in config.dialects.items() if each.enabled}
    return {port: key for port, key in named.items() if port not in (0, config.http.port)}


def _free(host: str, port: int, key: str) -> Finding:
    where = f"port {port} of {host}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # as the bridge itself does it: connections that linger are no hindrance
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = f"sudo ss -ltnp 'sport = :{port}' shows by which; end it, or choose another {key}"
            return Finding("fail", "port", f"{where} is in use by another program", remedy)
        if error.errno == errno.EACCES:
            return Finding("fail", "port", f"{where} is for root alone", f"choose a {key} of 1024 or more")
        return Finding("fail", "port", f"{where} cannot be listened on: {error.strerror or error}", "correct http.host")
    return Finding("ok", "port", f"{where} is free")


# -- webhooks -----------------------------------------------------------------------------------
async def _webhooks(config: Config, surroundings: Surroundings, told: Told | None) -> list[Finding]:
    if told is not None:
        endpoints = told.endpoints
    elif not config.store.path.exists():
        return []
    else:
        try:
            endpoints = await surroundings.endpoints()
        except BridgeError as error:
            return [Finding("fail", "store", error.message, "restore it from a backup, or correct its permissions")]
    return list(await asyncio.gather(*(_webhook(endpoint, surroundings.check_url) for endpoint in endpoints)))


async def _webhook(endpoint: Endpoint, check_url: Callable[[str], Awaitable[None]]) -> Finding:
    subject, words = f"webhook {endpoint.id}", f"{endpoint.url} of {endpoint.account}"
    try:
        await check_url(endpoint.url)
    except BadRequest as error:
        return Finding("fail", subject, f"{words}: {error.message}", "correct the URL, or see webhooks.allow_http")
    host = urlsplit(endpoint.url).hostname or ""
    try:
        await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return Finding("warn", subject, f"{words}: the name {host} does not resolve now", f"getent hosts {host}")
    if endpoint.paused:
        remedy = f"curl -X PATCH -H 'X-Api-Key: …' -d '{{\"paused\": false}}' …/v1/webhooks/{endpoint.id}"
        return Finding("warn", subject, f"{words} is paused: what is owed to it waits", remedy)
    return Finding("ok", subject, f"{words} is allowed, and its name resolves")


# -- devices ------------------------------------------------------------------------------------
async def _devices(config: Config, drivers: Mapping[str, Driver], lines: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Each by its driver, but those that the running bridge has in hand by what it says of their lines."""
    if not config.devices:
        return [Finding("warn", "devices", "none is configured, so nothing can be sent", "sms-bridge devices")]
    examined = await asyncio.gather(*(_device(device, drivers, lines) for device in config.devices.values()))
    return [finding for some in examined for finding in some]


async def _device(
    device: Device, drivers: Mapping[str, Driver], lines: Sequence[Mapping[str, Any]]
) -> Sequence[Finding]:
    held = [line for line in lines if line["device"] == device.name and line["state"] in _LEVELS]
    if not held:
        return await drivers[device.driver].examine(device)
    return [_line(line) for line in held]


def _line(line: Mapping[str, Any]) -> Finding:
    state = str(line["state"])
    reason = str(line["reason"]).rstrip(".")
    words = (
        f"{state.replace('_', ' ')}{f': {reason}' if reason else ''} (says the running bridge, which has the device)"
    )
    remedy = "" if state == LineState.READY else "do as it says, then look again; stop the bridge to examine the device"
    return Finding(_LEVELS[state], f"line {line['name']}", words, remedy)
