"""Checks who may open a device file, and suggests the command that allows it."""

import grp
import os
import pwd
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from bridge.dataclass import dataclass

#: the account that the packaged service runs as
SERVICE = "sms-bridge"
RULES = "60-sms-bridge.rules"
#: where udev looks for rules; what lies in an earlier one hides its namesakes in later ones (udev(7))
RULES_FOLDERS = ("etc/udev/rules.d", "run/udev/rules.d", "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d",
                 "lib/udev/rules.d")  # fmt: skip
#: where a wheel puts the rules, and where a checkout has them
_BROUGHT = (Path(sys.prefix) / "share/sms-bridge" / RULES, Path(__file__).parents[1] / "udev" / RULES)
_RELOAD = "sudo udevadm control --reload && sudo udevadm trigger"


@dataclass(frozen=True, slots=True)
class User:
    """A user account and its groups."""

    name: str
    uid: int
    #: which it has now
    groups: frozenset[int]
    #: which it gets when it logs in anew
    listed: frozenset[int]
    is_service: bool = False


def ourselves() -> User:
    """The user running this program."""
    uid, name = os.geteuid(), str(os.geteuid())
    listed: Sequence[int] = ()
    try:
        account = pwd.getpwuid(uid)
        name, listed = account.pw_name, os.getgrouplist(account.pw_name, account.pw_gid)
    except KeyError:
        pass  # an account without a name, as in containers
    return User(name, uid, frozenset({*os.getgroups(), os.getegid()}), frozenset(listed))


def service() -> User | None:
    """The service's account, if root runs this: root may open everything and would find nothing wrong; else None."""
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam(SERVICE)
    except KeyError:
        return None
    groups = frozenset(os.getgrouplist(account.pw_name, account.pw_gid))
    return User(account.pw_name, account.pw_uid, groups, groups, is_service=True)


def may_open(file: os.stat_result, user: User) -> bool:
    """Whether owner, group and mode allow it; access control lists are ignored."""
    if user.uid == 0:
        return True
    if user.uid == file.st_uid:
        return file.st_mode & 0o600 == 0o600
    return file.st_mode & (0o060 if file.st_gid in user.groups else 0o006) in {0o060, 0o006}


def why_not(path: str, file: os.stat_result, user: User, root: Path = Path("/")) -> tuple[str, str]:
    """What keeps this user from a file, and the command to fix that."""
    group = _group(file.st_gid)
    if file.st_mode & 0o060 != 0o060 or group == "root":
        mode = stat.filemode(file.st_mode)
        return f"{path} is for its owner alone ({mode} {_owner(file.st_uid)}:{group})", install_rules(root)
    if file.st_gid in user.listed and file.st_gid not in user.groups:
        words = f"{user.name} was added to the group {group} of {path} after logging in"
        return words, f"log out and in again (or, in this terminal: newgrp {group})"
    then = "sudo systemctl restart sms-bridge" if user.is_service else "log out and in again"
    return (
        f"{path} is for the group {group}, which {user.name} is not in",
        f"sudo usermod -aG {group} {user.name}, then {then}",
    )


def rules_file(name: str = RULES, root: Path = Path("/")) -> Path | None:
    """The installed udev rules file of this name; None when it is missing or masked by an empty file."""
    for folder in RULES_FOLDERS:
        file = root / folder / name
        if file.exists() or file.is_symlink():
            return file if file.is_file() and file.stat().st_size else None
    return None


def install_rules(root: Path = Path("/")) -> str:
    """The command that applies our udev rules to plugged-in devices."""
    if rules_file(root=root):
        return f"{_RELOAD}, then unplug the device and plug it in again"
    brought = next((file for file in _BROUGHT if file.exists()), Path("udev") / RULES)
    return f"sudo install -m 644 {brought} /etc/udev/rules.d/ && {_RELOAD}"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
