"""Lists the sites of this bridge, with what waits here for their lines."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bridge.model.site import Site
from bridge.ports.clock import Clock
from bridge.ports.store import HealthStore
from bridge.ports.store_rows import MOST_TOLD, Waiting


class Sites:
    """The bridges whose lines are lines of this one (`gateway.sites`)."""

    def __init__(self, store: HealthStore, clock: Clock, sites: Callable[[], Sequence[Site]]) -> None:
        self._store = store
        self._clock = clock
        self._sites = sites

    async def all(self) -> Sequence[Site]:
        """Every site, also one that is away or has not joined yet. Raises StoreUnavailable."""
        sites = self._sites()
        if not sites:
            return ()
        queues = await self._store.waiting(self._clock.now())
        return [replace(site, waiting_here=_due(site, queues)) for site in sites]


def _due(site: Site, queues: Sequence[Waiting]) -> int:
    """The messages that this site alone may carry; what any line may carry waits for no site."""
    # by what its lines are called here, for they are not known while it is away from a start on
    mine = (queue.count for queue in queues if queue.route.partition(":")[0] == site.name)
    return min(MOST_TOLD, sum(mine))
