"""The durable store; `open_store` picks the implementation by the URL's scheme."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from bridge.errors import StoreUnavailable
from bridge.store.progress import Progress

if TYPE_CHECKING:
    from bridge.bus import Bus
    from bridge.messages.opt_out import OptOut
    from bridge.ports.store import Store
    from bridge.store.lock import StoreLock

#: scheme of the URL → module with a `STORE` class; `tests/contract/test_store_contract.py` runs on each
STORES = {"sqlite": "bridge.store.sqlite", "postgresql": "bridge.store.postgresql.store"}

NO_PSYCOPG = "a store in PostgreSQL needs psycopg: pip install 'sms-bridge[postgresql]' into the bridge's environment"


async def open_store(
    url: str,
    bus: "Bus | None" = None,
    *,
    exclusive: bool = False,
    held: "StoreLock | None" = None,
    opt_out: "OptOut | None" = None,
    tell: Callable[[str], None] = lambda words: None,
    name: str = "",
) -> "Store":
    """Open (and migrate) the store at `url`, e.g. `sqlite:////var/lib/sms-bridge/bridge.db`.

    `exclusive` is for a process that sends: a second one of the same `name` is refused with StoreUnavailable, and on a
    file a second one of any name. A command that
    does not send brings the lock that it holds (`bridge.store.lock`); the store lets go of it at its end. `opt_out`
    says what recipients who write STOP ask for; None for the defaults. `tell` hears of an upgrade that goes on, from
    another thread.
    """
    scheme, _, place = url.partition("://")
    path = url if scheme == "postgresql" else place.removeprefix("/")
    if scheme not in STORES or path == place:
        raise StoreUnavailable(
            "no store of this URL: write sqlite:////absolute/path, sqlite:///relative/path or postgresql://host/database"
        )
    store = _module(scheme).STORE(path, bus, opt_out)
    await store.open(exclusive=exclusive, held=held, progress=Progress(tell), name=name)
    return cast("Store", store)


def _module(scheme: str) -> Any:
    try:
        return importlib.import_module(STORES[scheme])
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise StoreUnavailable(NO_PSYCOPG) from None
