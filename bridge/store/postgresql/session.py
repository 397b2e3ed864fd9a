"""A session of PostgreSQL: how it is made, how long it waits, what it converts, and what its errors are called here."""

import logging
import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import Enum
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown
from psycopg.waiting import Ready, Wait

from bridge.store.postgresql.failures import Kind, failure_of

log = logging.getLogger(__name__)

#: for what the URL does not say: a server that is gone is noticed within these seconds
_PATIENCE: dict[str, str | int] = {
    "application_name": "sms-bridge",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
#: and a bridge that is gone by the server, which then lets go of its lock
SESSION = (
    # a page of an index is hardly ever far away: what the server expects for one by itself is a turning disk
    "SET TimeZone = 'UTC'; SET jit = off; SET random_page_cost = 1.1; SET lock_timeout = '10s'; "
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = 15000"
)
#: one that lives and says nothing, as a stopped one or one whose disk hangs, which TCP takes for well
SILENCE = 12.0  # s
#: stands for the character of number 0, which PostgreSQL keeps in no text
NUL = "\u2400"
#: what callers hear; the log has the server's words
UNREACHABLE = "the database does not answer"


class Lost(sqlite3.OperationalError):
    """The connection was lost, or cannot be made."""


class ReadOnly(Lost):
    """The session cannot write, so it is given up for another one; nothing was committed."""


class Refused(sqlite3.OperationalError):
    """The database is not for this bridge, or not any more."""


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A session that takes a server which says nothing for lost."""

    #: seconds that an answer may take; None for any
    patience: float | None = None
    #: a statement is put down only, until `end`
    collects: bool = False
    _pipelines: ExitStack | None = None
    _entered: psycopg.Pipeline | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether it sends statements without a wait for each."""
        return self._entered is not None

    def ahead(self) -> psycopg.Pipeline:
        """Where statements are sent without a wait for each; the session stays there.

        psycopg says more behind the end of one that is left, and then the server does not count for how long the
        session has been idle in its transaction.
        """
        if self._entered is None:
            self._pipelines = ExitStack()
            self._entered = self._pipelines.enter_context(self.pipeline())
        return self._entered

    def end(self) -> None:
        """Send what was asked, and behind it an end, of which the server says that it has come so far.

        It counts for how long a session has been idle from an end only: what is cut off between two statements would
        keep a transaction, and the lock of all bridges, for as long as the server's machine takes it for there. So each
        statement of a transaction goes with an end of its own, in one piece, and so does its beginning as a whole.
        """
        pipeline = self.ahead()
        while pipeline.command_queue:
            pipeline.command_queue.popleft()()
        self.pgconn.pipeline_sync()
        pipeline.result_queue.append(None)

    def deliver(self) -> None:
        """Hand the network all that was sent: psycopg waits for answers only, and libpq keeps what it was not given."""
        self.wait(_delivering(self.pgconn))

    def close(self) -> None:
        """End it. Harmless when repeated."""
        super().close()
        if self._pipelines is not None:
            with suppress(psycopg.Error):
                self._pipelines.close()

    def wait(self, gen: Generator[Any, Any, Any], *given: Any, **named: Any) -> Any:
        """Wait for an answer. Raises psycopg.OperationalError when none came in time, and is closed then."""
        if self.collects:
            _put_down(gen)
            return None
        if self.patience is None:
            return super().wait(gen, *given, **named)
        try:
            return super().wait(_in_time(gen, self.patience), *given, **named)
        except _Silent:
            self.pgconn.finish()  # what was asked may still be under way
            raise


def _put_down(sending: Generator[Any, Any, Any]) -> None:
    """Have psycopg put a statement down; it would then send it, and look at the network."""
    next(sending, None)
    sending.close()


def _delivering(pgconn: pq.abc.PGconn) -> Generator[Wait, Ready, None]:
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:  # or the server waits with an answer, and takes nothing
            pgconn.consume_input()


class _Silent(psycopg.OperationalError):
    """No answer came in time."""


def _in_time(waiting: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """What psycopg waits for. Raises _Silent when the server has said nothing at all for so long."""
    try:
        state, ends = next(waiting), time.monotonic() + seconds
        while True:
            ready = yield state
            if ready:
                ends = time.monotonic() + seconds
            elif time.monotonic() > ends:
                raise _Silent(f"the server has not answered for {seconds:g} s")
            state = waiting.send(ready)
    except StopIteration as end:
        return end.value


class _Text(StrDumperUnknown):
    """Texts of no type, so that the server takes that of their place, and names of a set as texts."""

    def dump(self, obj: Any) -> Buffer | None:
        text = str(obj.value if isinstance(obj, Enum) else obj)
        return super().dump(text.replace("\0", NUL) if "\0" in text else text)


class _Flag(Dumper):
    """True and False, for columns of numbers and for conditions."""

    def dump(self, obj: bool) -> Buffer | None:
        return b"1" if obj else b"0"


class _Whole(Loader):
    """Sums of whole numbers."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdecimal() else float(text)


def conninfo(url: str) -> str:
    """What libpq is told: the URL, and patience where it does not say. Raises Refused."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise Refused(one_line(error)) from error
    return make_conninfo(url, **{name: value for name, value in _PATIENCE.items() if name not in known})


@contextmanager
def told() -> Iterator[None]:
    """psycopg's errors as those of SQLite that mean the same."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise sqlite3.IntegrityError(one_line(error)) from error
    except psycopg.Error as error:
        failure = failure_of(error)
        if failure.kind is Kind.LOST:
            log.warning("the database was lost: %s", one_line(error))
            raise Lost(UNREACHABLE) from error
        if failure.kind is Kind.READ_ONLY:
            raise ReadOnly(failure.words) from error
        said = sqlite3.OperationalError if failure.kind is Kind.STATE else sqlite3.DatabaseError
        raise said(failure.words or one_line(error)) from error


def one_line(error: BaseException) -> str:
    """The words of an error, on one line."""
    return " ".join(str(error).split())


def adapt(session: psycopg.Connection[Any]) -> None:
    # psycopg takes for prepared what the server has skipped behind a statement that failed, and never looks again
    session.prepare_threshold = None
    session.adapters.register_dumper(str, _Text)
    session.adapters.register_dumper(Enum, _Text)
    session.adapters.register_dumper(bool, _Flag)
    # of one size, whatever the number
    session.adapters.register_dumper(int, Int8Dumper)
    session.adapters.register_loader("numeric", _Whole)
