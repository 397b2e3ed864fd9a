"""`/readyz` on a disk that takes nothing more: the real `serve` process."""

import json
import os
import resource
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DEADLINE, Running, Start
from tests.support.ports import free_port


def ask(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def ask_until(url: str, wanted: int) -> Any:
    """What it says once it answers with this status; it looks at the disk once a second."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        status, told = ask(url)
        if status == wanted:
            return told
        time.sleep(0.1)
    raise AssertionError(f"{url} still answers {status}: {told}")


@pytest.fixture
def bridge(start: Start, tmp_path: Path) -> tuple[Running, str]:
    port = free_port()
    file = tmp_path / "config.toml"
    file.write_text(f'[http]\nport = {port}\n[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n')
    serving = start("serve", "--config", str(file), together=True)
    serving.says("INFO bridge.daemon.run: ready at ")
    return serving, f"http://127.0.0.1:{port}"


def test_says_why_when_nothing_more_can_be_written_and_recovers(bridge: tuple[Running, str], tmp_path: Path) -> None:
    serving, url = bridge
    assert ask(f"{url}/readyz")[0] == 200
    was = resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE)
    # as on a full disk, no file may grow or be written beyond its first page
    resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, (4096, was[1]))
    told = ask_until(f"{url}/readyz", 503)
    assert told["status"] == "not ready"
    assert "nothing was accepted" in told["reason"]
    assert ask(f"{url}/livez") == (200, {"status": "live"})
    resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, was)
    assert ask_until(f"{url}/readyz", 200)["reason"] == ""
    assert serving.stop(signal.SIGTERM).code == 0


def test_many_probes_cost_one_write_a_second(bridge: tuple[Running, str], tmp_path: Path) -> None:
    _, url = bridge
    log = Path(f"{tmp_path}/bridge.db-wal")
    assert ask(f"{url}/readyz")[0] == 200
    began, before = time.monotonic(), _frames(log)
    for _ in range(100):
        assert ask(f"{url}/readyz")[0] == 200
    # a frame is a page and its header (SQLite file format, "The Write-Ahead Log")
    written = _frames(log) - before
    assert written <= time.monotonic() - began + 1


def _frames(log: Path) -> int:
    return (os.stat(log).st_size - 32) // (4096 + 24)
