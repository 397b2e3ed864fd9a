"""A program that takes webhooks, and fails as real ones do."""

import asyncio
import json
from random import Random

from aiohttp import web

from tests.campaign.books import Books, token_of

#: seconds of a receiver that hangs
HANGS = 2.0


class Receiver:
    """Writes down what it hears of received SMS, before it answers: what it then refuses is told again."""

    def __init__(self, books: Books, chance: Random) -> None:
        self._books = books
        self._chance = chance
        self.rude = False
        #: calls, and those that were answered with a failure
        self.calls = 0
        self.refused = 0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen on any free port."""
        app = web.Application()
        app.router.add_post("/hook", self._hear)
        app.router.add_post("/zhenzi", self._nod)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        self.calls += 1
        event = json.loads(await request.read())
        if event["type"] == "sms.received" and (token := token_of(event["data"]["message"])):
            self._books.heard[token].append(event["data"]["guid"])
        return await self._answer(request)

    async def _nod(self, _request: web.Request) -> web.Response:
        return web.Response(text="success")

    async def _answer(self, request: web.Request) -> web.Response:
        if not self.rude or self._chance.random() < 0.5:
            return web.Response(status=202)
        self.refused += 1
        match self._chance.choice(("500", "503", "404", "hang", "reset")):
            case "hang":
                await asyncio.sleep(HANGS)
                return web.Response(status=200)
            case "reset":
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=200)
            case "503":
                return web.Response(status=503, headers={"Retry-After": "1"})
            case status:
                return web.Response(status=int(status))
