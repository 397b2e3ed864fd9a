"""Finds the adb server's owner and the key by which phones know it, from this machine alone."""

import base64
import binascii
import hashlib
import os
import pwd
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bridge.dataclass import dataclass

_PROC = Path("/proc")
#: local address, remote address, state 0A (listening), …, uid, …, inode (Linux, proc_net_tcp)
_LISTENER = re.compile(r"^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F:]+ 0A \S+ \S+ \S+\s+(\d+)\s+\d+ (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Key:
    """The key of an adb server."""

    #: account that the server runs as; "" when that is not known
    user: str
    #: the private key's file; "" when it cannot be told
    path: str = ""
    #: as the phone's dialog shows it; "" when the public half cannot be read
    fingerprint: str = ""


def of_server(port: int) -> Key | None:
    """The key of the server listening on a local port; None when nothing listens."""
    found = _listener(port)
    if found is None:
        return None
    uid, inode = found
    for folder in _folders(uid, _process(inode)):
        public = folder / "adbkey.pub"
        with suppress(OSError):
            return Key(_name(uid), str(folder / "adbkey"), fingerprint(public.read_text(errors="replace")))
    return Key(_name(uid))


def fingerprint(public: str) -> str:
    """MD5 of the key in hex with colons, as Android's dialog shows it (AOSP AdbDebuggingManager.getFingerprints)."""
    with suppress(binascii.Error, ValueError, IndexError):
        digest = hashlib.md5(base64.b64decode(public.split(maxsplit=1)[0], validate=True), usedforsecurity=False)
        return _colons(digest.hexdigest().upper())
    return ""


def _colons(digits: str) -> str:
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))


def _listener(port: int) -> tuple[int, str] | None:
    """Owner and inode of the listening socket."""
    for table in ("net/tcp", "net/tcp6"):
        with suppress(OSError):
            for number, uid, inode in _LISTENER.findall((_PROC / table).read_text()):
                if int(number, 16) == port:
                    return int(uid), inode
    return None


def _process(inode: str) -> str:
    """The process that has a socket; "" when not visible to us."""
    for folder in _PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError):
            if any(os.readlink(link) == f"socket:[{inode}]" for link in (folder / "fd").iterdir()):
                return folder.name
    return ""


def _folders(uid: int, process: str) -> Iterator[Path]:
    """Where its keys may be, by its environment, then by its account."""
    with suppress(OSError, UnicodeDecodeError):
        pairs = (_PROC / process / "environ").read_text().split("\0") if process else []
        environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        if folder := environment.get("ANDROID_USER_HOME"):
            yield Path(folder)
        if home := environment.get("HOME"):
            yield Path(home) / ".android"
            return
    with suppress(KeyError):
        yield Path(pwd.getpwuid(uid).pw_dir) / ".android"


def _name(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)
