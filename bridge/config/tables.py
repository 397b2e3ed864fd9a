"""Changes one table in the text of a configuration file and leaves all else as it was written."""

import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands in a text: from its header to its first line, and to its end."""

    start: int
    body: int
    end: int


def find(text: str, section: str, name: str) -> Place | None:
    """The table [section.name], however its header is written; None for one that has none."""
    spelled = rf"(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')"
    header = rf"^[ \t]*\[[ \t]*{section}[ \t]*\.[ \t]*{spelled}[ \t]*\][^\n]*\n?"
    found = re.search(header, text, re.MULTILINE)
    if found is None:
        return None
    following = re.compile(r"^[ \t]*\[", re.MULTILINE).search(text, found.end())
    return Place(found.start(), found.end(), following.start() if following else len(text))


def checked(made: str, before: str, section: str, name: str, wanted: Mapping[str, Any]) -> str:
    """The text, once this is what it says of [section.name], and all else is as before. Raises BadRequest."""
    known = tomllib.loads(before)
    expected = {**known, section: {**known.get(section, {}), name: dict(wanted)}}
    try:
        found = tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        found = {}
    if found != expected:
        raise BadRequest(f"the configuration could not be changed by a program: write [{section}.{name}] yourself")
    return made


def without(text: str, section: str, name: str) -> str:
    """The configuration without [section.name], and all else as it was. Raises BadRequest."""
    known, place = tomllib.loads(text), find(text, section, name)
    others = {each: table for each, table in known.get(section, {}).items() if each != name}
    expected = {each: table for each, table in known.items() if each != section} | ({section: others} if others else {})
    made = "" if place is None else f"{text[: place.start].rstrip()}\n\n{text[place.end :]}".strip() + "\n"
    try:
        found = tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        found = {}
    if place is None or found != expected:
        raise BadRequest(f"the configuration could not be changed by a program: take [{section}.{name}] out yourself")
    return made


def write(path: Path, text: str) -> None:
    """Replace a file at once, with its owner and mode. Raises OSError."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    shutil.copystat(path, fresh)
    status = path.stat()
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(fresh, status.st_uid, status.st_gid)
    fresh.replace(path)
