"""A bridge's place among those of one database: its name, its epoch, and the duties that only one has.

A name is held by an advisory lock of the session that writes. The epoch fences: each transaction that writes looks
whether it is still the one that this bridge has. Another bridge that takes a device of this one raises it, and nothing
more is written here until this bridge took its place again.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import psycopg

from bridge.errors import StoreUnavailable
from bridge.store.postgresql.connection import LAST, SAVEPOINT, Connection, Said
from bridge.store.postgresql.schema import BRIDGE, HERE, WRITES, refuse_newer, steps_of
from bridge.store.postgresql.session import Refused
from bridge.store.writer import Tx
from bridge.version import version

log = logging.getLogger(__name__)
T = TypeVar("T")

#: for a bridge that ended to be gone from the server, too
PATIENCE = 10.0  # s
#: for the session before this one, which the server was told to end
AGAIN = 1.0  # s
_PAUSE = 0.05  # s
#: what only one bridge of a database does
UPKEEP = "upkeep"

#: the lock of a name, one number in the place of two
KEY = f"hashtextextended('sms-bridge ' || {HERE} || ' ' || ?, 0)"
_KEY = KEY.replace("%", "%%").replace("?", "%s")
#: a bridge of a release that has the database for itself holds this one alone
_SHARED = f"SELECT pg_try_advisory_lock_shared({BRIDGE}, {HERE})"
_NAMED = f"SELECT pg_try_advisory_lock({_KEY})"
_OF_NAME = f"((CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT)) = {_KEY} AND objsubid = 1"
_HOLDER = (
    "SELECT coalesce(host(client_addr), 'the server itself'), to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS') "
    "FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND granted AND "
)
_OLDER = f"classid = {BRIDGE} AND objsubid = 2"
#: the session before this one, which the server may not know to be gone
_ITSELF = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
#: a bridge that is gone in the middle of a transaction does not keep the others from writing for long
_IMPATIENT = "SET idle_in_transaction_session_timeout = '5s'"
_LOCK = f"SELECT pg_advisory_xact_lock({WRITES}, {HERE})"
_FOUND = (
    "SELECT CAST(pg_current_xact_id() AS TEXT), (SELECT epoch FROM bridges WHERE name = ?), "
    f"EXISTS (SELECT FROM duties WHERE name = ? AND bridge = ? AND until > clock_timestamp()), {LAST}"
)
_ENTER = """
INSERT INTO bridges (name, version, epoch, seen, ended) VALUES (?, ?, 1, clock_timestamp(), 0)
ON CONFLICT (name) DO UPDATE SET version = excluded.version, epoch = bridges.epoch + 1, seen = excluded.seen, ended = 0
RETURNING epoch
"""

#: set while work goes on that only the bridge with the duties may do
_ON_DUTY: ContextVar[bool] = ContextVar("on duty", default=False)


class Place:
    """The place of one process; a command that writes beside no bridge has a name, and no epoch."""

    def __init__(self, name: str) -> None:
        self.name = name
        #: 0 until this process is a bridge of the database
        self.epoch = 0
        #: whether the transaction under way is one of the bridge with the duties
        self.on_duty = False
        #: another bridge has taken something: until `take_again` nothing is written
        self.lost = False
        self._session: tuple[Any, ...] | None = None

    def begin(self) -> Sequence[Said]:
        """What begins a transaction that writes; one waits for the one before, whoever began it."""
        # each statement for itself, so that it sees all that was committed before the lock was had, as on SQLite
        return ("BEGIN", ()), (_LOCK, ()), (SAVEPOINT, ()), (_FOUND, (self.name, UPKEEP, self.name))

    def check(self, row: tuple[Any, ...]) -> None:
        """Look at what a transaction found when it began. Raises Refused for a bridge that lost its place."""
        self.lost = bool(self.epoch) and row[1] != self.epoch
        self.on_duty = bool(row[2])
        if self.lost:
            raise Refused("another bridge has taken over what this one had: it takes its place again first")

    def prepare(self, session: psycopg.Connection[Any]) -> None:
        """Take the name for a session, before anything else. Raises StoreUnavailable where another has it."""
        session.execute(_IMPATIENT)
        if self._session is not None:
            session.execute(_END, self._session)
        self._lock(session, AGAIN if self.epoch else PATIENCE)
        self._session = session.execute(_ITSELF).fetchone()
        if self.epoch:
            refuse_newer(steps_of(session))

    def _lock(self, session: psycopg.Connection[Any], patience: float) -> None:
        ends = time.monotonic() + patience
        for asked, of, values in ((_SHARED, _OLDER, None), (_NAMED, _OF_NAME, (self.name,))):
            while not (session.execute(asked, values).fetchone() or (False,))[0]:
                if time.monotonic() >= ends:
                    holder = session.execute(_HOLDER + of, values).fetchone()
                    who = f" (from {holder[0]}, since {holder[1]} UTC)" if holder else ""
                    raise StoreUnavailable(self._refused(who) if values else _refused_by_older(who))
                time.sleep(_PAUSE)

    def _refused(self, who: str) -> str:
        if self.epoch:
            return (
                f"the server still has an earlier session of {self.name!r}{who}, and is ending it: this bridge waits "
                "for that; if it lasts, look for another bridge of this name"
            )
        return (
            f"the database is in use by another bridge named {self.name!r}{who}: stop that one, or give this one a "
            "name of its own: store.bridge"
        )

    def enter(self, conn: Connection) -> None:
        """Be a bridge of the database from now on, in a transaction of its own. Raises sqlite3.Error."""
        self.epoch, known = 0, self.epoch
        try:
            conn.execute("BEGIN IMMEDIATE")
            row = conn.execute(_ENTER, (self.name, version())).fetchone()
            conn.execute("COMMIT")
        except BaseException:
            self.epoch = known
            raise
        self.epoch, self.lost = int(row[0]) if row else 0, False

    def duty(self, job: Callable[[Tx], T]) -> Callable[[Tx], T]:
        """The same job, which only the bridge with the duties does where it was asked for as one of them.

        What it does then raises StoreUnavailable in any other.
        """
        if not _ON_DUTY.get():
            return job

        def fenced(tx: Tx) -> T:
            cast(Connection, tx.conn).know_beginning()
            if not self.on_duty:
                raise StoreUnavailable("another bridge has taken over what only one does")
            return job(tx)

        return fenced


def _refused_by_older(who: str) -> str:
    return (
        f"the database is in use by another bridge{who}, of an older release that wants it for itself: stop it first; "
        "or it is being exported or imported: start again when that has ended"
    )


def is_on_duty() -> bool:
    """Whether what is asked for now is one of the duties."""
    return _ON_DUTY.get()


@contextmanager
def on_duty() -> Iterator[None]:
    """What is started here is done by the bridge with the duties alone."""
    token = _ON_DUTY.set(True)
    try:
        yield
    finally:
        _ON_DUTY.reset(token)
