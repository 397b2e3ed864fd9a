"""The thread that reads a serial port.

It belongs to the port and knows whom it reads for only weakly: one that is dropped without `close` lets go of port and
thread all the same.
"""

import fcntl
import os
import select
import termios
import threading
import weakref
from contextlib import suppress
from typing import Any, Protocol

import serial

#: seconds for bytes to leave; only flow control or a dead USB device makes it long
WRITE_TIMEOUT = 10.0
#: octets that are read at once: what the kernel keeps of a serial port
MOST = 4096


class Listener(Protocol):
    """Is told on the reader thread."""

    def heard(self, data: bytes) -> None:
        """Some bytes came."""

    def lost(self, error: Exception) -> None:
        """The port is gone: nothing more is read."""


def open_exclusively(path: str, baudrate: int, rtscts: bool, dsrdtr: bool) -> serial.Serial:
    """Open a port that nobody else has open. Raises serial.SerialException."""
    port = serial.Serial(
        path, baudrate, timeout=None, write_timeout=WRITE_TIMEOUT, exclusive=True, rtscts=rtscts, dsrdtr=dsrdtr
    )
    with suppress(OSError):
        # flock keeps out those who ask; this keeps out the others
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    return port


def start(port: serial.Serial, listener: Listener, closing: threading.Event) -> threading.Thread:
    """Read the port on a thread of its own until `closing` is set, the port is gone or the listener is dropped."""
    arguments = (port, weakref.ref(listener), closing)
    thread = threading.Thread(target=_read, args=arguments, name=f"reader {port.port}", daemon=True)
    weakref.finalize(listener, hang_up, port, closing)
    thread.start()
    return thread


def hang_up(port: serial.Serial, closing: threading.Event) -> None:
    """Let the thread end, which closes the port; does not wait for it."""
    closing.set()
    with suppress(Exception):
        port.cancel_read()


def _read(port: serial.Serial, owner: "weakref.ref[Listener]", closing: threading.Event) -> None:
    """The thread alone closes the port: a descriptor is never closed under a read."""
    loss: Exception | None = None
    try:
        while not closing.is_set():
            data = _heard(port)
            listener = owner()
            if listener is None:
                break
            if data:
                listener.heard(data)
            del listener
    except Exception as error:
        # pyserial lets OSError, TypeError and others out when a device goes; whatever it was, the port is gone
        loss = error
    finally:
        with suppress(Exception):
            fcntl.ioctl(port.fileno(), termios.TIOCNXCL)
        with suppress(Exception):
            port.close()
    listener = owner()
    if loss is not None and listener is not None:
        listener.lost(loss)


def _heard(port: serial.Serial) -> bytes:
    """Wait for what comes and take all of it: an answer comes in one piece, and is told in one; b"" when told to end.

    pyserial would wait for the first octet, ask how many more there are, and wait and read once more.
    """
    wakes: list[Any] = [port, port.pipe_abort_read_r]
    ready, _, _ = select.select(wakes, [], [])
    if port not in ready:  # told to end
        return b""
    try:
        data = os.read(port.fileno(), MOST)
    except BlockingIOError:
        return b""
    except OSError as error:
        raise serial.SerialException(f"read failed: {error}") from error
    if not data:
        raise serial.SerialException("read failed: there is nothing; it was unplugged, or another program reads")
    return data


def write(port: serial.Serial, data: bytes) -> None:
    """Write all of it. Raises serial.SerialException.

    The kernel mostly takes it at once; pyserial would then wait until it would take more.
    """
    try:
        written = os.write(port.fileno(), data)
    except BlockingIOError:
        written = 0
    except OSError as error:
        raise serial.SerialException(f"write failed: {error}") from error
    if written < len(data):
        port.write(data[written:])
