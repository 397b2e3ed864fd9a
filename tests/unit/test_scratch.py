"""Tests write in memory where there is enough of it, and on the disk elsewhere."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.support import scratch


@pytest.fixture
def unmoved(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nobody has named a folder."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    return monkeypatch


def test_memory_is_used_where_there_is_enough(unmoved: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unmoved.setattr(scratch, "MEMORY", tmp_path)
    unmoved.setattr(scratch, "usable", lambda: True)
    scratch.move()
    assert (os.environ["TMPDIR"], tempfile.gettempdir()) == (f"{tmp_path}", f"{tmp_path}")


def test_the_disk_is_used_where_there_is_not(unmoved: pytest.MonkeyPatch) -> None:
    unmoved.setattr(scratch, "usable", lambda: False)
    scratch.move()
    assert "TMPDIR" not in os.environ


def test_a_folder_that_somebody_names_is_used(unmoved: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unmoved.setenv("TMPDIR", f"{tmp_path}")
    unmoved.setattr(scratch, "usable", lambda: True)
    scratch.move()
    assert tempfile.gettempdir() == f"{tmp_path}"


def test_memory_must_be_there_large_enough_and_run_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scratch.usable(tmp_path, enough=1)
    assert not scratch.usable(tmp_path / "missing", enough=1)
    assert not scratch.usable(tmp_path, enough=1 << 60)
    as_it_is = os.statvfs(tmp_path)
    noexec = os.statvfs_result((*as_it_is[:8], os.ST_NOEXEC, *as_it_is[9:]))
    monkeypatch.setattr(os, "statvfs", lambda _: noexec)
    assert not scratch.usable(tmp_path, enough=1)
