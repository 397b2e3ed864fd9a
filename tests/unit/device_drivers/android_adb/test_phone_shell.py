"""What an answer looks like that came by the older shell protocol, whole or cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.android_adb.server import Server
from device_drivers.android_adb.shell import Answer, Shell, unfenced

NONCE = "0123456789abcdef"


def printed(out: str, code: int = 0, terminal: bool = False) -> str:
    """As the phone prints a script that says `out`."""
    text = f"{NONCE}\n{out}\n{NONCE}:{code}\n"
    return text.replace("\n", "\r\n") if terminal else text


@given(st.text(), st.integers(0, 255), st.booleans())
def test_an_answer_comes_out_as_it_went_in_with_or_without_a_terminal(out: str, code: int, terminal: bool) -> None:
    assert unfenced(printed(out, code, terminal), NONCE) == Answer(out, "", code)


@pytest.mark.parametrize("terminal", [False, True])
def test_what_the_phone_says_before_the_answer_is_no_part_of_it(terminal: bool) -> None:
    warning = "WARNING: linker: something is deprecated\n"
    assert unfenced(warning + printed("found\n", 3, terminal), NONCE) == Answer("found\n", "", 3)


@pytest.mark.parametrize("cut", [0, 5, len(NONCE) + 3, len(NONCE) + 6])
def test_an_answer_that_was_cut_is_none(cut: int) -> None:
    with pytest.raises(EOFError):
        unfenced(printed("found\n")[:cut], NONCE)


@contextmanager
def adb_that_tells(*lists: str) -> Iterator[Server]:
    """An adb server whose phones change so quickly that the last list is what it knows when it is asked."""

    def answer(caller: socket.socket) -> None:
        with caller:
            asked = caller.recv(4)
            service = caller.recv(int(asked, 16)) if asked else b""
            blocks = {b"host:track-devices": lists, b"host:devices": lists[-1:]}.get(service, ("0029",))
            caller.sendall(b"OKAY" + b"".join(f"{len(block):04x}{block}".encode() for block in blocks))
            if service == b"host:track-devices":
                caller.recv(1)  # until the other side is gone

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(caller,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield Server("127.0.0.1", server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        (("A\tdevice\n", "A\tdevice\nB\toffline\n"), ["device"]),
        (("A\tdevice\n", "A\toffline\n", "A\tdevice\n"), ["device", "absent"]),
        (("A\tdevice\n", "", "A\tdevice\n"), ["device", "absent"]),
        (("A\tdevice\n", "A\tunauthorized\n"), ["unauthorized", "unauthorized"]),
    ],
)
def test_a_phone_that_was_away_for_a_moment_was_away(lists: tuple[str, ...], told: list[str]) -> None:
    with adb_that_tells(*lists) as server:
        shell, heard, enough = Shell(server, "A", 10.0), [], threading.Event()

        def hear(state: str) -> None:
            heard.append(state)
            if len(heard) == len(told):
                enough.set()

        shell.watch(hear)
        assert enough.wait(10)
        shell.close()
        assert heard[: len(told)] == told
