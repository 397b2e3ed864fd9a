"""A command's client of the native API: one connection a call, over a Unix socket, TCP or whatever `connect` makes.

It speaks HTTP/1.0 (RFC 1945), where an answer ends with its connection: that is all that a command needs, and a client
library takes longer to import than a command takes to run.
"""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from bridge.errors import BadRequest, BridgeError
from bridge.host.control_file import Control, NotRunning, for_its_owner

#: names the account that a call is made for
ACCOUNT_HEADER = "SMS-Bridge-Account"
CALL_TIMEOUT = 15.0  # seconds; the bridge answers from its own disk
#: bytes of a header field or an event
LONGEST_LINE = 1024 * 1024

Connect = Callable[[], Awaitable[tuple[StreamReader, StreamWriter]]]


class Declined(BridgeError):
    """The bridge did not do what it was asked; the message is its own sentence."""

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(f"{field}: {detail}" if field else detail)


def path(*segments: str) -> str:
    """A path of the native API. Raises BadRequest for a segment that is empty, with which it would be another one."""
    if not all(segments):
        raise BadRequest("a name or an id is missing: it must not be empty")
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


class Client:
    """Calls of the native API with the token of the command line.

    Raises NotRunning when nobody answers, Declined with the bridge's own sentence.
    """

    def __init__(
        self,
        control: Control,
        start: str,
        account: str = "",
        connect: Connect | None = None,
        *,
        name_fields: bool = True,
    ) -> None:
        """`start` is the command that starts the bridge, `account` the one that calls are made for.

        `name_fields`: begin what the bridge declines with the parameter at fault.
        """
        self.url = control.url
        self._socket = control.socket
        self._start = start
        self._connect = connect or _by(control)
        self._name_fields = name_fields
        self._prefix = "" if connect or control.socket else urlsplit(control.url).path
        self._headers = f"Host: localhost\r\nAuthorization: Bearer {control.token}\r\n"
        if account:
            self._headers += f"{ACCOUNT_HEADER}: {account}\r\n"

    async def get(self, path: str, query: Mapping[str, str | int] | None = None, patience: float = CALL_TIMEOUT) -> Any:
        """The JSON at a path; `patience` in seconds."""
        return await self.call("GET", f"{path}?{urlencode(query)}" if query else path, patience=patience)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, patience: float = CALL_TIMEOUT) -> Any:
        """Ask for something to be done; `patience` in seconds."""
        return await self.call("POST", path, body or {}, patience)

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, patience: float = CALL_TIMEOUT
    ) -> Any:
        """The JSON that this call is answered with, None for an empty answer; `patience` in seconds."""
        try:
            async with asyncio.timeout(patience), self._asked(method, path, body) as answer:
                status, text = answer.status, (await answer.read()).decode()
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise self._not_running(error) from error
        if 200 <= status < 300:
            return json.loads(text) if text else None
        raise self._declined(text, status, f"{method} {path}")

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Events as they happen; inside the block none of those that come from then on is missed."""
        try:
            async with self._asked("GET", "/v1/events") as answer:
                if answer.status != 200:
                    raise self._declined((await answer.read()).decode(), answer.status, "GET /v1/events")
                yield _events(answer.content)
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise self._not_running(error) from error

    @asynccontextmanager
    async def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> AsyncIterator["_Answer"]:
        """An answer, of which the head was read."""
        async with asyncio.timeout(CALL_TIMEOUT):
            reader, writer = await self._connect()
        try:
            content = b"" if body is None else json.dumps(body).encode()
            kind = "" if body is None else f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
            writer.write(f"{method} {self._prefix}{path} HTTP/1.0\r\n{self._headers}{kind}\r\n".encode() + content)
            yield await _head(reader)
        finally:
            writer.close()

    def _declined(self, text: str, status: int, call: str) -> Declined:
        """The sentence in an error answer (RFC 9457)."""
        try:
            problem = json.loads(text)
            return Declined(str(problem["detail"]), str(problem.get("field", "")) if self._name_fields else "")
        except (ValueError, KeyError, TypeError, AttributeError):
            return Declined(f"the bridge answered {status} to {call}")

    def _not_running(self, error: Exception) -> NotRunning:
        if isinstance(error, TimeoutError):
            return NotRunning(f"the bridge at {self.url} does not answer; restart it with: {self._start}")
        if isinstance(error, PermissionError):
            return NotRunning(for_its_owner(self._socket))
        return NotRunning(f"the bridge is not running (nobody answers at {self.url}); start it with: {self._start}")


def _by(control: Control) -> Connect:
    if control.socket:
        return partial(asyncio.open_unix_connection, control.socket, limit=LONGEST_LINE)
    parts = urlsplit(control.url)
    tls = True if parts.scheme == "https" else None
    return partial(asyncio.open_connection, parts.hostname, parts.port, ssl=tls, limit=LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    #: bytes of the body; -1 for all up to the end of the stream
    length: int
    content: StreamReader

    async def read(self) -> bytes:
        """The whole body. Raises EOFError for one that is cut short."""
        return await (self.content.read() if self.length < 0 else self.content.readexactly(self.length))


async def _head(reader: StreamReader) -> _Answer:
    """Read to the body. Raises EOFError for what ends before, or is no HTTP."""
    version, _, rest = (await reader.readuntil(b"\r\n")).partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise EOFError
    length = -1
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
    return _Answer(int(rest[:3]), length, reader)


async def _events(content: StreamReader) -> AsyncIterator[dict[str, Any]]:
    """The `data` of server-sent events (WHATWG HTML, "Server-sent events"); comments only keep the line alive."""
    async for raw in content:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))
