"""A pseudo-terminal as a serial port of the running loop."""

import asyncio
import contextlib
import errno
import fcntl
import os
import pty
import termios
import tty
from collections import deque
from collections.abc import Callable

from device_drivers.virtual.modem.faults import Faults

_READ_SIZE = 65536
#: with so many octets unread, whatever is said next is lost, as it is on a port that nobody opened
MAX_BACKLOG = 1 << 16
#: seconds between looks at what a program left behind
FORGET = 1.0
#: near ends of ports that were closed, whose names nobody else gets meanwhile
_KEPT: deque[int] = deque()
KEPT = 16
_NO_PTY = "no pseudo-terminal for the virtual modem: mount /dev/pts (sudo mount -t devpts devpts /dev/pts)"


class Port:
    """The far end of a serial port. Lives from its making to `close`."""

    def __init__(self, hear: Callable[[bytes], None], faults: Faults) -> None:
        self._hear = hear
        self._faults = faults
        self._loop = asyncio.get_running_loop()
        # the near end stays open here too: else the far end hangs up each time a program closes the port
        try:
            self._far, self._near = pty.openpty()
        except OSError as error:
            raise OSError(error.errno or errno.ENXIO, _NO_PTY) from error
        self.path = os.ttyname(self._near)
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        for descriptor in (self._far, self._near):
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFD)
            fcntl.fcntl(descriptor, fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)
        self._backlog = bytearray()
        self._flushing = False
        self._pause: asyncio.TimerHandle | None = None
        self._closed = False
        self._forgetting = self._loop.call_later(FORGET, self._forget)
        self._loop.add_reader(self._far, self._readable)

    def _forget(self) -> None:
        """A real port forgets who wanted it for itself when the last program lets go of it, however that ends. A
        pseudo-terminal does not while its far end lives, and a bridge that was killed would find its port taken."""
        fcntl.ioctl(self._near, termios.TIOCNXCL)
        self._forgetting = self._loop.call_later(FORGET, self._forget)

    def _readable(self) -> None:
        try:
            data = os.read(self._far, _READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        if data:
            self._hear(data)

    # -- writing ----------------------------------------------------------------------------------
    def write(self, data: bytes) -> None:
        """Hand over bytes, now if they are taken now, else as fast as they are read."""
        if self._closed or len(self._backlog) > MAX_BACKLOG:
            return
        idle = not self._backlog
        self._backlog += data
        if idle and self._pause is None:
            self._flush()

    def _flush(self) -> None:
        self._pause = None
        chunk = self._faults.chunk
        while self._backlog:
            try:
                written = os.write(self._far, self._backlog[:chunk] if chunk else self._backlog)
            except (BlockingIOError, InterruptedError):
                self._watch(True)
                return
            del self._backlog[:written]
            if chunk:
                self._watch(False)
                self._pause = self._loop.call_later(self._faults.chunk_delay, self._flush)
                return
        self._watch(False)

    def _watch(self, wanted: bool) -> None:
        if wanted and not self._flushing:
            self._loop.add_writer(self._far, self._flush)
        elif self._flushing and not wanted:
            self._loop.remove_writer(self._far)
        self._flushing = wanted

    def close(self, keep_name: bool = False) -> None:
        """Hang up. Harmless when repeated.

        `keep_name`: for whom it goes by its own name. The kernel would give that to whoever makes the next
        pseudo-terminal, and a bridge that looks for its modem would take somebody else's.
        """
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._far)
        self._watch(False)
        if self._pause is not None:
            self._pause.cancel()
        self._forgetting.cancel()
        _close(self._far)
        if keep_name:
            _KEPT.append(self._near)
        else:
            _close(self._near)
        while len(_KEPT) > KEPT:
            _close(_KEPT.popleft())


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
