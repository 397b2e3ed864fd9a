"""Sockets that systemd hands over: whose they are, and what is wrong with them."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bridge.errors import ConfigError
from bridge.host.socket_activation import Passed, Sockets


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listening(stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_server(("127.0.0.1", 0)))


def port_of(which: socket.socket) -> int:
    port: int = which.getsockname()[1]
    return port


def test_a_section_takes_those_of_its_name_whatever_their_port(stack: ExitStack) -> None:
    four, six, other = listening(stack), listening(stack), listening(stack)
    sockets = Sockets([Passed("http", four), Passed("zhenzi", other), Passed("http", six)])
    assert sockets.take("http", 8080) == [four, six]
    assert sockets.take("dialects.zhenzi", 8081) == [other]
    sockets.none_left()


def test_a_section_takes_the_one_on_its_port_when_none_has_its_name(stack: ExitStack) -> None:
    ours, other = listening(stack), listening(stack)
    sockets = Sockets([Passed("sms-bridge.socket", other), Passed("sms-bridge.socket", ours)])
    assert sockets.take("http", port_of(ours)) == [ours]
    with pytest.raises(ConfigError, match=f"127.0.0.1 port {port_of(other)} .* FileDescriptorName=http"):
        sockets.none_left()


def test_a_section_without_one_gets_none(stack: ExitStack) -> None:
    sockets = Sockets([Passed("http", listening(stack))])
    assert sockets.take("dialects.zhenzi", 0) == []


def test_says_of_each_what_is_wrong_with_it(stack: ExitStack) -> None:
    datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    local = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    bound = stack.enter_context(socket.socket())
    bound.bind(("127.0.0.1", 0))
    with pytest.raises(ConfigError) as refused:
        Sockets([Passed("a", datagrams), Passed("b", local), Passed("c", bound)])
    not_a, not_b, not_c = refused.value.problems
    assert all("is not TCP" in each for each in (not_a, not_b))
    assert f"127.0.0.1 port {port_of(bound)} is a connection" in not_c


@pytest.mark.parametrize("process", ["", "1"], ids=["nobody", "another process"])
def test_what_is_for_others_is_left_alone(process: str) -> None:
    environment = {"LISTEN_PID": process, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http", "PATH": "/bin"}
    sockets = Sockets.of(environment)
    assert sockets.take("http", 8080) == []
    assert environment == {"PATH": "/bin"}
