"""Pushes reports and replies to a callback URL, and repeats what was not taken as often as the provider does."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp

from bridge.tasks import Tasks
from device_drivers.virtual.cloud.faults import Faults

#: seconds that the provider waits for an answer
PATIENCE = 5.0


class Pushes:
    """Of one provider. `taken` says whether an answer (status, body) counts."""

    def __init__(self, faults: Faults, taken: Callable[[int, bytes], bool]) -> None:
        #: where to; nothing is pushed while it is ""
        self.url = ""
        #: bodies that were taken, as they were sent
        self.delivered: list[bytes] = []
        #: how many answers did not count
        self.refused = 0
        self._faults = faults
        self._taken = taken
        self._tasks = Tasks("virtual pushes")
        self._session: aiohttp.ClientSession | None = None
        self._held: list[Any] = []
        self._turn = asyncio.Lock()

    def report(self, told: Any) -> None:
        """A report, held back where reports are shuffled."""
        self._held.append(told)
        if len(self._held) >= self._faults.shuffle:
            for each in reversed(self._held):
                self.push([each])
            self._held.clear()

    def push(self, told: Any) -> None:
        """Once, or twice where that is switched on."""
        if not self.url:
            return
        body = json.dumps(told, ensure_ascii=False).encode()
        for _ in range(2 if self._faults.twice else 1):
            self._tasks.start(self._deliver(body), "push")

    async def _deliver(self, body: bytes) -> None:
        async with self._turn:  # what happens first is pushed first
            taken = await self.post(body)
        for delay in self._faults.retry_delays:
            if taken:
                break
            self.refused += 1
            await asyncio.sleep(delay)
            taken = await self.post(body)
        if taken:
            self.delivered.append(body)

    async def post(self, body: bytes, url: str = "") -> bool:
        """Once; whether the answer counts."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        try:
            headers = {"Content-Type": "application/json;charset=utf-8"}
            async with self._session.post(url or self.url, data=body, headers=headers) as answer:
                return self._taken(answer.status, await answer.read())
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Push nothing more."""
        await self._tasks.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()
