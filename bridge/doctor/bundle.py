"""Packs a support bundle: the findings and their surroundings, without message texts, whole numbers or secrets."""

import asyncio
import io
import json
import os
import sqlite3
import tarfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bridge.config.field import MASK, Secret
from bridge.config.schema import Config
from bridge.dataclass import dataclass
from bridge.doctor import evidence, http, masking, service
from bridge.model.finding import Finding
from bridge.store.row_counts import figures

#: of a line, down to two digits
_IDENTITIES = ("number", "iccid", "imsi", "imei")
_ABOUT = """\
What `sms-bridge doctor --bundle` packs, for the person who helps:

findings.json   what doctor found, and the commands that fix it
machine.json    releases, system, kernel, architecture
config.json     the configuration; secrets are {hidden}
store.json      schema, size and counts by state
lines.json      lines as the running bridge tells of them
packages.txt    Python packages
usb.txt         USB devices, their drivers and ports
journal.txt     last log lines of the service
kernel.txt      last kernel messages about USB, power and disks

Numbers are down to their last two digits, texts of messages are not in it, addresses have no path and no query.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is packed; an invalid configuration contributes nothing."""

    findings: Sequence[Finding]
    config: Config | None
    #: as written: where secrets are, so that they can be taken out wherever they turn up
    raw: Mapping[str, Any]
    start: str
    now: int


async def write(path: Path, known: Known) -> int:
    """Write the bundle, readable for its owner alone; returns its size in bytes. Raises OSError."""
    lines, token = await _lines(known)
    secrets = {*masking.secrets_in(known.raw), *_secrets(known.config), *([token] if token else ())}
    members = await asyncio.to_thread(_members, known, lines, secrets)
    return await asyncio.to_thread(_pack, path, members, known.now // 1000)


async def _lines(known: Known) -> tuple[Sequence[Mapping[str, Any]], str]:
    """The running bridge's lines, and the token used to ask."""
    if known.config is None:
        return (), ""
    _, told = await http.running(known.config.directory, known.start)
    return (told.lines, str(told.control.token)) if told else ((), "")


def _members(known: Known, lines: Sequence[Mapping[str, Any]], secrets: Iterable[str]) -> dict[str, str]:
    """The files of the bundle by name."""
    secrets = tuple(secrets)
    mask = partial(masking.mask, secrets=secrets)
    findings = [{name: mask(value) for name, value in asdict(each).items()} for each in known.findings]
    return {
        "README.txt": _ABOUT.format(hidden=MASK),
        "findings.json": _json(findings),
        "machine.json": _json(masking.settings(evidence.machine(), secrets=secrets)),
        "config.json": _json(_settings(known.config, secrets)),
        "store.json": _json(_figures(known.config)),
        "lines.json": _json([_line(line, secrets) for line in lines]),
        "packages.txt": mask(evidence.packages()),
        "usb.txt": mask(evidence.usb()),
        "journal.txt": evidence.journal(service.UNIT, mask),
        "kernel.txt": evidence.kernel(mask),
    }


def _settings(config: Config | None, secrets: Sequence[str]) -> Any:
    if config is None:
        return "the configuration has mistakes: see findings.json"
    return masking.settings(_plain(config), secrets=secrets)


def _secrets(value: Any) -> set[str]:
    """All secrets in a configuration, wherever they came from."""
    if isinstance(value, Secret):
        return {str(value)} - {""}
    below = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else []
    if is_dataclass(value):
        below = [getattr(value, name) for name in value.__dataclass_fields__]
    return {each for one in below for each in _secrets(one)}


def _plain(value: Any) -> Any:
    """Dataclasses as tables, without driver memory and findings."""
    if isinstance(value, Secret):
        return MASK if value else ""
    if is_dataclass(value) and not isinstance(value, type):
        names = [name for name in value.__dataclass_fields__ if name not in {"memory", "findings"}]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def _figures(config: Config | None) -> Any:
    if config is not None and not config.store.is_file:
        return "the store is in PostgreSQL"
    if config is None or not config.store.path.exists():
        return "there is no store yet"
    try:
        return figures(config.store.path)
    except (sqlite3.Error, OSError) as error:
        return f"the store cannot be read: {masking.mask(str(error))}"


def _line(line: Mapping[str, Any], secrets: Sequence[str]) -> Mapping[str, Any]:
    identities = {name: masking.last_two(str(line.get(name, ""))) for name in _IDENTITIES}
    return {name: masking.settings(value, name, secrets) for name, value in {**line, **identities}.items()}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _pack(path: Path, members: Mapping[str, str], now: int) -> int:
    """Write the archive; it appears whole and private."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        fresh.unlink()
    folder = f"sms-bridge-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}"
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for name, text in members.items():
                _add(archive, f"{folder}/{name}", text.encode("utf-8", "replace"), now)
        fresh.replace(path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    return path.stat().st_size


def _add(archive: tarfile.TarFile, name: str, content: bytes, now: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), 0o600, now
    archive.addfile(member, io.BytesIO(content))
