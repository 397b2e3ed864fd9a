"""The phone's end of the adb protocol over TCP: header, streams, authentication (AOSP adb, protocol.txt).

The far end is a real adb server that was told `adb connect`.
"""

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable
from typing import Protocol

from device_drivers.virtual.phone.listener import Listener

#: command words
CNXN, AUTH, OPEN, OKAY, CLSE, WRTE = (
    int.from_bytes(name, "little") for name in (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"CLSE", b"WRTE")
)
#: from this version on payloads go without a checksum
VERSION = 0x01000001
#: the largest payload we take
MAX_PAYLOAD = 1 << 18
#: arg0 of AUTH
TOKEN, SIGNATURE, PUBLIC_KEY = 1, 2, 3
#: where adb looks for emulators by itself
PROBED = range(5555, 5586)

_HEADER = struct.Struct("<6I")


class Service(Protocol):
    """What runs on a stream."""

    def feed(self, data: bytes) -> None:
        """Bytes from the host."""
        ...

    def drop(self) -> None:
        """The stream is gone."""
        ...


class Stream:
    """One stream of a connection: what a service says goes out one piece at a time."""

    def __init__(self, connection: "Connection", local: int, remote: int) -> None:
        self._connection = connection
        self._local, self._remote = local, remote
        self._ready = asyncio.Event()
        self._ready.set()
        self.closed = False
        self.service: Service | None = None

    async def write(self, data: bytes) -> None:
        """Send, each piece when the host has taken the one before. Raises ConnectionError when the stream is gone."""
        size = self._connection.max_payload
        for start in range(0, len(data), size):
            while not self._ready.is_set():  # the first one takes the turn
                await self._ready.wait()
            if self.closed:
                raise ConnectionResetError("the host closed the stream")
            self._ready.clear()
            self._connection.send(WRTE, self._local, self._remote, data[start : start + size])

    def taken(self) -> None:
        """The host is ready for more."""
        self._ready.set()

    def close(self) -> None:
        """End it from our side. Harmless when repeated."""
        if not self.closed:
            self._connection.send(CLSE, self._local, self._remote)
            self._connection.forget(self._local)
            self.drop()

    def drop(self) -> None:
        """It is gone: writers get an error."""
        self.closed = True
        self._ready.set()
        service, self.service = self.service, None
        if service is not None:
            service.drop()


Opened = Callable[[Stream, str], Service | None]


