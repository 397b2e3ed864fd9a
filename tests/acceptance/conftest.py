"""The real command line in processes of its own, at home in a temporary directory."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


SmsBridge = Callable[..., Ended]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of this machine's own bridge: a home, a state directory and no settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SMS_BRIDGE__")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path / "home"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "100",
    }


@pytest.fixture
def sms_bridge(environment: dict[str, str], tmp_path: Path) -> SmsBridge:
    """Run `sms-bridge …` to its end."""

    def run(*arguments: str, **variables: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment | variables,
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run
