"""Says in one sentence what stands in the way of a file or folder, and what to do about it.

The kernel's own words name an error and not its cause: "File exists" is what it says of a folder that cannot be made
because a file has its name.
"""

import errno
import os
from pathlib import Path

from bridge.config.rights import remedy

_DENIED = (errno.EACCES, errno.EPERM)


def told(error: OSError, path: Path | str = "") -> str:
    """The sentence, which begins with the path; `path` where the error names none."""
    named = error.filename if isinstance(error.filename, str) else path
    if not named:
        return str(error.strerror or error)
    return _told(error.errno or 0, Path(named)) or f"{named}: {error.strerror or error}"


def obstructed(path: Path) -> str:
    """The sentence about what is no file, and about what keeps one from being made there; "" where all is well."""
    try:
        path.stat()
    except FileNotFoundError:
        return misled(path)
    except OSError as error:
        return "" if error.errno in _DENIED else told(error, path)
    return _told(errno.EISDIR, path) if path.is_dir() else ""


def misled(path: Path) -> str:
    """The sentence about a link on the way to a path that leads nowhere; "" where there is none.

    What was made there would lie in the place of a disk that is not mounted.
    """
    for each in (*reversed(path.absolute().parents), path):
        if os.path.islink(each) and not os.path.exists(each):
            try:
                target = each.resolve()
            except (OSError, RuntimeError):
                return f"{each} is a link that leads back to itself: remove it, or choose another place"
            return f"{each} is a link to {target}, which is not there: mount its disk, or name {target} itself"
    return ""


def folder(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if os.path.isdir(each))


def remount(path: Path) -> str:
    """How to find out why a file system is mounted read-only, and how to change that."""
    place = folder(path)
    mount = next(each for each in (place, *place.parents) if os.path.ismount(each) or each == each.parent)
    why = "sudo dmesg | grep -iE 'error|remount' shows why (a dying SD card?)"
    return f"{why}; sudo mount -o remount,rw {mount}"


def _told(number: int, path: Path) -> str:
    """The sentence about an error number; "" for one that the kernel's words explain."""
    words = ""
    match number:
        case errno.ENOTDIR | errno.EEXIST:
            words = _below_a_file(path)
        case errno.EISDIR:
            words = f"{path} is a folder, where a file is needed: give the name of a file in it"
        case errno.ENOENT | errno.ELOOP:
            words = misled(path) or _absent(path)
        case errno.EROFS:
            words = f"{path} is on a file system that is mounted read-only: {remount(path)}"
        case errno.ENOSPC | errno.EDQUOT:
            words = f"{path}: the disk is full: make room (df -h {folder(path)}), or choose another disk"
        case errno.ENAMETOOLONG:
            words = f"{path}: the name is too long: choose a shorter one"
        case errno.EACCES | errno.EPERM if advice := remedy(path):
            words = f"{path}: {os.strerror(number)}; {advice}"
    return words


def _absent(path: Path) -> str:
    above = path.absolute().parent
    lacking = "such file" if os.path.isdir(above) else f"folder {above}"
    return f"{path}: there is no {lacking}: make it, or correct the name"


def _below_a_file(path: Path) -> str:
    ways = (*reversed(path.absolute().parents), path)
    file = next((each for each in ways if os.path.exists(each) and not os.path.isdir(each)), None)
    if file is None:
        return ""
    if file == path:
        return f"{path} is a file, where a folder is needed: move it away, or choose another place"
    return f"{path} cannot be there, because {file} is a file: move that away, or choose another place"
