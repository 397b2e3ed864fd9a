"""Waits at the start, and has the service manager wait: for an upgrade, and for a database that is away."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from bridge.config.storage import Storage
from bridge.errors import StoreUnavailable
from bridge.host.notify import Notifier

log = logging.getLogger(__name__)
T = TypeVar("T")

#: that the service manager may wait for the next word
PATIENCE = 300.0  # s
#: between looks whether the database's server is there
LOOK_INTERVAL = 1.0  # s
#: between words that it is not
TELL_INTERVAL = 60.0  # s


def upgrading(words: str) -> None:
    """Say how far an upgrade is."""
    log.info("%s", words)
    _tell_the_manager(words)


def _tell_the_manager(words: str) -> None:
    Notifier.of(os.environ).tell(f"STATUS={words}", f"EXTEND_TIMEOUT_USEC={round(PATIENCE * 1e6)}")


async def with_store(stack: AsyncExitStack, store: Storage, begin: Callable[[AsyncExitStack], Awaitable[T]]) -> T:
    """Begin what needs the store; again, where its database is away or read-only, until it is there and can be written.

    `begin` gets a stack that closes what began: at the end, or at once where the rest of it cannot begin. Raises
    StoreUnavailable where waiting does not help.
    """
    tried, due = False, 0.0
    while True:
        async with AsyncExitStack() as begun:
            try:
                done = await begin(begun)
            except StoreUnavailable as error:
                failure = error
            else:
                stack.push_async_exit(begun.pop_all())
                return done
        if store.is_file or not _was_lost(failure):
            raise failure
        if not await _answers(store):
            await _until_it_answers(store, failure)
            tried = False
        elif _is_read_only(failure):  # as a standby until it is promoted
            due = _tell(failure, due)
            await asyncio.sleep(LOOK_INTERVAL)
        elif tried:  # it refuses this bridge
            raise failure
        else:  # it may be just back
            tried = True


async def _until_it_answers(store: Storage, failure: StoreUnavailable) -> None:
    due = 0.0
    while True:
        due = _tell(failure, due)
        await asyncio.sleep(LOOK_INTERVAL)
        if await _answers(store):
            log.info("the database answers")
            return


def _tell(failure: StoreUnavailable, due: float) -> float:
    """Say what is waited for, where that is due by the monotonic clock; returns when it is next."""
    now = time.monotonic()
    if now < due:
        return due
    words = f"waiting for the database: {failure.message}"
    log.warning("%s", words)
    _tell_the_manager(words)
    return now + TELL_INTERVAL


def _was_lost(failure: StoreUnavailable) -> bool:
    if failure.__cause__ is None:  # as where psycopg is missing
        return False
    from bridge.store.postgresql.absence import was_lost

    return was_lost(failure)


def _is_read_only(failure: StoreUnavailable) -> bool:
    """Of one by which the database was lost."""
    from bridge.store.postgresql.absence import is_read_only

    return is_read_only(failure)


async def _answers(store: Storage) -> bool:
    from bridge.store.postgresql.absence import answers

    return await asyncio.to_thread(answers, store.address)
