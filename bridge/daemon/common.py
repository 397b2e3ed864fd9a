"""What every part of the bridge is given when it is built."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, cast

from bridge.bus import Bus
from bridge.config.role import Role
from bridge.config.schema import Config
from bridge.daemon.reloading import Reloading
from bridge.dataclass import dataclass
from bridge.ports.clock import SteadyClock
from bridge.ports.store import Store
from bridge.timekeeping import Timekeeper

if TYPE_CHECKING:
    from bridge.daemon.sharing import Sharing
    from bridge.ports.store.neighbours import NeighbourStore


@dataclass(frozen=True, slots=True)
class Common:
    """What every part of the bridge is given."""

    config: Config
    #: how that changes while the bridge runs
    reloading: Reloading
    #: closes each part
    stack: AsyncExitStack
    store: Store
    bus: Bus
    clock: SteadyClock
    timekeeper: Timekeeper
    #: with the other bridges on the same database; None where the store is this bridge's alone
    sharing: "Sharing | None"
    role: Role
    #: is called when a part dies by a programming error
    end: Callable[[BaseException], None]

    async def once(self, start: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]]) -> None:
        """Run a part of which there is one for a store: until the end, or while this bridge does it for all.

        A part that is ended while it starts is closed all the same.
        """
        if self.sharing is not None:
            self.sharing.once(start, close)
            return
        self.stack.push_async_callback(close)
        await start()


async def join(
    stack: AsyncExitStack, config: Config, store: Store, end: Callable[[BaseException], None], role: Role = Role.ALL
) -> "Sharing | None":
    """Take this process' place among those on its database; None for a file. Raises StoreUnavailable."""
    if config.store.is_file:
        return None
    from bridge.daemon.sharing import Sharing

    shared, mine = cast("NeighbourStore", store), config.store
    sharing = Sharing(shared, mine.name, mine.beat, end, role=role)
    stack.push_async_callback(sharing.leave)
    await sharing.begin(tuple(config.devices))
    return sharing
