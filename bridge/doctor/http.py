"""Examines the running bridge and its ports."""

import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bridge.config.role import Role
from bridge.config.schema import Config
from bridge.doctor import listeners
from bridge.doctor.surroundings import Told
from bridge.errors import BridgeError
from bridge.host import control_file
from bridge.host.client import Client
from bridge.model.finding import Finding
from bridge.model.line import LineState
from bridge.model.webhook import Endpoint
from bridge.version import version


async def running(directory: Path, start: str) -> tuple[list[Finding], Told | None]:
    """Whether the bridge runs and answers, and what it reports; None when it does not run."""
    try:
        found = control_file.find(directory, start)
    except control_file.NotRunning as error:
        words, _, remedy = error.message.partition("; start it with: ")
        return [Finding("warn", "bridge", words, remedy)], None
    client, lines = Client(found, start), []
    try:
        lines = (await client.get("/v1/lines"))["lines"]
        known = endpoints(await client.get("/v1/webhooks"))
    except BridgeError as error:
        if trouble := await client.trouble():
            words = f"answers at {found.url} (process {found.pid}), but stores nothing now: {trouble}"
            remedy = "see to its store; it goes on by itself then"
            return [Finding("fail", "bridge", words, remedy)], Told(found, start, bool(lines), lines)
        words, _, remedy = error.message.partition("; ")
        remedy = remedy or f"see its log, then restart it: {start}"
        return [Finding("fail", "bridge", words, remedy)], Told(found, start)
    ready = sum(line["state"] == LineState.READY for line in lines)
    words = f"answers at {found.url} (process {found.pid}); {ready} of {len(lines)} lines ready"
    told = Told(found, start, True, lines, known)
    return [Finding("ok", "bridge", words), *same_release(found.version, version())], told


def endpoints(answer: Mapping[str, Any]) -> list[Endpoint]:
    """Parse a list of webhooks of the native API."""
    return [Endpoint(each["id"], each["account"], each["url"], paused=each["paused"]) for each in answer["webhooks"]]


def same_release(theirs: str, ours: str) -> list[Finding]:
    """A finding when the running process is of another release than the installed one."""
    if theirs == ours:
        return []
    words = f"the running bridge is {theirs or 'of an older release'}, this command {ours}"
    return [Finding("warn", "bridge", words, "restart the bridge, so that the new release counts")]


def ports(config: Config, told: Told | None, role: str) -> list[Finding]:
    """The configured ports: free, or held by the running bridge; one with devices alone opens none for dialects."""
    if role == Role.DEVICES:
        config = replace(config, dialects={})
    if told is None:
        further = {each.port: f"dialects.{name}.port" for name, each in config.dialects.items() if each.enabled}
        apart = {port: key for port, key in further.items() if port not in (0, config.http.port)}
        return [_ours(config), *(free(config.http.host, port, key) for port, key in apart.items())]
    port, url, pid = config.port_of("native"), told.control.url, told.control.pid
    if port in (0, urlsplit(url).port):
        return [Finding("ok", "port", f"{url} is held by this bridge (process {pid})")]
    words = f"the running bridge answers at {url}, while the configuration says port {port}"
    return [Finding("warn", "port", words, "restart the bridge")]


def _ours(config: Config) -> Finding:
    file = config.directory / control_file.FILE
    finding = free(config.http.host, config.http.port, "http.port")
    if finding.level == "ok" or not file.exists() or os.access(file, os.R_OK):
        return finding
    return Finding("warn", "port", "it may be this bridge that holds it", "run it with sudo: sudo sms-bridge doctor")


def free(host: str, port: int, key: str) -> Finding:
    """Whether the bridge could listen there; `key` names the setting."""
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
            return _in_use(where, port, key)
        if error.errno == errno.EACCES:
            return Finding("fail", "port", f"{where} is for root alone", f"choose a {key} of 1024 or more")
        return Finding("fail", "port", f"{where} cannot be listened on: {error.strerror or error}", "correct http.host")
    return Finding("ok", "port", f"{where} is free")


def _in_use(where: str, port: int, key: str) -> Finding:
    """Who has a port that the bridge is to listen on, and what to do; a bridge is ended where it was started."""
    other = listeners.of_port(port)
    if other is None:
        remedy = f"sudo ss -ltnp 'sport = :{port}' shows by which; end it, or choose another {key}"
        return Finding("fail", "port", f"{where} is in use by another program", remedy)
    if other.is_bridge:
        words = f"{where} is in use by {'a demo' if other.is_demo else 'another bridge'} (process {other.pid})"
        remedy = f"end it with Ctrl-C in its terminal{'' if other.is_demo else ' or by its service'}"
        return Finding("fail", "port", words, f"{remedy}, or choose another {key}")
    words = f"{where} is in use by {other.name} (process {other.pid})"
    return Finding("fail", "port", words, f"end it, or choose another {key}")
