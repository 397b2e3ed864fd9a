"""`/callbacks/DEVICE/dial`: a WebSocket by which a device is reached that the bridge cannot reach, such as a site."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import aiohttp
from aiohttp import web

from api.dialect.credential_headers import bearer
from api.http.connections import begin
from bridge.errors import BridgeError, NoSuchThing, NotAllowed
from bridge.gateway.gateway import Gateway

PATH = "/callbacks/{device}/dial"
#: header of what the process that dials is known by
PEER = "SMS-Bridge-Run"
#: bytes of the longest frame
LONGEST = 64 * 1024
#: seconds between pings: without an answer for half as long the connection is over
HEARTBEAT = 15.0
#: pings and pongs a second
MOST_PINGS = 100
#: why a connection is closed for good (RFC 6455 §7.4.1), and seconds in which that is said to one that breaks the rules
BROKEN, FAREWELL = 1002, 0.2
_PINGS = (aiohttp.WSMsgType.PING, aiohttp.WSMsgType.PONG)


class Frames:
    """Implements `bridge.ports.driver.Frames` over a server's WebSocket."""

    def __init__(self, line: web.WebSocketResponse, peer: str) -> None:
        self._line = line
        self.peer = peer
        #: pings and pongs in the second that began then
        self._pings, self._second = 0, 0.0

    async def receive(self) -> bytes | None:
        """The next frame; None once it is over. Raises ValueError for pings without end."""
        while (message := await self._line.receive()).type in _PINGS:
            self._count_ping()
            if message.type is aiohttp.WSMsgType.PING:
                await self._line.pong(message.data)
        return message.data if message.type is aiohttp.WSMsgType.BINARY else None

    def _count_ping(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._second >= 1:
            self._pings, self._second = 0, now
        self._pings += 1
        if self._pings > MOST_PINGS:
            raise ValueError(f"more than {MOST_PINGS} pings a second")

    async def send(self, frame: bytes) -> None:
        """Raises ConnectionError."""
        await self._line.send_bytes(frame)

    async def close(self, words: str, code: int = 1001) -> None:
        """End it, and say why. One that breaks the rules is not waited for, nor read any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL if code == BROKEN else None):
                await self._line.close(code=code, message=words.encode()[:120])


def routes(gateway: Gateway) -> Sequence[web.RouteDef]:
    """The route of all devices."""

    async def answer(request: web.Request) -> web.StreamResponse:
        connection = begin(request)
        try:
            carry = await gateway.dialled(request.match_info["device"], bearer(request.headers))
        except BridgeError as error:
            return web.Response(status=_status(error), text=f"{error.message}\n")
        line = web.WebSocketResponse(
            timeout=2.0, heartbeat=HEARTBEAT, max_msg_size=LONGEST, compress=False, autoping=False
        )
        if not line.can_prepare(request):
            return web.Response(status=426, text="This is a WebSocket.\n", headers={"Upgrade": "websocket"})
        await line.prepare(request)
        if connection is not None:
            connection.carry_frames()
        await carry(Frames(line, request.headers.get(PEER, "")))
        return line

    return [web.get(PATH, answer)]


def _status(error: BridgeError) -> int:
    if isinstance(error, NotAllowed):
        return 401
    return 404 if isinstance(error, NoSuchThing) else 503
