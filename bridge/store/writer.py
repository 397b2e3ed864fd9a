"""The one thread that writes, and group commit.

Jobs handed over in the same turn of the event loop, or while the thread is busy, share one
transaction and one fsync. Each job runs in a savepoint of its own, so one that fails takes nothing
of the others with it. Jobs of a kind that can be done together are: most of their cost is that the
thread gives the interpreter up at each statement. Nobody hears of a result before the commit.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bridge.errors import BridgeError, StoreUnavailable
from bridge.events import Bus, Event

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class Tx:
    """What a job gets: the connection inside a transaction, and where to put the events it commits."""

    conn: sqlite3.Connection
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Job:
    """Something to do, and who waits for it."""

    run: Callable[..., Any]
    future: "asyncio.Future[Any]"
    #: for `do_together`: what `run` gets in a sequence, besides the transaction
    item: Any = None
    together: bool = False


Done = tuple["asyncio.Future[Any]", Any, BaseException | None]


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """A sentence for a person out of SQLite's."""
    words = str(error)
    if "full" in words:
        return StoreUnavailable("the disk is full: nothing was accepted; make room and try again")
    if "locked" in words:
        return StoreUnavailable("the store is locked by another program: nothing was accepted; try again")
    return StoreUnavailable(f"the store cannot be used ({words}); nothing was accepted")


class Writer:
    """Runs jobs on its own thread in grouped transactions. Made and used on the event loop."""

    def __init__(self, connection: sqlite3.Connection, bus: Bus | None) -> None:
        self._connection = connection
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._handed: list[Job] = []
        self._queue: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store writer", daemon=True)
        self._closed = False
        self._thread.start()

    def do(self, job: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """Run a job in the next transaction; the future's result is on disk."""
        return self._take(Job(job, self._loop.create_future()))

    def do_together(self, job: Callable[[Tx, Sequence[T]], Sequence[R]], item: T) -> "asyncio.Future[R]":
        """Like `do`, for a job that takes many items in one call, and has a result for each.

        Those that share a transaction share the call.
        When that fails, each is tried alone.
        """
        return self._take(Job(job, self._loop.create_future(), item, together=True))

    def _take(self, job: Job) -> "asyncio.Future[Any]":
        if self._closed:
            job.future.set_exception(StoreUnavailable("the store is closed"))
            return job.future
        if not self._handed:
            self._loop.call_soon(self._hand_over)
        self._handed.append(job)
        return job.future

    async def close(self) -> None:
        """Finish what was handed over, then end the thread."""
        self._hand_over()
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._handed:
            self._queue.put(self._handed)
            self._handed = []

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            closing = False
            while not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    closing = True
                    break
                batch += more
            done, events = self._transact(batch)
            self._loop.call_soon_threadsafe(self._tell, done, events)
            if closing:
                return

    def _transact(self, batch: list[Job]) -> tuple[list[Done], list[Event]]:
        tx = Tx(self._connection)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            done = self._carry_out(tx, batch)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            log.exception("the store failed")
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            failure = unavailable(error)
            return [(job.future, None, failure) for job in batch], []
        return done, tx.events

    def _carry_out(self, tx: Tx, batch: list[Job]) -> list[Done]:
        shared: dict[Callable[..., Any], list[Job]] = {}
        for job in batch:
            if job.together:
                shared.setdefault(job.run, []).append(job)
        done = [each for run, jobs in shared.items() for each in self._together(tx, run, jobs)]
        return done + [(job.future, *self._attempt(tx, job.run)) for job in batch if not job.together]

    def _together(self, tx: Tx, run: Callable[..., Any], jobs: list[Job]) -> list[Done]:
        results, error = self._attempt(tx, lambda tx: run(tx, [job.item for job in jobs]))
        if error is None:
            return [(job.future, result, None) for job, result in zip(jobs, results, strict=True)]
        if len(jobs) == 1:
            return [(jobs[0].future, None, error)]
        return [each for job in jobs for each in self._together(tx, run, [job])]

    def _attempt(self, tx: Tx, job: Callable[[Tx], Any]) -> tuple[Any, BaseException | None]:
        heard = len(tx.events)
        tx.conn.execute("SAVEPOINT job")
        try:
            result = job(tx)
        except Exception as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # the disk or the file, not the job: everybody's transaction ends
            if not isinstance(error, BridgeError):
                log.exception("a store job failed")
            del tx.events[heard:]
            tx.conn.execute("ROLLBACK TO job")
            tx.conn.execute("RELEASE job")
            return None, error
        tx.conn.execute("RELEASE job")
        return result, None

    def _tell(self, done: list[Done], events: list[Event]) -> None:
        for future, result, error in done:
            if future.done():
                continue  # its caller went away; the change stands all the same
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)
        if events and self._bus is not None:
            self._bus.publish(events)