class Connection:
    """One adb server that is connected."""

    def __init__(self, adbd: "Adbd", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._adbd = adbd
        self._reader, self._writer = reader, writer
        self._streams: dict[int, Stream] = {}
        self._next = 0
        self.max_payload = 4096
        #: the host has offered its key and waits for the person
        self._asking = False

    def send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        """One packet."""
        head = _HEADER.pack(command, first, second, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF)
        self._writer.write(head + data)

    def forget(self, local: int) -> None:
        """A stream is over."""
        self._streams.pop(local, None)

    async def serve(self) -> None:
        """Until the host leaves."""
        try:
            while True:
                command, first, second, size, _, magic = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
                if magic != command ^ 0xFFFFFFFF or size > MAX_PAYLOAD:
                    return
                self._packet(command, first, second, await self._reader.readexactly(size))
        finally:
            for stream in list(self._streams.values()):
                stream.drop()
            self._streams.clear()

    def _packet(self, command: int, first: int, second: int, data: bytes) -> None:
        if command == CNXN:
            self.max_payload = min(second, MAX_PAYLOAD)
            self._greet()
        elif command == AUTH:
            self._authenticate(first)
        elif command == OPEN:
            self._open(first, data.rstrip(b"\0").decode("utf-8", "surrogateescape"))
        elif (stream := self._streams.get(second)) is not None:
            self._on_stream(stream, command, first, second, data)

    def _on_stream(self, stream: Stream, command: int, remote: int, local: int, data: bytes) -> None:
        if command == OKAY:
            stream.taken()
        elif command == WRTE:
            self.send(OKAY, local, remote)
            if stream.service is not None:
                stream.service.feed(data)
        elif command == CLSE:
            self.forget(local)
            stream.drop()

    # -- who may -----------------------------------------------------------------------------------
    def _greet(self) -> None:
        if self._adbd.silent():
            return
        if self._adbd.authorized():
            self.accept()
        else:
            self.send(AUTH, TOKEN, 0, os.urandom(20))

    def _authenticate(self, kind: int) -> None:
        if kind == SIGNATURE:
            self.send(AUTH, TOKEN, 0, os.urandom(20))  # we know no key, so that the host shows its own
        elif kind == PUBLIC_KEY:
            self._asking = True
            self.decided()

    def decided(self) -> None:
        """The person has looked at the question."""
        if self._asking and self._adbd.authorized():
            self._asking = False
            self.accept()

    def accept(self) -> None:
        """The connection stands."""
        self._adbd.accepted += 1
        self.send(CNXN, VERSION, MAX_PAYLOAD, self._adbd.banner)

    def _open(self, remote: int, service: str) -> None:
        self._next += 1
        stream = Stream(self, self._next, remote)
        stream.service = self._adbd.opened(stream, service)
        if stream.service is None:
            self.send(CLSE, 0, remote)
            return
        self._streams[self._next] = stream
        self.send(OKAY, self._next, remote)


class Adbd:
    """Listens on one port of the loopback for as long as the phone exists; `unplug` makes it refuse."""

    def __init__(
        self, banner: bytes, opened: Opened, authorized: Callable[[], bool], silent: Callable[[], bool], port: int = 0
    ) -> None:
        self.banner = banner
        self.opened = opened
        self.authorized = authorized
        self.silent = silent
        self._listener = Listener("virtual adbd", self._serve)
        self._connections: set[Connection] = set()
        self._reserved: socket.socket | None = None
        self.plugged = False
        #: 0 until `start` takes any that is free
        self.port = port
        #: how often a host was let in
        self.accepted = 0

    def start(self) -> None:
        """Take a port and listen there: another one where somebody has it. Raises OSError when there is none."""
        while self._reserved is None:
            taken = _bound_or_none(self.port)
            if taken is None:
                self.port = 0  # another network on this machine has it: any other will do
                continue
            if self.port == 0 and taken.getsockname()[1] in PROBED:
                taken.close()
            else:
                self.port, self._reserved = taken.getsockname()[1], taken
        self.plug()

    def plug(self) -> None:
        """Listen. Harmless when we do."""
        if self._reserved is not None:
            self._listener.listen(self._reserved)
            self._reserved = None
            self.plugged = True

    def unplug(self) -> None:
        """Drop everybody and refuse until `plug`; the port stays ours. Harmless when unplugged."""
        if self.plugged:
            self.plugged = False
            self._listener.stop()
            self._reserved = _bound(self.port)

    def move(self, port: int = 0) -> None:
        """Listen on another port, any that is free: wireless debugging was switched off and on. Raises OSError."""
        self.unplug()
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        self.port = port
        self.start()

    def drop(self) -> None:
        """Break the connections; new ones are accepted."""
        self._listener.drop()

    def decided(self) -> None:
        """Somebody answered the question on the screen."""
        for connection in self._connections:
            connection.decided()

    async def close(self) -> None:
        """Let go of the port. Harmless when repeated."""
        self.plugged = False
        await self._listener.close()
        reserved, self._reserved = self._reserved, None
        if reserved is not None:
            reserved.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)


def _bound_or_none(port: int) -> socket.socket | None:
    """What `_bound` returns; None where somebody has the port."""
    try:
        return _bound(port)
    except OSError as error:
        if port == 0 or error.errno != errno.EADDRINUSE:
            raise
        return None


def _bound(port: int) -> socket.socket:
    """A socket that has the port and refuses everybody until it listens."""
    # asyncio sends small packets at once only where the protocol is named
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound
