"""`sms-bridge serve` as a service manager runs it: told of its state, handed its socket, reloaded, judged alive."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ports import free_port

DEADLINE = 100.0  # s
#: signs of life are wanted at half of this
WATCHDOG = 1.0  # s
SERVE = (sys.executable, "-m", "bridge", "serve", "--config", "config.toml")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    return tmp_path


@pytest.fixture
def manager(home: Path) -> Iterator[socket.socket]:
    """The service manager's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(home / "notify"))
        end.settimeout(DEADLINE)
        yield end


def heard(manager: socket.socket, start: str) -> list[str]:
    """What came with the next line that begins so."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        lines = manager.recv(4096).decode().splitlines()
        if any(line.startswith(start) for line in lines):
            return lines
    raise AssertionError(f"the bridge never said {start}")


def falls_silent(manager: socket.socket) -> bool:
    """Whether nothing comes for as long as two signs of life would take, once what is on its way has arrived."""
    manager.settimeout(2 * WATCHDOG)
    try:
        for _ in range(30):
            manager.recv(4096)
    except TimeoutError:
        return True
    return False


def serving(home: Path, *before: str) -> subprocess.Popen[str]:
    """`serve`, told where the manager listens; `before` is what starts it instead of us."""
    told = {
        "NOTIFY_SOCKET": str(home / "notify"), "WATCHDOG_USEC": str(round(WATCHDOG * 1e6)),
        "HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    passed_on = [f"--setenv={name}={value}" for name, value in told.items()] if before else []
    command = [*before, *passed_on, *SERVE]
    return subprocess.Popen(command, cwd=home, env=os.environ | told, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def bridge(home: Path, manager: socket.socket) -> Iterator[subprocess.Popen[str]]:
    """A bridge that said it is ready."""
    with serving(home) as process:
        try:
            assert heard(manager, "READY=1") == ["READY=1", "STATUS=0 of 0 lines ready, 0 messages waiting"]
            yield process
        finally:
            process.kill()


def test_a_reload_is_begun_and_ended(bridge: subprocess.Popen[str], manager: socket.socket) -> None:
    bridge.send_signal(signal.SIGHUP)
    assert heard(manager, "RELOADING=1")[1].startswith("MONOTONIC_USEC=")
    assert heard(manager, "READY=1")
    bridge.send_signal(signal.SIGTERM)
    assert heard(manager, "STOPPING=1")
    assert bridge.wait(DEADLINE) == 0


def test_signs_of_life_end_while_the_store_hangs_and_come_again(
    bridge: subprocess.Popen[str], manager: socket.socket, home: Path
) -> None:
    heard(manager, "WATCHDOG=1")
    with closing(sqlite3.connect(home / "sms.db", isolation_level=None, timeout=DEADLINE)) as another:
        another.execute("BEGIN EXCLUSIVE")
        assert falls_silent(manager)
        another.execute("ROLLBACK")
    manager.settimeout(DEADLINE)
    heard(manager, "WATCHDOG=1")
    assert bridge.poll() is None


def test_a_bridge_that_is_aborted_shows_where_it_was(bridge: subprocess.Popen[str]) -> None:
    bridge.send_signal(signal.SIGABRT)
    _, errors = bridge.communicate(timeout=DEADLINE)
    assert bridge.returncode == -signal.SIGABRT
    assert "store writer" in errors or 'bridge/store/writer.py", line' in errors


@pytest.mark.needs("systemd-socket-activate")
def test_answers_where_systemd_listens_for_it(home: Path, manager: socket.socket) -> None:
    port = free_port()
    with serving(home, "systemd-socket-activate", "--listen", f"127.0.0.1:{port}", "--fdname=http") as process:
        try:
            _until_it_listens(port)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=DEADLINE) as answer:
                assert json.load(answer) == {"status": "live"}
            assert heard(manager, "READY=1")
            assert json.loads((home / "control.json").read_text())["url"] == f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _until_it_listens(port: int) -> None:
    """Connect until somebody takes it; that is what starts the bridge."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.needs("systemd-socket-activate")
def test_says_which_socket_has_no_use(home: Path) -> None:
    port = free_port()
    with serving(home, "systemd-socket-activate", "--listen", f"127.0.0.1:{port}", "--fdname=web") as process:
        try:
            _until_it_listens(port)
            _, errors = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    assert process.returncode == 2
    assert f"sms-bridge: systemd listens on 127.0.0.1 port {port} for us" in errors
    assert "Traceback" not in errors
