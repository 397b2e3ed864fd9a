"""What stands in the way of a path is named; tests/acceptance/test_cli_paths.py has what commands say of it."""

import errno
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bridge.config import obstacles
from tests.support.rights import anybody


def said(path: Path) -> str:
    """The sentence when it is opened."""
    with pytest.raises(OSError) as caught, path.open():  # noqa: PT011 - each has its own words
        pass
    return obstacles.told(caught.value, path)


def test_a_missing_file_is_told_from_a_missing_folder(tmp_path: Path) -> None:
    assert said(tmp_path / "a") == f"{tmp_path}/a: there is no such file: make it, or correct the name"
    assert said(tmp_path / "b/c") == f"{tmp_path}/b/c: there is no folder {tmp_path}/b: make it, or correct the name"


def test_what_is_closed_is_opened_with_sudo() -> None:
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        file = Path(made, "closed")
        file.touch(0o000)
        with anybody():
            words = f"{file}: Permission denied; run it with sudo, or choose a place that is yours"
            assert said(file) == words
            # who may not look cannot know what is in the way
            assert obstacles.obstructed(file) == ""


def test_a_disk_that_takes_nothing_is_named(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x/y"))
    assert obstacles.told(full) == (
        f"{tmp_path}/x/y: the disk is full: make room (df -h {tmp_path}), or choose another disk"
    )
    closed = OSError(errno.EROFS, "Read-only file system", str(tmp_path / "x"))
    assert f"{tmp_path}/x is on a file system that is mounted read-only: sudo dmesg" in obstacles.told(closed)


def test_an_error_without_a_path_or_a_number_keeps_its_words() -> None:
    assert obstacles.told(OSError(errno.ENOSPC, "No space left on device")) == "No space left on device"
    assert obstacles.told(OSError("AF_UNIX path too long"), "/run/a") == "/run/a: AF_UNIX path too long"
    assert obstacles.told(OSError(errno.EIO, "Input/output error"), "/run/a") == "/run/a: Input/output error"


def test_what_is_there_obstructs_nothing(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").touch()
    (tmp_path / "link").symlink_to(tmp_path / "bridge.db")
    assert [obstacles.obstructed(tmp_path / each) for each in ("bridge.db", "link", "new.db")] == ["", "", ""]
