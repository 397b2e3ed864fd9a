"""Where everything durable lives. One module a store; `open_store` picks it by the URL's scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import StoreUnavailable

if TYPE_CHECKING:
    from bridge.events import Bus
    from bridge.store.sqlite import SqliteStore


async def open_store(url: str, bus: Bus | None = None, *, exclusive: bool = False) -> SqliteStore:
    """Open (and migrate) the store at `url`, e.g. `sqlite:////var/lib/sms-bridge/bridge.db`.

    `exclusive` is for the one process that sends: a second one is refused with StoreUnavailable.
    """
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise StoreUnavailable(f"no store for {url!r}: write sqlite:////absolute/path or sqlite:///relative/path")
    from bridge.store.sqlite import SqliteStore

    store = SqliteStore(path, bus)
    await store.open(exclusive=exclusive)
    return store
