"""The durable store; `open_store` picks the implementation by the URL's scheme."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from bridge.errors import StoreUnavailable
from bridge.store.progress import Progress

if TYPE_CHECKING:
    from bridge.bus import Bus
    from bridge.messages.opt_out import OptOut
    from bridge.ports.store import Store
    from bridge.store.lock import StoreLock

#: scheme of the URL → module with a `STORE` class; `tests/contract/test_store_contract.py` runs on each
STORES = {"sqlite": "bridge.store.sqlite"}


async def open_store(
    url: str,
    bus: "Bus | None" = None,
    *,
    exclusive: bool = False,
    held: "StoreLock | None" = None,
    opt_out: "OptOut | None" = None,
    tell: Callable[[str], None] = lambda words: None,
) -> "Store":
    """Open (and migrate) the store at `url`, e.g. `sqlite:////var/lib/sms-bridge/bridge.db`.

    `exclusive` is for the one process that sends: a second one is refused with StoreUnavailable. A command that
    does not send brings the lock that it holds (`bridge.store.lock`); the store lets go of it at its end. `opt_out`
    says what recipients who write STOP ask for; None for the defaults. `tell` hears of an upgrade that goes on, from
    another thread.
    """
    scheme, _, path = url.partition(":///")
    if scheme not in STORES or not path:
        raise StoreUnavailable(f"no store for {url!r}: write sqlite:////absolute/path or sqlite:///relative/path")
    store = importlib.import_module(STORES[scheme]).STORE(path, bus, opt_out)
    await store.open(exclusive=exclusive, held=held, progress=Progress(tell))
    return cast("Store", store)
