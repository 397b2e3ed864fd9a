"""Programs that nobody here wrote: clients from PyPI and npm, each in a folder of its own, and what Debian has."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

DEADLINE = 60  # seconds for a client to end
INSTALLING = 300  # seconds for a download


def from_pypi(cache: pytest.Cache, *requirements: str) -> Path:
    """A folder with these in it, downloaded once and kept with pytest's cache."""
    folder = _folder(cache, requirements)
    if not (folder / "complete").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command = [*pip, "--no-compile", "--target", str(folder), *requirements]
        subprocess.run(command, check=True, timeout=INSTALLING)
        (folder / "complete").touch()
    return folder


def from_npm(cache: pytest.Cache, *packages: str) -> Path:
    """Like `from_pypi`; what is in the folder finds these by `require`."""
    folder = _folder(cache, packages)
    if not (folder / "complete").exists():
        command = [program("npm"), "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run([*command, "--prefix", str(folder), *packages], check=True, timeout=INSTALLING)
        (folder / "complete").touch()
    return folder


def _folder(cache: pytest.Cache, names: tuple[str, ...]) -> Path:
    return Path(cache.mkdir("foreign")) / "+".join(names).replace("/", "-")


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
    """Run Python with these packages and nothing of ours."""
    paths = {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    return await run(sys.executable, "-S", "-c", code, *arguments, variables=paths)


async def node(packages: Path, code: str, *arguments: str) -> Said:
    """Run JavaScript that may `require` these packages."""
    return await run(program("node"), "-e", code, "--", *arguments, folder=packages)


async def php(code: str, *arguments: str) -> Said:
    """Run PHP, told as on a page: with its opening mark."""
    return await run(program("php"), "-d", "display_errors=stderr", "-r", code.removeprefix("<?php"), "--", *arguments)
