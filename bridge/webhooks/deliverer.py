"""Delivers webhooks from the ledger; each endpoint has its own queue and none waits for another.

The rows are written by the store together with each event; here they are only worked off. Whatever is
owed when the process dies is owed when it starts again and is posted then, with the same event id: a
receiver sees an event at least once. `bridge.webhooks.retry_policy` has the rules for retries and dead letters.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from bridge.bus import Bus
from bridge.errors import StoreUnavailable
from bridge.model.event import FOR_OPERATORS, Event
from bridge.ports.clock import Clock
from bridge.ports.store import DeliveryStore, EndpointStore
from bridge.tasks import Tasks
from bridge.webhooks.endpoint_queue import EndpointQueue, Poster
from bridge.webhooks.recorder import STORE_AGAIN

log = logging.getLogger(__name__)

#: seconds that attempts under way have to finish when the bridge stops
GRACE = 5.0


class WebhookStore(DeliveryStore, EndpointStore, Protocol):
    """The parts of the store that webhook delivery uses."""


class Deliverer:
    """Keeps a queue for every endpoint. `on_death` is called when one dies of a bug."""

    def __init__(
        self,
        store: WebhookStore,
        bus: Bus,
        clock: Clock,
        post: Poster,
        on_death: Callable[[BaseException], None] | None = None,
        grace: float = GRACE,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._post = post
        self._grace = grace
        self._tasks = Tasks("ledger", on_death)
        self._couriers: dict[str, tuple[EndpointQueue, asyncio.Task[None]]] = {}
        #: account → its queues
        self._by_account: dict[str, list[EndpointQueue]] = {}
        self._poked: set[str | None] = set()
        self._woken = asyncio.Event()
        self._deaf: Callable[[], None] = lambda: None
        self._let_be: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Start with what is already waiting. Raises StoreUnavailable."""
        self._deaf = self._bus.subscribe(self._hear)
        self._let_be = self._bus.subscribe_endpoints(self.poke)
        await self._arrange(set())
        self._tasks.start(self._keep(), "endpoints")

    async def close(self) -> None:
        """Start no more attempts; those under way get a few seconds, or stay in the ledger."""
        self._deaf()
        self._let_be()
        self._deaf = self._let_be = lambda: None
        for courier, _ in self._couriers.values():
            courier.finish()
        running = [task for _, task in self._couriers.values()]
        if running:
            await asyncio.wait(running, timeout=self._grace)
        await self._tasks.close()
        self._couriers.clear()
        self._by_account.clear()

    def poke(self, endpoint_id: str | None = None) -> None:
        """Endpoints or their deliveries changed other than by an event (added, removed, redelivered …).

        With an id, somebody is waiting: its next attempt is made now instead of when it is due. None begins before
        the change has been read, since whoever made it (removed or paused the endpoint, say) takes it for done.
        """
        if endpoint_id in self._couriers:
            self._couriers[endpoint_id][0].hold()
        self._poked.add(endpoint_id)
        self._woken.set()

    def _hear(self, events: Sequence[Event]) -> None:
        if not events:  # changed by another process, which tells no more than that
            self.poke()
        for event in events:
            for courier in self._concerned(event):
                if "*" in courier.endpoint.events or event.name in courier.endpoint.events:
                    courier.wake()

    def _concerned(self, event: Event) -> Iterable[EndpointQueue]:
        """The queues in which the store may have put a delivery of this event, if they want such events."""
        if event.account and event.name not in FOR_OPERATORS:
            return self._by_account.get(event.account, ())
        return [courier for courier, _ in self._couriers.values()]

    async def _keep(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            poked, self._poked = self._poked, set()
            try:
                await self._arrange(poked)
            except StoreUnavailable as error:
                log.error("cannot read the webhook endpoints: %s", error)
                await asyncio.sleep(STORE_AGAIN)
                self._poked |= poked
                self._woken.set()

    async def _arrange(self, poked: set[str | None]) -> None:
        """Make the queues match the existing endpoints."""
        endpoints = {endpoint.id: endpoint for endpoint in await self._store.endpoints()}
        for gone in self._couriers.keys() - endpoints.keys():
            self._couriers.pop(gone)[1].cancel()
        for endpoint in endpoints.values():
            if endpoint.id in self._poked:
                continue  # changed since it was read, so it is read again at once
            if endpoint.id not in self._couriers:
                self._bus.metrics.know_account(endpoint.account)
                courier = EndpointQueue(endpoint, self._store, self._clock, self._post, self._tasks, self._bus.metrics)
                self._couriers[endpoint.id] = (courier, self._tasks.start(courier.run(), f"endpoint {endpoint.id}"))
                continue
            courier, _ = self._couriers[endpoint.id]
            if poked & {endpoint.id, None} or courier.endpoint != endpoint:
                courier.look_again(endpoint, ask=endpoint.id in poked)
        self._by_account = {}
        for courier, _ in self._couriers.values():
            self._by_account.setdefault(courier.endpoint.account, []).append(courier)
