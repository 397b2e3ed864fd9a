"""Stores of webhook endpoints and of the ledger of deliveries."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.event import Event
from bridge.model.query import LedgerQuery, Page
from bridge.model.webhook import Delivery, Endpoint


class EndpointStore(Protocol):
    """Where events go."""

    async def add_endpoint(self, endpoint: Endpoint) -> None: ...

    async def endpoints(self, account: str = "") -> Sequence[Endpoint]:
        """Oldest first; of one account, or all."""
        ...

    async def change_endpoint(self, endpoint: Endpoint) -> None: ...
    async def remove_endpoint(self, id: str) -> None: ...


class DeliveryStore(Protocol):
    """What one endpoint's queue works off."""

    async def owed(self, endpoint: str, limit: int, after: int = 0) -> Sequence[tuple[Delivery, Event]]:
        """The oldest deliveries still owed to an endpoint, in order, due or not; only those with `seq` > `after`."""
        ...

    async def record_attempts(self, deliveries: Sequence[Delivery], within: float = 0.0) -> None:
        """Write back state, attempts, due_at, delivered_at, status and error of deliveries, all or none.

        Together with the next change that is committed, or `within` so many seconds if there is none.
        """
        ...


class LedgerStore(Protocol):
    """Every delivery owed and made."""

    async def ledger(self, account: str, query: LedgerQuery) -> Page[Delivery]: ...
    async def redeliver(self, account: str, query: LedgerQuery, ids: Sequence[str], now: int) -> int: ...
