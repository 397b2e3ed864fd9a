"""`make`: environments that were left half made, and machines that lack something; one sentence says what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
#: nobody answers there: a machine without a network
NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}

Make = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.needs("make")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run make in a tree with our Makefile; the environment that it makes is `.venv` there."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['setuptools']\n[project]\nname = 'x'\nversion = '1'\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "-C", str(tmp_path), "--no-print-directory", *arguments]
        if not any(each.startswith("PYTHON=") for each in arguments):
            command.append(f"PYTHON={sys.executable}")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE"))}
        return subprocess.run(
            command, env=environment | NOWHERE, capture_output=True, text=True, check=False, timeout=120
        )

    return run


def program(path: Path, script: str) -> str:
    """A Python that is not like ours."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"PYTHON={path}"


def test_an_old_python_is_named_with_what_is_needed(make: Make, tmp_path: Path) -> None:
    old = program(tmp_path / "old", 'case "$2" in *platform*) echo 3.9.2;; *) exit 1;; esac')
    done = make("demo", old)
    assert done.returncode
    assert "needs Python 3.11 or newer" in done.stderr
    assert "is 3.9.2" in done.stderr
    assert "make demo PYTHON=python3.11" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_machine_without_python_is_told_the_package(make: Make, tmp_path: Path) -> None:
    done = make("demo", f"PYTHON={tmp_path / 'none'}")
    assert done.returncode
    assert "sudo apt install python3 python3-venv" in done.stderr


def test_a_python_without_venv_is_told_the_package(make: Make, tmp_path: Path) -> None:
    done = make("test", program(tmp_path / "bare", 'case "$2" in *ensurepip*) exit 1;; esac'))
    assert done.returncode
    assert "sudo apt install python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_environment_that_was_left_half_made_is_made_anew(make: Make, tmp_path: Path) -> None:
    half = tmp_path / ".venv"
    (half / "bin").mkdir(parents=True)
    (half / "bin" / "python").symlink_to(sys.executable)
    (half / "pyvenv.cfg").touch()
    (half / ".product").touch()
    assert make(".venv/.made").returncode == 0
    assert not (half / ".product").exists(), "what was installed before does not count"
    assert subprocess.run([half / "bin" / "python", "-m", "pip", "--version"], check=False).returncode == 0


def test_a_directory_that_is_no_environment_is_left_alone(make: Make, tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "thesis.txt").write_text("mine")
    done = make("demo")
    assert done.returncode
    assert "make demo VENV=.venv2" in done.stderr
    assert (tmp_path / ".venv" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("target", ["demo", "test"])
def test_without_a_network_it_is_said_and_nothing_counts_as_done(make: Make, tmp_path: Path, target: str) -> None:
    done = make(target)
    assert done.returncode
    assert "Is there a network" in done.stderr
    assert "run the same command again" in done.stderr
    assert not [mark for mark in (".product", ".dev") if (tmp_path / ".venv" / mark).exists()]
