"""Where a site is connected that dials in, and HTTP over that connection."""

import asyncio
import logging
import socket
import time
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from bridge.http_answers import bounded, small_reads
from bridge.ports.driver import Frames
from bridge.tasks import Tasks
from device_drivers.bridge_remote.channels import BROKEN, GOING_AWAY, REPLACED, TAKEN, Channels

log = logging.getLogger(__name__)

#: seconds in which a site shows that it is there, while another machine comes as this site
PROBE = 5.0


class Switchboard:
    """One site's connection: the newest one of one machine, and the first of several machines."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._current: Channels | None = None
        #: Unix seconds at which another machine was turned away last; 0 for never
        self.stranger_at = 0

    async def carry(self, frames: Frames) -> None:
        """Go by this connection until it is over, and by none before it. Cancel it to end it.

        Where another machine is connected, this one is turned away: it may be a copy.
        """
        if await self._is_taken(frames.peer):
            if not self.stranger_at:
                log.warning("a second machine dials in as %s, which is connected: it is turned away", self._name)
            self.stranger_at = round(time.time())
            await frames.close("another machine is connected as this site", TAKEN)
            return
        channels, tasks = Channels(frames), Tasks(f"{self._name}: dialled")
        older, self._current = self._current, channels
        log.info("%s has dialled in", self._name)
        if older is not None:
            log.warning("%s has dialled in while it was connected: the older connection is closed", self._name)
            tasks.start(older.close("another connection of this site took its place", REPLACED), "older")
        words, code = "the hub ends it", GOING_AWAY
        try:
            await channels.run()
            words = ""
        except ValueError as error:
            words, code = f"broken: {error}", BROKEN
            log.warning("%s: the connection is %s", self._name, words)
        finally:
            if self._current is channels:
                self._current = None
                log.info("%s is not connected any more", self._name)
            if words:
                await channels.close(words, code)
            await tasks.close()

    async def _is_taken(self, peer: str) -> bool:
        """Whether another process than this dialled in, and answers: one that was ended may seem to be there."""
        current = self._current
        return current is not None and current.peer != peer and await current.answers(PROBE)

    async def open(self) -> socket.socket:
        """A channel to the site's HTTP server. Raises ConnectionError."""
        if self._current is None:
            raise ConnectionRefusedError("the site has not dialled in")
        return await self._current.open()

    def connector(self) -> aiohttp.BaseConnector:
        """For an HTTP client: each connection is a channel."""
        return _Connector(self)


class _Connector(aiohttp.BaseConnector):
    """Channels instead of TCP connections."""

    def __init__(self, board: Switchboard) -> None:
        super().__init__(force_close=True)
        self._factory = bounded(self._loop)
        self._board = board

    async def _create_connection(self, req: Any, traces: Any, timeout: aiohttp.ClientTimeout) -> ResponseHandler:
        async with asyncio.timeout(timeout.sock_connect):
            far = await self._board.open()
        _, protocol = await self._loop.create_connection(self._factory, sock=small_reads(far))
        return protocol
