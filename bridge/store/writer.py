"""The writing thread, with group commit.

Jobs handed over in the same turn of the event loop, or while the thread is busy, share one
transaction and one fsync. One that fails takes nothing of the others with it: they are done all over,
each in a savepoint of its own, so a job may be run twice. A job that is likely to be refused has its own
from the start. Nobody hears of a result before the commit.

Most of what a job costs is that the thread gives the interpreter up at each statement and has to win it
back from the event loop: hence no savepoint for each job from the start, and jobs that do many of their
kind in the statements of one.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import field
from typing import Any, TypeVar

from bridge.bus import Bus
from bridge.dataclass import dataclass
from bridge.errors import BridgeError, StoreClosed, StoreUnavailable
from bridge.messages.opt_out import OptOut
from bridge.model.event import Event
from bridge.ports.store_rows import Queued
from bridge.store.presence import Presence
from bridge.store.soundness import WAY_OUT
from bridge.store.write_ahead_log import WriteAheadLog
from bridge.telemetry.metrics import Metrics

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class Tx:
    """What a job receives: the connection inside a transaction, and lists for what it publishes."""

    conn: sqlite3.Connection
    events: list[Event] = field(default_factory=list)
    #: messages that it puts into queues
    queued: list[Queued] = field(default_factory=list)
    #: something changed that no event tells of
    changed: bool = False
    #: it changes who may come in, or what they may do
    admission: bool = False
    #: webhook endpoints of which it changes deliveries; "" for any
    endpoints: list[str] = field(default_factory=list)
    #: it deletes what somebody wants gone, from the write-ahead log, too
    forgets: bool = False
    #: what recipients may ask for
    opt_out: OptOut = field(default_factory=OptOut)

    def empty(self) -> None:
        """Forget what jobs have left here."""
        for told in (self.events, self.queued, self.endpoints):
            told.clear()
        self.changed = self.admission = self.forgets = False


@dataclass(slots=True)
class Job:
    """A job and the future that waits for it."""

    run: Callable[..., Any]
    future: "asyncio.Future[Any]"
    #: for `do_together`: what `run` gets in a sequence, besides the transaction
    item: Any = None
    together: bool = False
    #: a BridgeError that it raises is no reason to do the others again
    apart: bool = False
    #: in a transaction of its own, between what was asked for before and after it
    alone: bool = False
    #: in no transaction: `run` gets the connection
    outside: bool = False


Done = tuple["asyncio.Future[Any]", Any, BaseException | None]


#: a COMMIT with one of these has not written its last frame, without which the frames before it count for nothing
_NOT_WRITTEN = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """Convert an SQLite error to a sentence."""
    words = str(error)
    if "full" in words:
        return StoreUnavailable("the disk is full: nothing was accepted; make room and try again")
    if "locked" in words:
        return StoreUnavailable("the store is locked by another program: nothing was accepted; try again")
    if "malformed" in words or "not a database" in words:
        return StoreUnavailable(f"the store is damaged ({words}): {WAY_OUT}")
    return StoreUnavailable(f"the store cannot be used ({words}); nothing was accepted")


def uncertain(error: sqlite3.Error) -> StoreUnavailable:
    """A failure of which nobody can say whether it undid what it failed over."""
    return StoreUnavailable(
        f"the store failed while this was written ({error}): it may or may not have been accepted; look for it, or "
        "repeat it with the same idempotency key"
    )


def write_page(conn: sqlite3.Connection) -> None:
    """Write a page that changes nothing: the file's own version number."""
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    conn.execute(f"PRAGMA user_version = {version}")


