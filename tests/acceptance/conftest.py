"""The real command line in processes of its own, at home in a temporary directory."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bridge.cli import commands

ROOT = Path(__file__).parents[2]
DEADLINE = 100  # seconds for anything to end


@dataclass(frozen=True)
class Ended:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


SmsBridge = Callable[..., Ended]
Start = Callable[..., "Running"]


@dataclass(frozen=True)
class Running:
    """A command that goes on; what it writes to standard error lies in a file, or is part of what it says."""

    process: subprocess.Popen[str]
    errors: Path

    def says(self, start: str = "") -> str:
        """The next line that begins so."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            if line.startswith(start):
                return line.rstrip("\n")
            said.append(line)
        raise AssertionError(f"it ended without saying {start!r}: {''.join(said)}{self.errors.read_text()}")

    def stop(self, number: int = signal.SIGINT) -> Ended:
        """End it, and hear the rest of what it says."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> Ended:
        """Wait until it ends by itself."""
        out, _ = self.process.communicate(timeout=DEADLINE)
        return Ended(self.process.returncode, out, self.errors.read_text())


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of this machine's own bridge: a home, a state directory and no settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SMS_BRIDGE__")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "HOME": str(tmp_path / "home"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "100",
    }


@pytest.fixture
def sms_bridge(environment: dict[str, str], tmp_path: Path) -> SmsBridge:
    """Run `sms-bridge …` to its end, within this process because that takes a fraction of the time."""
    foreign = {name: None for name in os.environ if name.startswith("SMS_BRIDGE__")}

    def run(*arguments: str, typed: str = "", **variables: str) -> Ended:
        runner = CliRunner(env=environment | foreign | variables)
        with chdir(tmp_path):
            done = runner.invoke(commands, arguments, typed, prog_name="sms-bridge", catch_exceptions=False)
        return Ended(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def sms_bridge_process(environment: dict[str, str], tmp_path: Path) -> SmsBridge:
    """Run `sms-bridge …` to its end, in a process of its own."""

    def run(*arguments: str, **variables: str) -> Ended:
        done = subprocess.run(
            _command(arguments),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment | variables,
            timeout=DEADLINE,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start `sms-bridge …`, with `together` standard error among what it says; whatever still runs is ended."""
    with ExitStack() as stack:

        def begin(*arguments: str, together: bool = False) -> Running:
            return stack.enter_context(_running(arguments, environment, tmp_path, together))

        yield begin


@contextmanager
def _running(
    arguments: Sequence[str], environment: dict[str, str], directory: Path, together: bool
) -> Iterator[Running]:
    errors = directory / f"errors-{len(list(directory.glob('errors-*')))}"
    with (
        errors.open("w") as file,
        subprocess.Popen(
            _command(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if together else file,
            text=True,
            cwd=directory,
            env=environment,
        ) as process,
    ):
        try:
            yield Running(process, errors)
        finally:
            process.kill()


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "bridge", *arguments]


def rows(done: Ended) -> list[dict[str, Any]]:
    """What a list prints for programs: an object a line."""
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def tail(start: Start, *data: str) -> Running:
    """Live events of the demo, from now on."""
    running = start("tail", "--json", *data, together=True)
    running.says("Listening")
    return running


def heard(running: Running, name: str) -> dict[str, Any]:
    """The next event of this name."""
    while True:
        event: dict[str, Any] = json.loads(running.says("{"))
        if event["name"] == name:
            return event
