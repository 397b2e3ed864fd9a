"""Doors: which addresses, whose Unix socket, and how many files this process may open."""

import asyncio
import os
import resource
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.http.connections import Connections, Limits
from api.http.listener import RESERVE, Listener, bound, bound_unix, enough_files
from api.http.proxies import Proxies
from bridge.errors import ConfigError


class Echo(asyncio.Protocol):
    """Sends back what it gets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]


@pytest.fixture
def files() -> Iterator[tuple[int, int]]:
    """The limits of this process, put back afterwards."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield limits
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_a_port_is_bound_on_every_address_of_the_host_or_on_none() -> None:
    (door,) = await bound("127.0.0.1", 0)
    port = door.getsockname()[1]
    try:
        with pytest.raises(OSError, match="in use"):
            await bound("127.0.0.1", port)
    finally:
        door.close()


def test_a_socket_lets_nobody_in_but_whom_its_mode_says(tmp_path: Path) -> None:
    with bound_unix(tmp_path / "door", 0o600):
        assert stat.S_IMODE((tmp_path / "door").stat().st_mode) == 0o600


def test_a_socket_that_a_dead_bridge_left_is_replaced(tmp_path: Path) -> None:
    bound_unix(tmp_path / "door", 0o600).close()
    with bound_unix(tmp_path / "door", 0o660), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(tmp_path / "door"))


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "door").write_text("a letter")
    with pytest.raises(OSError, match="is no socket"):
        bound_unix(tmp_path / "door", 0o600)
    assert (tmp_path / "door").read_text() == "a letter"


def test_a_path_that_is_too_long_for_a_socket_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        bound_unix(tmp_path / ("x" * 108), 0o600)


def test_the_limit_of_open_files_is_raised_as_far_as_is_needed(files: tuple[int, int]) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, files[1]))
    enough_files(100)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 256
    enough_files(200)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 200 + RESERVE


def test_says_what_to_set_when_this_process_may_not_open_as_many(files: tuple[int, int]) -> None:
    far_too_many = 2**60
    if files[1] == resource.RLIM_INFINITY:
        enough_files(far_too_many)
        return
    with pytest.raises(ConfigError, match=rf"LimitNOFILE={far_too_many + RESERVE} in the unit"):
        enough_files(far_too_many)


async def test_who_comes_in_is_served_until_the_door_closes(tmp_path: Path) -> None:
    connections = Connections(Limits(), Proxies())
    door = bound_unix(tmp_path / "door", 0o600)
    listener = Listener(door, Echo, connections)
    listener.start()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "door")
    writer.write(b"hello")
    assert await reader.read(5) == b"hello"
    await listener.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_unix_connection(tmp_path / "door")
    connections.close()
    writer.close()


async def test_one_who_is_gone_before_being_accepted_disturbs_nobody(tmp_path: Path) -> None:
    connections = Connections(Limits(), Proxies())
    listener = Listener(bound_unix(tmp_path / "door", 0o600), Echo, connections)
    with socket.socket(socket.AF_UNIX) as impatient:
        impatient.connect(os.fspath(tmp_path / "door"))
    listener.start()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "door")
    writer.write(b"hello")
    assert await reader.read(5) == b"hello"
    await listener.close()
    connections.close()
    writer.close()
