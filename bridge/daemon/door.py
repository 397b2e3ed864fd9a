"""How commands reach a bridge: over the control socket of the running one, else through a gateway opened here.

Who holds the lock of the store decides, for a lock ends with its process, however that ends: a `control.json` that a
killed bridge left behind, or a process id that another program has by now, misleads nobody. While a bridge starts or
ends, and while another command is at work, a command waits a little.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bridge.config import obstacles
from bridge.config.schema import Config
from bridge.errors import StoreUnavailable
from bridge.host import control_file
from bridge.host.client import Client
from bridge.host.control_file import Control, NotRunning
from bridge.store.lock import PAUSE, InUse, StoreLock

#: seconds for a bridge to start or to end, and for another command
PATIENCE = 10.0


class _Closed(StoreUnavailable):
    """The store may not be opened by this user."""


@asynccontextmanager
async def door(
    config: Config,
    start: str,
    account: str = "",
    *,
    running: bool = False,
    name_fields: bool = True,
    patience: float = PATIENCE,
) -> AsyncIterator[Client]:
    """Open the native API of a bridge with operator rights, for `account` where given.

    `start` is the command that starts the bridge. `running`: only one that runs will do. `name_fields`: see `Client`.
    Raises NotRunning, StoreUnavailable.
    """
    reached = await _reach(config, start, running, time.monotonic() + patience)
    if isinstance(reached, Control):
        yield Client(reached, start, account, name_fields=name_fields)
        return
    from bridge.daemon.offline import serve_offline  # takes longer to import than all else of a command

    async with serve_offline(config, reached) as offline:
        yield Client(offline.control, start, account, offline.ask, name_fields=name_fields)


async def _reach(config: Config, start: str, running: bool, ends: float) -> Control | StoreLock:
    """Return the running bridge's control file, or the lock of its store when none runs."""
    while True:
        try:
            return _lock(config, start, running)
        except _Closed:
            # a member of the service's group: the store is not for them, the control file of a running bridge is
            with suppress(control_file.NotRunning):
                return control_file.find(config.directory, start)
            raise
        except InUse as holder:
            control = None if holder.command else control_file.left_by(config.directory, holder.pid)
            if control is not None:
                return control
            if holder.other_name or (holder.command and time.monotonic() >= ends):
                raise
            if time.monotonic() >= ends:
                raise NotRunning(
                    f"the bridge (process {holder.pid}) is starting or ending, and answers no commands: "
                    "try again in a moment, or see its log"
                ) from None
        await asyncio.sleep(PAUSE)


def _lock(config: Config, start: str, running: bool) -> StoreLock:
    """Lock the store. Raises InUse, StoreUnavailable, and NotRunning where only a running bridge can help."""
    database = config.store.path
    try:
        if not running:
            return StoreLock(database, create=True, command=True)
        if database.exists():
            StoreLock(database, command=True).close()
    except OSError as error:
        if isinstance(error, PermissionError) and os.geteuid() != 0:
            raise _Closed(control_file.for_its_owner(database)) from None
        raise StoreUnavailable(obstacles.told(error, database)) from error
    raise NotRunning(f"the bridge is not running; start it with: {start}")
