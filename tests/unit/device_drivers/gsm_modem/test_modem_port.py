"""What is read from a port and written to it in one go."""

import os
import threading
from collections.abc import Iterator
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
def ends() -> Iterator[tuple[FileIO, serial.Serial]]:
    """The modem's end of a line, and ours."""
    theirs, line = os.openpty()
    port = port_reader.open_exclusively(os.ttyname(line), 115200, rtscts=False, dsrdtr=False)
    os.close(line)
    with FileIO(theirs, "r+") as modem:
        yield modem, port
        port.close()


def test_an_answer_that_came_in_one_piece_is_told_in_one(ends: tuple[FileIO, serial.Serial]) -> None:
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


def test_a_port_whose_other_end_is_gone_is_lost(ends: tuple[FileIO, serial.Serial]) -> None:
    modem, port = ends
    listener = Heard()
    thread = port_reader.start(port, listener, threading.Event())
    modem.close()
    assert listener.something.wait(PATIENCE)
    thread.join(PATIENCE)
    assert isinstance(listener.loss, serial.SerialException)
    assert "read failed" in str(listener.loss)


def test_what_the_kernel_does_not_take_at_once_is_written_all_the_same(ends: tuple[FileIO, serial.Serial]) -> None:
    modem, port = ends
    text, came = bytes(range(65, 91)) * 4000, bytearray()

    def hear() -> None:
        while len(came) < len(text):
            came.extend(modem.read(1 << 16) or b"")

    thread = threading.Thread(target=hear, daemon=True)
    thread.start()
    port_reader.write(port, text)
    thread.join(PATIENCE)
    assert came == text


def test_writing_to_a_closed_port_is_an_error_of_the_port(ends: tuple[FileIO, serial.Serial]) -> None:
    _, port = ends
    port.close()
    with pytest.raises(serial.SerialException):
        port_reader.write(port, b"AT\r")
