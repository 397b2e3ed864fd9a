"""The site's side where the hub cannot reach it: dials the hub, and serves HTTP over that connection."""

import asyncio
import logging
import random
import secrets
import socket
from collections.abc import Callable

import aiohttp

from bridge.http_answers import BoundedConnector
from device_drivers import _trust
from device_drivers.bridge_remote.channels import LONGEST, REPLACED, TAKEN, Channels

log = logging.getLogger(__name__)

#: seconds between pings; without an answer for half as long the connection is over
HEARTBEAT = 15.0
#: seconds for the hub to answer
PATIENCE = 20.0
#: this process, as the hub knows it: a copy of this machine's disk runs as another one
RUN = secrets.token_hex(8)
#: seconds until the next dial: the first time, at most, and where another one is or came meanwhile
FIRST, MOST, AFTER_ANOTHER = 1.0, 60.0, 30.0


class DialRefused(Exception):
    """The hub cannot be dialled, or does not take this site."""


def address(hub: str, site: str) -> str:
    """Where a site dials this hub."""
    return f"{hub.rstrip('/')}/callbacks/{site}/dial"


class SocketFrames:
    """Implements `bridge.ports.driver.Frames` over a client's WebSocket."""

    #: of whoever answers, which is the hub
    peer = ""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line = line

    async def receive(self) -> bytes | None:
        """The next frame; None once it is over."""
        message = await self._line.receive()
        return message.data if message.type is aiohttp.WSMsgType.BINARY else None

    async def send(self, frame: bytes) -> None:
        """Raises ConnectionError."""
        await self._line.send_bytes(frame)

    async def close(self, words: str, code: int = 1001) -> None:
        """End it."""
        await self._line.close(code=code, message=words.encode()[:120])


def client() -> aiohttp.ClientSession:
    """What dials: the key goes to no host but the hub's."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(
        connector=BoundedConnector(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE, sock_read=PATIENCE),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[trace],
    )


async def _refuse_redirect(
    _session: aiohttp.ClientSession, _context: object, told: aiohttp.TraceRequestRedirectParams
) -> None:
    raise aiohttp.ClientConnectionError(f"it redirects to another address ({told.response.status})")


#: what to do about an authority that is not known here
UNKNOWN = 'name the file of the authority that did: ca = "…" in [hubs.…], or sms-bridge join … --ca FILE'


async def dial(
    http: aiohttp.ClientSession, hub: str, site: str, key: str, ca: str = ""
) -> aiohttp.ClientWebSocketResponse:
    """Raises DialRefused. `ca`: a file with the authorities that the hub's certificate may be of."""
    try:
        # read anew each time: the file may have been replaced
        trusted = await asyncio.to_thread(_trust.context, ca) if ca else True
        return await http.ws_connect(
            address(hub, site),
            headers={"Authorization": f"Bearer {key}", "SMS-Bridge-Run": RUN},
            ssl=trusted,
            heartbeat=HEARTBEAT,
            max_msg_size=LONGEST,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
        )
    except aiohttp.WSServerHandshakeError as error:
        raise DialRefused(_refusal(hub, error.status)) from error
    except _trust.NoAuthority as error:
        raise DialRefused(f"the hub at {hub} is not dialled: {error}") from error
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        raise DialRefused(f"the hub at {hub} is not dialled: {_trust.why_not(error, UNKNOWN)}") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise DialRefused(f"the hub at {hub} cannot be reached: {str(error) or 'no answer'}") from error


def _refusal(hub: str, status: int) -> str:
    if status in (401, 403):
        return f"the hub at {hub} refuses the key ({status}): join again, with a new code of sms-bridge site add there"
    if status == 404:
        return f"the hub at {hub} does not expect this site (404): sms-bridge site add there, and join again"
    return f"the hub at {hub} did not open the connection ({status}): does a proxy before it pass on WebSockets?"


class Dialler:
    """Keeps one connection to a hub open. `run` it."""

    def __init__(self, hub: str, site: str, key: str, serve: Callable[[], asyncio.BaseProtocol], ca: str = "") -> None:
        """`serve` makes the HTTP server's protocol for a connection; `ca` as of `dial`."""
        self._hub = hub
        self._site = site
        self._key = key
        self._serve = serve
        self._ca = ca
        self._pause = FIRST
        self._told = ""

    async def run(self) -> None:
        """Dial, serve, and dial again until cancelled."""
        async with client() as http:
            while True:
                await self._once(http)
                # half of it by chance, so that many sites do not come at once when their hub is back
                await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
                self._pause = min(2 * self._pause, MOST)

    async def _once(self, http: aiohttp.ClientSession) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                line = await dial(http, self._hub, self._site, self._key, self._ca)
        except (DialRefused, TimeoutError) as error:
            self._say(str(error) or f"the hub at {self._hub} does not answer")
            return
        log.info("connected to the hub at %s as %s", self._hub, self._site)
        self._pause = FIRST
        try:
            await Channels(SocketFrames(line), self._accept).run()
        except (ValueError, OSError) as error:
            log.warning("the connection to the hub at %s is broken: %s", self._hub, error)
        finally:
            await line.close()
        if line.close_code == TAKEN:
            self._pause = AFTER_ANOTHER
            self._say(
                f"the hub at {self._hub} has another machine connected as {self._site}, and takes no second one: "
                "switch one of the two off, such as a copy of this one, or join as another site (sms-bridge site add)"
            )
        elif line.close_code == REPLACED:
            self._pause = AFTER_ANOTHER
            self._say(f"the hub at {self._hub} has closed the connection: another one came as {self._site} meanwhile")
        else:
            self._told = ""
            log.info("the connection to the hub at %s is over", self._hub)

    async def _accept(self, far: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(self._serve, far)

    def _say(self, words: str) -> None:
        """Once, for as long as it is so."""
        log.log(logging.DEBUG if words == self._told else logging.WARNING, "%s", words)
        self._told = words
