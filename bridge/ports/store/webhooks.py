"""Store protocols: webhook endpoints and the ledger of deliveries.

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
    """Webhook endpoints. Calls raise NoSuchThing for an endpoint that is missing or another account's."""

    async def add_endpoint(self, endpoint: Endpoint, by: Author, spare_secret: str = "") -> Endpoint:
        """Add an endpoint; events committed from now on are delivered to it. Without its own secret it gets its
        account's, else the spare one.
        """
        ...

    async def endpoints(self, account: str = "") -> Sequence[Endpoint]:
        """List endpoints, oldest first."""
        ...

    async def endpoint(self, account: str, id: str) -> Endpoint: ...

    async def change_endpoint(self, account: str, id: str, change: EndpointChange, by: Author) -> Endpoint:
        """Change the named fields only."""
        ...

    async def begin_rotation(self, account: str, id: str, fresh: str, by: Author) -> Endpoint:
        """Begin a rotation: a new secret signs too, replacing one that already did."""
        ...

    async def finish_rotation(self, account: str, id: str, by: Author) -> Endpoint:
        """The second secret becomes the only one. Raises NotPossible when there is none."""
        ...

    async def remove_endpoint(self, account: str, id: str, by: Author) -> None:
        """Remove an endpoint and drop its waiting deliveries."""
        ...


class DeliveryStore(Protocol):
    """What the queue of one endpoint needs."""

    async def owed(self, endpoint: str, limit: int, after: int = 0) -> Sequence[tuple[Delivery, Event]]:
        """The oldest waiting deliveries of an endpoint, in order, due or not; only those with `seq` > `after`."""
        ...

    async def record_attempts(self, deliveries: Sequence[Delivery], within: float = 0.0) -> None:
        """Write attempts back (state, attempts, due_at, delivered_at, status, error), all or none.

        `attempts` is one more than before; a delivery that was requeued meanwhile begins anew, and this is forgotten.

        Together with the next change that is committed, or `within` so many seconds if there is none.
        """
        ...

    async def pause_endpoint(self, endpoint: str, url: str, reason: str, now: int) -> None:
        """Pause an endpoint on the bridge's own decision; no effect when it was removed or has another URL by now."""
        ...


class LedgerStore(Protocol):
    """All deliveries, made and waiting."""

    async def ledger(self, account: str, query: LedgerQuery) -> Page[Delivery]: ...
    async def redeliver(self, account: str, query: LedgerQuery, ids: Sequence[str], now: int) -> int: ...
