"""One served bridge for all examples of a property, on an event loop of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from bridge.accounts.throttling import FailedLogins
from bridge.model.query import MessageQuery
from tests.support.http_site import Answer, HttpSite, open_site


class Outcome(NamedTuple):
    """What one request did."""

    answer: Answer
    #: messages that are there more than before
    queued: int
    #: credits that are there less than before
    paid: int


class PropertyBench:
    """Asks, and says what changed."""

    def __init__(self, folder: Path, furnish: Callable[[HttpSite], Awaitable[None]]) -> None:
        self._runner = asyncio.Runner()
        self._opened = open_site(folder)
        self.site: HttpSite = self._runner.run(self._opened.__aenter__())
        self._runner.run(_awaited(furnish(self.site)))

    def ask(self, method: str, path: str, **kwargs: Any) -> Outcome:
        """One request."""

        async def asked() -> Outcome:
            self.site.gateway.authenticator.guesses = FailedLogins()  # each example is somebody else's first call
            before = await self._state()
            answer = await self.site.ask(method, path, **kwargs)
            after = await self._state()
            return Outcome(answer, after[0] - before[0], before[1] - after[1])

        return self._runner.run(asked())

    async def _state(self) -> tuple[int, int]:
        account = await self.site.gateway.administration.account("shop")
        return await self.site.gateway.count(account, MessageQuery()), account.credits or 0

    def close(self) -> None:
        """Let the bridge go."""
        self._runner.run(self._opened.__aexit__(None, None, None))
        self._runner.close()


async def _awaited(work: Awaitable[None]) -> None:
    await work
