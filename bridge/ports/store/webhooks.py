"""Stores of webhook endpoints and of the ledger of deliveries.

A method with an author (`by`) is an administrative change, as in `bridge.ports.store.accounts`. `account` "" reaches
everybody's endpoints, as an operator does.
"""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import Author
from bridge.model.event import Event
from bridge.model.query import LedgerQuery, Page
from bridge.model.webhook import Delivery, Endpoint, EndpointChange


class EndpointStore(Protocol):
    """Where events go. Raises NoSuchThing for an endpoint that is not there, or is another account's."""

    async def add_endpoint(self, endpoint: Endpoint, by: Author, spare_secret: str = "") -> Endpoint:
        """Events committed from now on are owed to it. Without a secret of its own it gets its account's, else the
        spare one."""
        ...

    async def endpoints(self, account: str = "") -> Sequence[Endpoint]:
        """Oldest first."""
        ...

    async def endpoint(self, account: str, id: str) -> Endpoint: ...

    async def change_endpoint(self, account: str, id: str, change: EndpointChange, by: Author) -> Endpoint:
        """Change what is named, and nothing else."""
        ...

    async def begin_rotation(self, account: str, id: str, fresh: str, by: Author) -> Endpoint:
        """A fresh secret signs along, in the place of one that did so already."""
        ...

    async def finish_rotation(self, account: str, id: str, by: Author) -> Endpoint:
        """The secret that signs along becomes the only one. Raises NotPossible when there is none."""
        ...

    async def remove_endpoint(self, account: str, id: str, by: Author) -> None:
        """What is owed to it is dropped."""
        ...


class DeliveryStore(Protocol):
    """What one endpoint's queue works off."""

    async def owed(self, endpoint: str, limit: int, after: int = 0) -> Sequence[tuple[Delivery, Event]]:
        """The oldest deliveries still owed to an endpoint, in order, due or not; only those with `seq` > `after`."""
        ...

    async def record_attempts(self, deliveries: Sequence[Delivery], within: float = 0.0) -> None:
        """Write back state, attempts, due_at, delivered_at, status and error of deliveries, all or none.

        `attempts` is one more than before; a delivery that was requeued meanwhile begins anew, and this is forgotten.

        Together with the next change that is committed, or `within` so many seconds if there is none.
        """
        ...

    async def pause_endpoint(self, endpoint: str, reason: str, now: int) -> None:
        """The bridge itself pauses it; nothing happens when it was removed meanwhile."""
        ...


class LedgerStore(Protocol):
    """Every delivery owed and made."""

    async def ledger(self, account: str, query: LedgerQuery) -> Page[Delivery]: ...
    async def redeliver(self, account: str, query: LedgerQuery, ids: Sequence[str], now: int) -> int: ...
