"""Programs that nobody here wrote: clients from PyPI and npm, each in a folder of its own, and what Debian has."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

DEADLINE = 120  # seconds for a client to end
INSTALLING = 300  # seconds for a download


def from_pypi(cache: pytest.Cache, *requirements: str) -> Path:
    """A folder with these in it, downloaded once and kept with pytest's cache."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return _filled(cache, requirements, [*pip, "--no-compile", "--target"])


def from_npm(cache: pytest.Cache, *packages: str) -> Path:
    """Like `from_pypi`; what is in the folder finds these by `require`."""
    npm = [program("npm"), "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    return _filled(cache, packages, [*npm, "--prefix"])


def _filled(cache: pytest.Cache, names: Sequence[str], command: Sequence[str]) -> Path:
    """Let `command`, with a folder and the names, fill that folder once, whoever else wants it at the same time."""
    folder = Path(cache.mkdir("foreign")) / "+".join(names).replace("/", "-")
    with folder.with_suffix(f"{folder.suffix}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            subprocess.run([*command, str(folder), *names], check=True, timeout=INSTALLING)
            (folder / "complete").touch()
    return folder


def program(name: str) -> str:
    """Where a program is that this machine must have."""
    found = shutil.which(name)
    assert found, f"there is no {name} here: Debian has it in nodejs, npm, php-cli, ruby and curl"
    return found


@dataclass(frozen=True)
class Said:
    """How a client ended, and what it wrote."""

    code: int
    out: str
    err: str


async def run(*command: str, folder: Path | None = None, variables: Mapping[str, str] | None = None) -> Said:
    """Run a client to its end while the bridge goes on in this process."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **(variables or {})},
    )
    async with asyncio.timeout(DEADLINE):
        out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode(), err.decode())


async def python(packages: Path, code: str, *arguments: str) -> Said:
    """Run Python with these packages and nothing of ours. What it compiles of them is there for the next one."""
    paths = {"PYTHONPATH": str(packages)}
    return await run(sys.executable, "-S", "-c", code, *arguments, variables=paths)


async def node(packages: Path, code: str, *arguments: str) -> Said:
    """Run JavaScript that may `require` these packages."""
    return await run(program("node"), "-e", code, "--", *arguments, folder=packages)


async def php(code: str, *arguments: str) -> Said:
    """Run PHP, told as on a page: with its opening mark."""
    return await run(program("php"), "-d", "display_errors=stderr", "-r", code.removeprefix("<?php"), "--", *arguments)
