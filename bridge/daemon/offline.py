"""A bridge inside one command while none runs: store and gateway, without devices, webhooks and ports.

Nothing is sent or delivered by it. A command asks the operations of the native API that callers of a running bridge
ask, in the same words; only HTTP is not between them.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, cast

from api.dialects.native.local import Local
from api.http.local_users import name_of
from bridge.bus import Bus
from bridge.config.field import Secret
from bridge.config.schema import Config
from bridge.daemon.core import build_gateway, build_submissions
from bridge.daemon.reloading import Reloading
from bridge.dataclass import dataclass
from bridge.errors import StoreUnavailable
from bridge.gateway.gateway import Devices
from bridge.host.client import Ask
from bridge.host.control_file import Control
from bridge.model.neighbour import MISSED, Neighbour
from bridge.ports.clock import SystemClock
from bridge.ports.store import Store
from bridge.store import open_store
from bridge.store.lock import StoreLock
from bridge.store.ownership import leave_to_owner

if TYPE_CHECKING:
    from bridge.ports.store.neighbours import NeighbourStore


@dataclass(frozen=True, slots=True)
class Offline:
    """A bridge running in this process."""

    control: Control
    #: its native API
    ask: Ask


@asynccontextmanager
async def serve_offline(config: Config, held: StoreLock) -> AsyncIterator[Offline]:
    """Serve the native API in this process; `held` is the lock of its store. Raises StoreUnavailable."""
    async with AsyncExitStack() as stack:
        bus, clock = Bus(), SystemClock()
        store = await open_store(config.store.address, bus, held=held, name=config.store.name)
        stack.push_async_callback(store.close)
        leave_to_owner(config.store.path)
        submissions, devices = build_submissions(config, store, bus, clock), Devices(bridges=_bridges(config, store))
        gateway = build_gateway(Reloading(config), store, bus, clock, submissions, devices)
        me, owner = os.geteuid(), config.store.path.stat().st_uid
        local = Local(gateway, "" if me == owner else name_of(me))

        # the bridge that the store was moved to would not hear of it
        moved = await store.moved()

        async def ask(method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            if moved and method != "GET":
                raise StoreUnavailable(moved)
            answer = await local.answer(method, target, headers, body)
            return answer.status, answer.body

        control = Control("", Secret(gateway.authenticator.grant_to_commands()), os.getpid())
        yield Offline(control, ask)


def _bridges(config: Config, store: Store) -> Callable[[], Awaitable[Sequence[Neighbour]]] | None:
    """What tells the bridges of the database; None for a file."""

    async def told() -> Sequence[Neighbour]:
        found = await cast("NeighbourStore", store).neighbours()
        return [each.seen(config.store.beat * MISSED) for each in found]

    return None if config.store.is_file else told
