"""`make demo-cluster`, with fewer messages: the books are balanced, and nothing of it is left."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.acceptance.conftest import ROOT


def play(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The demo in a process of its own, and in a folder for what it makes."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cluster", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=os.environ | {"TMPDIR": str(folder)}, start_new_session=True,
    )  # fmt: skip


@pytest.fixture
def folder() -> Path:
    """Short, for sockets have short names, and not closed to PostgreSQL's user."""
    made = Path(tempfile.mkdtemp(prefix="cluster-"))
    made.chmod(0o755)
    return made


def left(folder: Path) -> list[str]:
    """What is still there; removes the folder where there is nothing."""
    found = [path.name for path in folder.iterdir()]
    if not found:
        folder.rmdir()
    return found


@pytest.mark.long
@pytest.mark.timeout(300)
def test_loses_and_doubles_nothing_with_one_of_each_killed(folder: Path) -> None:
    demo = play(folder, "--messages", "40")
    told, errors = demo.communicate()
    assert (demo.returncode, errors) == (0, ""), told
    assert "kill -9 api-1" in told
    assert "kill -9 bridge-1" in told
    assert told.endswith("0 lost, 0 doubled\n")
    counts = dict(re.findall(r"^  (\S.*?) {2,}(\d+)", told, re.MULTILINE))
    assert (counts["accepted"], counts["received"]) == ("40", counts["written by customers"])
    assert left(folder) == []


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("words", ["starting PostgreSQL", "kill -9 bridge-1"])
def test_leaves_nothing_behind_when_it_is_stopped(folder: Path, words: str) -> None:
    demo = play(folder, "--messages", "1000")
    assert demo.stdout is not None
    for line in demo.stdout:
        if words in line:
            break
    os.killpg(demo.pid, signal.SIGINT)  # as a terminal does
    told, errors = demo.communicate()
    assert (demo.returncode, "stopped; everything is ended and removed" in told, errors) == (130, True, "")
    assert left(folder) == []
