"""Who listens on a port."""

import os
import socket
from pathlib import Path

import pytest

from bridge.doctor import listeners
from bridge.doctor.listeners import Listener


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def test_finds_the_process_that_listens(family: socket.AddressFamily) -> None:
    address = "127.0.0.1" if family is socket.AF_INET else "::1"
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        found = listeners.of_port(port)
        assert found is not None
        assert found.pid == os.getpid()
    assert listeners.of_port(port) is None


def test_who_only_connects_does_not_listen() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as caller,
    ):
        assert listeners.of_port(caller.getsockname()[1]) is None


def test_another_users_process_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100\n"
    (tmp_path / "net/tcp").write_text(head + line)
    (tmp_path / "42").mkdir()  # its fd cannot be read
    assert listeners.of_port(8080, tmp_path) is None


@pytest.mark.parametrize(
    ("words", "name", "is_bridge", "is_demo"),
    [
        (("/usr/sbin/nginx", "-g", "daemon off;"), "nginx", False, False),
        (("/opt/venv/bin/python3", "/opt/venv/bin/sms-bridge", "serve"), "sms-bridge", True, False),
        (("python3", "/home/me/.venv/bin/sms-bridge", "demo", "--http", "x"), "sms-bridge", True, True),
        (("python3", "-m", "bridge", "demo"), "python3", True, True),
        (("python3", "-X", "dev", "-m", "bridge"), "python3", True, False),
        (("python3", "-c", "import this"), "python3", False, False),
        (("node", "server.js", "demo"), "server.js", False, False),
        ((), "process 7", False, False),
    ],
    ids=str,
)
def test_knows_what_it_is(words: tuple[str, ...], name: str, is_bridge: bool, is_demo: bool) -> None:
    found = Listener(7, words)
    assert (found.name, found.is_bridge, found.is_demo) == (name, is_bridge, is_demo)
