"""What is read from a port and written to it in one go."""

import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO

import pytest
import serial

from device_drivers.gsm_modem import port_reader

PATIENCE = 30.0  # s


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.loss: Exception | None = None
        self.something = threading.Event()

    def heard(self, data: bytes) -> None:
        """Keep it."""
        self.told.append(data)
        self.something.set()

    def lost(self, error: Exception) -> None:
        """Keep it."""
        self.loss = error
        self.something.set()


@pytest.fixture
def ends() -> Iterator[tuple[FileIO, port_reader.Port]]:
    """The modem's end of a line, and ours."""
    theirs, line = os.openpty()
    port = port_reader.open_exclusively(os.ttyname(line), 115200, rtscts=False, dsrdtr=False)
    os.close(line)
    with FileIO(theirs, "r+") as modem:
        yield modem, port
        port.close()


def test_an_answer_that_came_in_one_piece_is_told_in_one(ends: tuple[FileIO, port_reader.Port]) -> None:
    modem, port = ends
    answer = b'\r\n+CMGL: 1,1,"",25\r\n' + b"00" * 1000 + b"\r\n\r\nOK\r\n"
    modem.write(answer)
    listener, closing = Heard(), threading.Event()
    thread = port_reader.start(port, listener, closing)
    assert listener.something.wait(PATIENCE)
    port_reader.hang_up(port, closing)
    thread.join(PATIENCE)
    assert (listener.told, listener.loss) == ([answer], None)
    assert not port.is_open, "the thread that reads it closes it"


def test_a_port_whose_other_end_is_gone_is_lost(ends: tuple[FileIO, port_reader.Port]) -> None:
    modem, port = ends
    listener = Heard()
    thread = port_reader.start(port, listener, threading.Event())
    modem.close()
    assert listener.something.wait(PATIENCE)
    thread.join(PATIENCE)
    assert isinstance(listener.loss, serial.SerialException)
    assert "read failed" in str(listener.loss)


def test_what_the_kernel_does_not_take_at_once_is_written_all_the_same(ends: tuple[FileIO, port_reader.Port]) -> None:
    modem, port = ends
    text, came = bytes(range(65, 91)) * 4000, bytearray()

    def hear() -> None:
        while len(came) < len(text):
            came.extend(modem.read(1 << 16) or b"")

    thread = threading.Thread(target=hear, daemon=True)
    thread.start()
    port.put(text)
    thread.join(PATIENCE)
    assert came == text


def test_writing_to_a_closed_port_is_an_error_of_the_port(ends: tuple[FileIO, port_reader.Port]) -> None:
    _, port = ends
    port.close()
    with pytest.raises(serial.SerialException):
        port.put(b"AT\r")


def test_a_write_that_the_kernel_does_not_take_ends_in_time_and_at_once_when_told(
    ends: tuple[FileIO, port_reader.Port], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, port = ends
    monkeypatch.setattr(port_reader, "WRITE_TIMEOUT", 0.5)
    began = time.thread_time()
    with pytest.raises(serial.SerialTimeoutException):
        port.put(bytes(1 << 20))
    assert time.thread_time() - began < 0.25, "it tried without a pause"
    monkeypatch.setattr(port_reader, "WRITE_TIMEOUT", 1000.0)
    port.cancel_write()
    with pytest.raises(serial.SerialException, match="ended"):
        port.put(bytes(1 << 20))


def test_a_port_is_read_and_written_whatever_the_number_of_its_descriptor() -> None:
    """`select` knows those below 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    theirs, line = os.openpty()
    kept = [os.dup(theirs) for _ in range(1100)]
    port = port_reader.open_exclusively(os.ttyname(line), 115200, rtscts=False, dsrdtr=False)
    for each in (*kept, line):
        os.close(each)
    assert port.fileno() > 1024
    with FileIO(theirs, "r+") as modem:
        port.put(b"AT\r")
        assert modem.read(3) == b"AT\r"
        modem.write(b"OK\r\n")
        listener, closing = Heard(), threading.Event()
        thread = port_reader.start(port, listener, closing)
        assert listener.something.wait(PATIENCE)
        port_reader.hang_up(port, closing)
        thread.join(PATIENCE)
        assert (listener.told, listener.loss) == ([b"OK\r\n"], None)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_nothing_is_written_to_what_has_the_number_of_a_closed_port(ends: tuple[FileIO, port_reader.Port]) -> None:
    _, port = ends
    descriptor, enough = port.fileno(), threading.Event()

    def keep_writing() -> None:
        with suppress(serial.SerialException):
            while not enough.is_set():
                port.put(b"AT\r")

    thread = threading.Thread(target=keep_writing, daemon=True)
    thread.start()
    port.close()
    with tempfile.TemporaryFile() as other:
        os.dup2(other.fileno(), descriptor)
        thread.join(0.2)
        enough.set()
        thread.join(PATIENCE)
        assert os.fstat(descriptor).st_size == 0
        os.close(descriptor)
