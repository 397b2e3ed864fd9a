"""Whether the server of a database is away or cannot write, so that waiting helps, or answers and refuses."""

from psycopg.pq import PGconn, Ping

from bridge.errors import StoreUnavailable
from bridge.store.postgresql.session import Lost, ReadOnly, conninfo


def was_lost(error: StoreUnavailable) -> bool:
    """Whether the server was lost, or no session with it could be begun."""
    return isinstance(error.__cause__, Lost)


def is_read_only(error: StoreUnavailable) -> bool:
    """Whether the server takes sessions, and none of them can write."""
    return isinstance(error.__cause__, ReadOnly)


def answers(url: str) -> bool:
    """Whether the server takes connections, or says why not, whoever asks; blocks until it has not for 5 seconds."""
    return PGconn.ping(conninfo(url).encode()) not in (Ping.REJECT, Ping.NO_RESPONSE)
