"""The adb server, as any program talks to it: a service's name with its length, then OKAY or FAIL.

(AOSP adb, `OVERVIEW.TXT` and `SERVICES.TXT`.) adbutils knows the same words, but with them come Pillow and requests,
for screenshots and packages: 9 MB and a quarter of a second, where these few lines do. It is asked for what only it
knows, and imported there.
"""

import os
import socket
from dataclasses import dataclass
from typing import Self

#: seconds for the adb server to say what it knows
PATIENCE = 30.0
#: only on this machine is a server started that does not run
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: adb's own limit for a service name: its length travels as four hex digits
LONGEST_SERVICE = 0xFFFF


class Refused(Exception):
    """The adb server will not; in its own words."""


class Conversation:
    """One connection to the server: a blocking one, for a thread."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Raises OSError when there is no server."""
        self._socket = socket.create_connection(address, timeout=PATIENCE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, service: str | bytes) -> None:
        """Have a service; what it says is to be read. Raises Refused, OSError, EOFError."""
        name = service.encode() if isinstance(service, str) else service
        self._socket.sendall(f"{len(name):04x}".encode() + name)
        status = self.exactly(4)
        if status == b"FAIL":
            raise Refused(self.block())
        if status != b"OKAY":
            raise Refused(f"this is no adb server: it says {status!r}")

    def block(self) -> str:
        """A text with its length before it. Raises like `exactly`, and ValueError for what is none."""
        return self.exactly(int(self.exactly(4), 16)).decode("utf-8", "replace")

    def exactly(self, size: int) -> bytes:
        """So many bytes. Raises Refused, OSError, EOFError when it ends before them."""
        read = bytearray()
        while len(read) < size:
            try:
                more = self._socket.recv(size - len(read))
            except TimeoutError:
                raise Refused("the adb server does not answer") from None
            if not more:
                raise EOFError("the adb server hung up")
            read += more
        return bytes(read)

    def wait(self) -> None:
        """From here on it may be silent as long as it likes."""
        self._socket.settimeout(None)

    def end(self) -> None:
        """From another thread: who reads gets the end. Raises OSError when it is over."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Harmless when repeated."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Server:
    """Where the adb server listens; "" and 0 for what the environment says, else 127.0.0.1:5037."""

    host: str = ""
    port: int = 0

    @property
    def address(self) -> tuple[str, int]:
        """What adb's own programs would take (`adb help`, environment variables)."""
        host = self.host or os.environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
        return host, self.port or int(os.environ.get("ANDROID_ADB_SERVER_PORT") or 5037)

    @property
    def local(self) -> bool:
        """Is it on this machine?"""
        return self.address[0] in LOOPBACK

    def converse(self) -> Conversation:
        """Raises OSError when there is no server."""
        return Conversation(self.address)

    def told(self, service: str) -> str:
        """One question, one answer. Raises Refused, OSError, EOFError, ValueError."""
        with self.converse() as conversation:
            conversation.ask(service)
            return conversation.block()
