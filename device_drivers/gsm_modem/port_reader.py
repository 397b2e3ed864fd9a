"""The thread that reads a serial port.

It belongs to the port and knows whom it reads for only weakly: one that is dropped without `close` lets go of port and
thread all the same.
"""

import fcntl
import os
import select
import termios
import threading
import time
import weakref
from contextlib import suppress
from typing import Any, Protocol

import serial

#: seconds for bytes to leave; only flow control or a dead USB device makes it long
WRITE_TIMEOUT = 10.0
#: seconds between tries while the kernel takes nothing, and says that it would
REFUSED_PAUSE = 0.005
#: octets that are read at once: what the kernel keeps of a serial port
MOST = 4096


class Listener(Protocol):
    """Is told on the reader thread."""

    def heard(self, data: bytes) -> None:
        """Some bytes came."""

    def lost(self, error: Exception) -> None:
        """The port is gone: nothing more is read."""


class Port(serial.Serial):
    """A port that is closed between two uses of its descriptors: a moment later their numbers may be other files'."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._use = threading.RLock()
        super().__init__(*given, **named)

    def close(self) -> None:
        """Close it. Harmless when repeated."""
        with self._use:
            super().close()

    def cancel_read(self) -> None:
        """End a wait for what comes."""
        with self._use:
            super().cancel_read()

    def cancel_write(self) -> None:
        """End a wait until the kernel takes more."""
        with self._use:
            super().cancel_write()

    def put(self, data: bytes) -> None:
        """Write all of it. Raises serial.SerialException.

        The kernel mostly takes it at once; pyserial would then wait until it would take more.
        """
        ends = time.monotonic() + WRITE_TIMEOUT
        while data:
            taken = self._give(data)
            data = data[taken:]
            if data and self._waits(ends, is_refused=not taken):
                raise serial.SerialException("write failed: it was ended")

    def _give(self, data: bytes) -> int:
        """How many octets the kernel took."""
        with self._use:
            descriptor = self.fileno()
            try:
                return os.write(descriptor, data)
            except BlockingIOError:
                return 0
            except OSError as error:
                raise serial.SerialException(f"write failed: {error}") from error

    def _waits(self, ends: float, is_refused: bool) -> bool:
        """Wait until the kernel takes more; returns whether `cancel_write` was called meanwhile."""
        left = ends - time.monotonic()
        if left <= 0:
            raise serial.SerialTimeoutException(f"write failed: nothing was taken for {WRITE_TIMEOUT:g} s")
        with self._use:
            descriptor, told = self.fileno(), self.pipe_abort_write_r
        assert told is not None  # noqa: S101 - narrows the type; it is open
        wakes = select.poll()
        wakes.register(told, select.POLLIN)
        if not is_refused:  # where it takes nothing, a pseudo-terminal may say that it would
            wakes.register(descriptor, select.POLLOUT)
        ready = wakes.poll((min(left, REFUSED_PAUSE) if is_refused else left) * 1000)
        return any(each == told for each, _ in ready)


def open_exclusively(path: str, baudrate: int, rtscts: bool, dsrdtr: bool) -> Port:
    """Open a port that nobody else has open. Raises serial.SerialException."""
    port = Port(path, baudrate, timeout=None, write_timeout=WRITE_TIMEOUT, exclusive=True, rtscts=rtscts, dsrdtr=dsrdtr)
    with suppress(OSError):
        # flock keeps out those who ask; this keeps out the others
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    return port


def start(port: Port, listener: Listener, closing: threading.Event) -> threading.Thread:
    """Read the port on a thread of its own until `closing` is set, the port is gone or the listener is dropped."""
    arguments = (port, weakref.ref(listener), closing)
    thread = threading.Thread(target=_read, args=arguments, name=f"reader {port.port}", daemon=True)
    weakref.finalize(listener, hang_up, port, closing)
    thread.start()
    return thread


def hang_up(port: Port, closing: threading.Event) -> None:
    """Let the thread end, which closes the port; does not wait for it."""
    closing.set()
    with suppress(Exception):
        port.cancel_read()


def _read(port: Port, owner: "weakref.ref[Listener]", closing: threading.Event) -> None:
    """The thread alone closes the port: a descriptor is never closed under a read."""
    loss: Exception | None = None
    try:
        wakes = select.poll()  # of any descriptor: `select` knows those below 1024
        assert port.pipe_abort_read_r is not None  # noqa: S101 - narrows the type; it is open
        for each in (port.fileno(), port.pipe_abort_read_r):
            wakes.register(each, select.POLLIN)
        while not closing.is_set():
            data = _heard(port, wakes)
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


def _heard(port: Port, wakes: select.poll) -> bytes:
    """Wait for what comes and take all of it: an answer comes in one piece, and is told in one; b"" when told to end.

    pyserial would wait for the first octet, ask how many more there are, and wait and read once more.
    """
    descriptor = port.fileno()
    if all(each != descriptor for each, _ in wakes.poll()):  # told to end
        return b""
    try:
        data = os.read(descriptor, MOST)
    except BlockingIOError:
        return b""
    except OSError as error:
        raise serial.SerialException(f"read failed: {error}") from error
    if not data:
        raise serial.SerialException("read failed: there is nothing; it was unplugged, or another program reads")
    return data
