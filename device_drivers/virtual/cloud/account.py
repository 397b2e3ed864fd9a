"""What the accounts at all emulated providers of cloud SMS have in common."""

import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping

from aiohttp import web

from device_drivers.virtual.cloud.far import Far, Record
from device_drivers.virtual.cloud.faults import Faults
from device_drivers.virtual.cloud.pushes import Pushes
from device_drivers.virtual.network.timers import Timers
from device_drivers.virtual.provider_server import ProviderServer
from device_drivers.virtual.whatsapp.person import Person


class Account(ProviderServer):
    """Takes messages by approved templates, and tells by pushes what became of them."""

    def __init__(self, templates: Mapping[str, str], sign: str, took: Callable[[int, bytes], bool], port: int) -> None:
        """`templates`: id → approved text; `took` says whether a push with this answer was taken."""
        self.faults = Faults()
        super().__init__("virtual provider", self.faults, port)
        self.templates = dict(templates)
        self.far = Far(sign, self._wrote)
        self.pushes = Pushes(self.faults, took)
        self._timers = Timers()
        self._count = 0
        self._recent: deque[float] = deque()

    @abstractmethod
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a call."""

    @abstractmethod
    def _wrote(self, person: Person, text: str) -> None:
        """Somebody answers."""

    @abstractmethod
    def _settle(self, record: Record, outcome: str) -> None:
        """The carrier tells."""

    def _add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_route("*", "/{path:.*}", self._answer)

    async def close(self) -> None:
        """The end: nothing is on its way any more."""
        self._timers.close()
        await self.pushes.close()
        await super().close()

    def _is_too_often(self) -> bool:
        """Count a call; whether there were more within a second than are answered."""
        at = time.monotonic()
        while self._recent and self._recent[0] <= at - 1:
            self._recent.popleft()
        if self.faults.per_second and len(self._recent) >= self.faults.per_second:
            return True
        self._recent.append(at)
        return False

    def _carry(self, record: Record) -> None:
        """A message goes its way."""
        self.far.take(record)
        if self.faults.outcome != "failed":
            self.far.arrive(record)
        if self.faults.outcome:
            self._timers.after(self.faults.report_delay, self._settle, record, self.faults.outcome)
