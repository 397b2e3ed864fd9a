"""The one place where the command line touches the rest of the product: drivers, dialects, store and daemon."""

import asyncio
import os
import pkgutil
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bridge.cli.place import Place
from bridge.ports import Driver, Store
from bridge.settings import Config


def drivers() -> Mapping[str, Driver]:
    """Every driver by name, imported when looked up."""
    from device_drivers import Drivers

    return Drivers()


def dialects() -> list[str]:
    """The names of the dialects, without importing any."""
    import api.dialects

    return [module.name for module in pkgutil.iter_modules(api.dialects.__path__)]


def configuration(path: Path | None) -> Config:
    """The whole configuration, devices included. Raises ConfigError."""
    from bridge import config

    return config.load(path or config.DEFAULT_PATH, os.environ, drivers(), dialects())


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Store]:
    """The store of a bridge, running or not. Raises StoreUnavailable."""
    from bridge.store import open_store

    store = await open_store(place.store.url)
    try:
        yield store
    finally:
        await store.close()


async def run_bridge(config: Config, on_ready: Callable[[Any], None]) -> None:
    """Run the bridge until cancelled."""
    from bridge import daemon

    await daemon.run(config, on_ready=on_ready)


def until_stopped(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run until it ends by itself, or by Ctrl-C or SIGTERM, which are the ordinary ways to stop."""

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows the type: a coroutine that runs is in a task
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await coroutine

    asyncio.run(run())
