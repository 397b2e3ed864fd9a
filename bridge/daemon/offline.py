"""A bridge for one command while none runs: store and gateway, without devices, webhooks and ports.

Nothing is sent or delivered by it. A command reaches it by pairs of sockets within this process, and speaks to the
same application as through the control socket of a bridge that runs.
"""

import asyncio
import os
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from api.http.app import build_command_app, runner
from bridge.bus import Bus
from bridge.config.field import Secret
from bridge.config.schema import Config
from bridge.daemon.core import build_gateway, build_submissions
from bridge.host.client import LONGEST_LINE, Connect
from bridge.host.control_file import Control
from bridge.ports.clock import SystemClock
from bridge.store import open_store
from bridge.store.lock import StoreLock
from bridge.store.ownership import leave_to_owner


@dataclass(frozen=True, slots=True)
class Offline:
    """A bridge in this process that answers."""

    control: Control
    #: makes a connection to its native API
    connect: Connect


@asynccontextmanager
async def serve_offline(config: Config, held: StoreLock) -> AsyncIterator[Offline]:
    """The bridge of a configuration; `held` is the lock of its store. Raises StoreUnavailable."""
    async with AsyncExitStack() as stack:
        bus = Bus()
        store = await open_store(config.store.url, bus, held=held)
        stack.push_async_callback(store.close)
        leave_to_owner(config.store.path)
        clock = SystemClock()
        gateway = build_gateway(config, store, bus, clock, build_submissions(config, store, bus, clock))
        serving = runner(build_command_app(gateway, config.store.path.stat().st_uid))
        await serving.setup()
        stack.push_async_callback(serving.cleanup)
        assert serving.server is not None  # noqa: S101 - narrows the type: `setup` made it
        control = Control("", Secret(gateway.admission.grant_to_commands()), os.getpid())
        yield Offline(control, partial(_connect, serving.server))


async def _connect(server: web.Server) -> tuple[StreamReader, StreamWriter]:
    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().connect_accepted_socket(server, theirs)
    return await asyncio.open_connection(sock=ours, limit=LONGEST_LINE)
