"""The control file, by which commands find the running bridge; used by `bridge.host.client`.

The bridge leaves `control.json` next to its store: where it answers, and a bearer token with operator rights that is
made at each start. The file is readable by the bridge's own user alone; in the service's directory, which belongs to
the group `sms-bridge`, by the members of that group as well. Beside it is a Unix socket for the same people: there no
certificate for another name, no proxy and no crowd of callers stands between a command and the bridge.
"""

import grp
import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from bridge.config.field import Secret
from bridge.dataclass import dataclass
from bridge.errors import BridgeError

FILE = "control.json"
#: beside it: a Unix socket for our own user, by which commands reach the bridge whatever its ports speak
SOCKET = "control.sock"
#: its members may use the command line of a bridge whose directory belongs to it
GROUP = "sms-bridge"
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - looked up, not listened on


class NotRunning(BridgeError):
    """The bridge is not running."""


@dataclass(frozen=True, slots=True)
class Control:
    """The content of `control.json`."""

    url: str
    token: Secret
    pid: int
    #: path of the bridge's Unix socket; "" where there is none, and the URL is all there is
    socket: str = ""
    #: release that runs; "" for one that did not say
    version: str = ""
    #: what this process does, among several on one database; "" for one that does everything
    role: str = ""


def address(host: str, port: int, secure: bool = False) -> str:
    """The URL by which this machine reaches a server that listens on `host`."""
    scheme, host = "https" if secure else "http", _EVERY_ADDRESS.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def write(directory: Path, control: Control) -> None:
    """Write the file; it appears whole and private."""
    path = directory / FILE
    fresh = path.with_suffix(f".{control.pid}")
    told = {"url": control.url, "token": str(control.token), "pid": control.pid}
    more = {"socket": control.socket, "version": control.version, "role": control.role}
    text = json.dumps(told | {key: value for key, value in more.items() if value})
    with suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    share(fresh, 0o640)
    fresh.replace(path)


def share(path: Path, mode: int) -> None:
    """Give a file to the members of the group, if its directory is theirs; else it stays as it is."""
    try:
        group, directory = grp.getgrnam(GROUP).gr_gid, path.parent.stat()
    except KeyError:
        return
    if directory.st_gid == group and directory.st_mode & stat.S_IXGRP:
        with suppress(PermissionError):  # a bridge that is no member itself
            os.chown(path, -1, group)
            path.chmod(mode)


def remove(directory: Path, pid: int) -> None:
    """Remove the file if it is still this process's own."""
    with suppress(FileNotFoundError, NotRunning):
        if _read(directory / FILE).pid == pid:
            (directory / FILE).unlink()


def find(directory: Path, start: str) -> Control:
    """Read the control file in `directory`; `start` is the command that starts the bridge. Raises NotRunning."""
    advice = f"the bridge is not running; start it with: {start}"
    try:
        control = _read(directory / FILE)
    except (FileNotFoundError, NotADirectoryError):
        raise NotRunning(advice) from None
    if not _alive(control.pid):
        raise NotRunning(advice)
    return control


def left_by(directory: Path, pid: int) -> Control | None:
    """Read the file that process `pid` wrote; None while it has not. Raises NotRunning."""
    try:
        control = _read(directory / FILE)
    except FileNotFoundError:
        return None
    return control if control.pid == pid else None


def for_its_owner(path: Path | str) -> str:
    """Advice about a file that this user cannot read."""
    owner = next(filter(None, map(_owner, (Path(path), *Path(path).parents))), "root")
    return f"{path} is for the user {owner}, who runs the bridge: try sudo -u {owner} sms-bridge …"


def _owner(path: Path) -> str:
    """The owner of a file; "" when unknown."""
    try:
        return path.owner()
    except (KeyError, OSError):
        return ""


def _read(path: Path) -> Control:
    """Parse the file. Raises FileNotFoundError, NotRunning when it cannot be read."""
    try:
        found = json.loads(path.read_text())
        more = (str(found.get(key, "")) for key in ("socket", "version", "role"))
        return Control(str(found["url"]), Secret(found["token"]), int(found["pid"]), *more)
    except PermissionError:
        raise NotRunning(for_its_owner(path)) from None
    except (ValueError, KeyError, TypeError):
        raise NotRunning(f"{path} is damaged: stop the bridge, delete the file and start the bridge again") from None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
