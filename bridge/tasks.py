"""Starts all asyncio tasks: one that dies is logged and ends its owner. Frees what a task had very many of."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from bridge.errors import LinkError

log = logging.getLogger(__name__)

#: objects that are freed before another thread has its turn
BITE = 256


class Tasks:
    """The background tasks of one owner.

    `on_death` is called once, on the loop, with the exception of a task that ended by one.
    """

    def __init__(self, owner: str, on_death: Callable[[BaseException], None] | None = None) -> None:
        self._owner = owner
        self._on_death = on_death
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a coroutine until it ends or the owner closes."""
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self._owner}: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        assert error is not None  # noqa: S101 - narrows the type; the line above returned otherwise
        if isinstance(error, LinkError):  # devices come and go; that is not a bug
            log.info("%s ended: %s", task.get_name(), error)
        else:
            log.error("%s died", task.get_name(), exc_info=error)
        if self._on_death is not None:
            self._on_death(error)

    async def close(self) -> None:
        """Cancel running tasks and wait for them."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def let_go(many: Sequence[Any]) -> None:
    """Free these objects on a thread of their own, a bite at a time, once the caller has none of them any more.

    A list of a hundred thousand that goes out of use holds everybody up for the tenth of a second that freeing them
    takes.
    """
    if len(many) <= BITE:
        return
    kept = list(many)
    loop = asyncio.get_running_loop()
    # in the next turn of the loop, when the caller's frames are gone
    loop.call_soon(loop.run_in_executor, None, _free, kept)


def _free(kept: list[Any]) -> None:
    while kept:
        del kept[-BITE:]