class Writer:
    """Runs jobs on its own thread in shared transactions. Created and used on the event loop."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        bus: Bus | None,
        opt_out: OptOut | None = None,
        forgotten: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        #: called on the event loop after a commit of what `forgets`
        self._forgotten = forgotten
        self._watch()
        self._opt_out = opt_out or OptOut()
        self._bus = bus
        self._metrics = bus.metrics if bus is not None else Metrics()
        self._loop = asyncio.get_running_loop()
        self._handed: list[Job] = []
        #: to be done along with others, or when the timer is up
        self._later: list[Job] = []
        self._timer: asyncio.TimerHandle | None = None
        self._queue: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store writer", daemon=True)
        self._closed = False
        self._thread.start()

    def _watch(self) -> None:
        """Watch the files that are written."""
        self._log = WriteAheadLog(self._connection)
        self._presence = Presence(self._connection)

    def _trouble(self) -> str:
        """Why nothing may be written now; "" while all is well."""
        return self._presence.trouble()

    def _rest(self) -> None:
        """What is done while nobody waits."""
        self._log.cut()

    def _is_committed(self, error: sqlite3.Error) -> bool | None:
        """Whether a COMMIT that failed has happened all the same; None when nobody can say."""
        return False if error.sqlite_errorcode in _NOT_WRITTEN or self._overwrite() else None

    def do(self, job: Callable[[Tx], T], apart: bool = False) -> "asyncio.Future[T]":
        """Run a job in the next transaction; its result is on disk. `apart`: it is likely to be refused."""
        return self._take(Job(job, self._loop.create_future(), apart=apart))

    def do_together(self, job: Callable[[Tx, Sequence[T]], Sequence[R]], item: T) -> "asyncio.Future[R]":
        """Like `do`, for a job that takes many items in one call and returns a result for each.

        Those that share a transaction share the call.
        """
        return self._take(Job(job, self._loop.create_future(), item, together=True))

    def do_within(self, seconds: float, job: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """Like `do`, but waits up to this many seconds to share another job's transaction."""
        if self._closed or not seconds:
            return self.do(job)
        waiting = Job(job, self._loop.create_future())
        self._later.append(waiting)
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._hand_over)
        return waiting.future

    def do_alone(self, job: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """Run a job alone: after everything requested before it, before everything requested later."""
        future = self._take(Job(job, self._loop.create_future(), alone=True))
        self._hand_over()
        return future

    def do_outside(self, job: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Run a job between two transactions: for what SQLite does outside of any."""
        return self._take(Job(job, self._loop.create_future(), alone=True, outside=True))

    def _take(self, job: Job) -> "asyncio.Future[Any]":
        if self._closed:
            job.future.set_exception(StoreClosed("the store is closed"))
            return job.future
        if not self._handed:
            self._loop.call_soon(self._hand_over)
        self._handed.append(job)
        return job.future

    async def close(self) -> None:
        """Finish pending jobs, then end the thread."""
        self._hand_over()
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if jobs := self._later + self._handed:
            self._queue.put(jobs)
        self._handed, self._later = [], []

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            closing = False
            while not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    closing = True
                    break
                batch += more
            for jobs in _divided(batch):
                tx = Tx(self._connection, opt_out=self._opt_out)
                done = [self._run_outside(jobs[0])] if jobs[0].outside else self._transact(tx, jobs)
                self._loop.call_soon_threadsafe(self._tell, done, tx)
            if closing:
                return
            if self._queue.empty():  # nobody waits for it
                self._rest()

    def _run_outside(self, job: Job) -> Done:
        try:
            return job.future, job.run(self._connection), None
        except sqlite3.Error as error:
            failure = unavailable(error)
            failure.__cause__ = error
            return job.future, None, failure

    def _transact(self, tx: Tx, batch: list[Job]) -> list[Done]:
        if trouble := self._trouble():
            self._metrics.store_failures.add()
            return [(job.future, None, StoreUnavailable(trouble)) for job in batch]
        committing, done = False, list[Done]()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            before = self._connection.total_changes
            done = self._perform(tx, batch)
            began, committing = time.perf_counter(), True
            self._commit(tx)
            # one that changed nothing waited for no disk
            if self._connection.total_changes != before:
                self._metrics.committed(len(batch), time.perf_counter() - began)
        except sqlite3.Error as error:
            if self._is_done_over(error):
                self._roll_back()
                tx.empty()
                return self._transact(tx, batch)
            self._metrics.store_failures.add()
            self._tell_failure(error)
            self._roll_back()
            committed = self._is_committed(error) if committing else False
            if committed:
                return done
            failure = uncertain(error) if committed is None else unavailable(error)
            failure.__cause__ = error
            tx.events.clear()
            tx.queued.clear()
            return [(job.future, None, failure) for job in batch]
        return done

    def _is_done_over(self, error: sqlite3.Error) -> bool:
        """Whether nothing was committed, and the same jobs are to be done over now."""
        return False

    def _tell_failure(self, error: sqlite3.Error) -> None:
        """Say where a transaction failed."""
        log.error("the store failed", exc_info=error)

    def _commit(self, tx: Tx) -> None:
        self._connection.execute("COMMIT")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):  # where that fails, too, SQLite has done so by itself
                self._connection.execute("ROLLBACK")

    def _overwrite(self) -> bool:
        """See to it that a failed COMMIT has not happened, after a crash either; False when that is not certain.

        It may be in the write-ahead log as a whole, and only its fsync failed: whoever opens the store after a crash
        would find it. The next commit begins at the same place of the log.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            write_page(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._roll_back()
            return False
        return True

    def _perform(self, tx: Tx, jobs: list[Job]) -> list[Done]:
        """Run all jobs in one savepoint; if that fails, each in its own."""
        done, error = _attempt(tx, lambda tx: list(_results(tx, jobs)))
        if error is None:
            return list(done)
        if len(jobs) > 1:
            return [each for job in jobs for each in self._perform(tx, [job])]
        if not isinstance(error, BridgeError):
            log.error("a store job failed", exc_info=error)
        return [(jobs[0].future, None, error)]

    def _tell(self, done: list[Done], tx: Tx) -> None:
        for future, result, error in done:
            if future.done():
                continue  # its caller went away; the change stands all the same
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)
        if tx.forgets:
            self._forgotten()
        if self._bus is None:
            return
        if tx.events:
            self._bus.publish(tx.events)
        if tx.changed:
            self._bus.publish(())
        if tx.queued:
            self._bus.publish_queued(tx.queued)


def _divided(jobs: list[Job]) -> Iterator[list[Job]]:
    """Group jobs that may share a transaction, in order."""
    start = 0
    for place, job in enumerate(jobs):
        if job.alone:
            yield from (some for some in (jobs[start:place], [job]) if some)
            start = place + 1
    if start < len(jobs):
        yield jobs[start:]


def _attempt(tx: Tx, run: Callable[[Tx], Any]) -> tuple[Any, Exception | None]:
    """Run in a savepoint; returns the result, or the error that rolled it back."""
    events, queued = len(tx.events), len(tx.queued)
    tx.conn.execute("SAVEPOINT jobs")
    try:
        result = run(tx)
    except Exception as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # the disk or the file, not the job: everybody's transaction ends
        del tx.events[events:], tx.queued[queued:]
        tx.conn.execute("ROLLBACK TO jobs")
        tx.conn.execute("RELEASE jobs")
        return None, error
    tx.conn.execute("RELEASE jobs")
    return result, None


def _results(tx: Tx, jobs: list[Job]) -> Iterator[Done]:
    """Run the jobs; those that can be combined first."""
    shared: dict[Callable[..., Any], list[Job]] = {}
    for job in jobs:
        if job.together:
            shared.setdefault(job.run, []).append(job)
    for run, some in shared.items():
        results = run(tx, [job.item for job in some])
        yield from ((job.future, result, None) for job, result in zip(some, results, strict=True))
    for job in jobs:
        if not job.together:
            yield _alone(tx, job) if job.apart else (job.future, job.run(tx), None)


def _alone(tx: Tx, job: Job) -> Done:
    result, error = _attempt(tx, job.run)
    if error is not None and not isinstance(error, BridgeError):
        raise error
    return job.future, result, error
