"""Reads the site's `/v1/events`: server-sent events from a position on, over as many connections as it takes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import field
from typing import Any

import aiohttp
from yarl import URL

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.http_answers import read_short
from device_drivers._http import by_tcp
from device_drivers.bridge_remote.api import ADVICE, Connector
from device_drivers.bridge_remote.told import integer, parsed, words

#: what is told of here; the site tells more
NAMES = (
    "message.sent", "message.delivered", "message.failed", "message.unknown", "message.expired", "message.cancelled",
    "message.received", "message.typed", "call.missed", "call.incoming", "call.outgoing", "line.changed",
)  # fmt: skip
#: seconds without a word, after which a connection is given up: the site says at least every 15 that it is there
SILENCE = 40.0
#: bytes of the longest event: a text of 255 parts, each character as \uXXXX, and what stands around it
LONGEST = 1 << 20
#: bytes of a longer one that are read past, and bytes at its beginning in which it says its position
_SKIPPED, _BEGINNING = 16 * LONGEST, 4096
#: what the store has room for
_LAST = (1 << 63) - 1


#: header of the site's newest position
_NEWEST = "SMS-Bridge-Position"
#: header of the site's release
_VERSION = "SMS-Bridge-Version"


class Rewound(Exception):
    """The site's events end before our position: its store is another one, such as that of an older backup."""


@dataclass(frozen=True, slots=True)
class News:
    """An event of the site."""

    seq: int
    name: str
    #: Unix ms as the site writes it: RFC 3339
    at: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    #: why it makes no sense; "" when it does. Its position counts all the same, and is 0 where that makes none
    flaw: str = ""


class Stream:
    """One connection to `/v1/events` at a time. `close` it."""

    def __init__(
        self, base: str, headers: Mapping[str, str], connect_timeout: float, connector: Connector = by_tcp
    ) -> None:
        self._base = base
        self._headers = {**headers, "Accept": "text/event-stream"}
        self._connect_timeout = connect_timeout
        self._connector = connector
        self._session: aiohttp.ClientSession | None = None
        #: the site's release; "" while it is not known
        self.version = ""
        #: position of its newest event, also of those that are not for us, when the connection began
        self.newest = 0

    async def read(self, after: int, since: str) -> AsyncGenerator[News | None, None]:
        """Events with a greater position, oldest first, or where that is 0 those since a moment; None for a heartbeat.

        Raises DeviceLost when the connection ends, SendRefused(LINE) when the site does not let us listen, Rewound.
        """
        where = {"after": str(after)} if after else {"since": since}
        url = URL(f"{self._base}/v1/events").with_query({**where, "names": ",".join(NAMES)})
        try:
            async with asyncio.timeout(SILENCE):
                response = await self._open().get(url, headers=self._headers, allow_redirects=False)
            async with response:
                if response.status != 200:
                    raise _refusal(response.status, await read_short(response.content, LONGEST))
                self.version = words(response.headers.get(_VERSION, ""), 50)
                self.newest = _position(response.headers.get(_NEWEST, str(after)))
                if self.newest < after:
                    raise Rewound
                async with aclosing(_events(response.content.iter_any())) as events:
                    async for event in events:
                        yield event
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise DeviceLost(f"the site cannot be listened to: {_why(error)}") from error
        raise DeviceLost("the site ended the stream of events")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout, sock_read=SILENCE)
            self._session = aiohttp.ClientSession(
                timeout=timeout, connector=self._connector(), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        """Hang up. Never raises; harmless when repeated."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientPayloadError | ConnectionError):
        return "the connection to it broke off"
    return words(str(error)) or type(error).__name__


def _refusal(status: int, body: bytes) -> DeviceLost | SendRefused:
    try:
        detail = words(parsed(body)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = ""
    advice = f": {ADVICE}" if status in (401, 403) else ""
    said = f"the site does not let us listen ({status}): {detail or 'no answer of an sms-bridge'}{advice}"
    if status in (401, 403, 404):
        return SendRefused(said, Refusal.LINE)
    return DeviceLost(said)


async def _events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[News | None, None]:
    """Parse (WHATWG HTML, "Server-sent events"). Raises ValueError for an event without end."""
    buffer, skipped = bytearray(), 0
    async for piece in pieces:
        buffer += piece
        while (end := buffer.find(b"\n\n")) >= 0:
            block = bytes(buffer[:end])
            del buffer[: end + 2]
            yield _event(block, skipped)
            skipped = 0
        if len(buffer) > LONGEST:
            # its position stands at the beginning, and its end may have begun
            skipped += len(buffer) - _BEGINNING - 1
            del buffer[_BEGINNING:-1]
            if skipped > _SKIPPED:
                raise ValueError(f"an event is longer than {LONGEST} bytes")


def _event(block: bytes, skipped: int) -> News | None:
    fields = dict[str, str]()
    for line in block.decode(errors="replace").split("\n"):
        name, _, value = line.partition(":")
        fields[name] = value.removeprefix(" ")
    if "id" not in fields:
        return None
    seq, name = 0, words(fields.get("event"), 50)
    try:
        seq = _position(fields["id"])
        if skipped or len(block) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} bytes")
        told = parsed(fields.get("data", ""))
        if not isinstance(told, dict) or not isinstance(told.get("data"), dict):
            raise ValueError("it is not as an sms-bridge writes it")
        return News(seq, name, words(told.get("at"), 50), told["data"])
    except ValueError as error:
        return News(seq, name, flaw=words(str(error)))


def _position(written: str) -> int:
    """Raises ValueError."""
    return integer(int(written[:30]), 0, _LAST)
