"""What one may not open is said with what to do about it."""

import grp
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bridge.config import rights
from tests.support.rights import anybody
from tests.support.users import NOBODY

SUDO = "run it with sudo, or choose a place that is yours"


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody may enter."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_a_file_that_is_closed_is_opened_with_sudo(folder: Path) -> None:
    (folder / "config.toml").touch(0o000)
    with anybody():
        assert rights.remedy(folder / "config.toml") == SUDO
        assert rights.remedy(str(folder / "new.csv")) == SUDO


def test_what_a_group_may_read_is_read_by_joining_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    monkeypatch.setattr(rights, "GROUP", group)
    closed = folder / "sms-bridge"
    closed.mkdir()
    if os.getuid() == 0:
        os.chown(closed, NOBODY, os.getgid())
    closed.chmod(0o050)  # an owner without rights has none by the group
    join = f"run it with sudo, or join the group: sudo usermod -aG {group} $USER, then log in again"
    with anybody():
        assert rights.remedy(closed) == join
        assert rights.remedy(closed / "config.toml") == join
    closed.chmod(0o700 if os.getuid() else 0o000)
    monkeypatch.setattr(rights, "GROUP", "sms-bridge-of-nobody")
    with anybody():
        assert rights.remedy(closed / "config.toml") == SUDO


def test_root_is_given_no_such_advice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert rights.remedy(folder / "config.toml") == ""
