"""Whether the server of a database is away, so that waiting for it helps, or answers and refuses."""

from psycopg.pq import PGconn, Ping

from bridge.errors import StoreUnavailable
from bridge.store.postgresql.session import Lost, conninfo


def was_lost(error: StoreUnavailable) -> bool:
    """Whether the server was lost, or no session with it could be begun."""
    return isinstance(error.__cause__, Lost)


def answers(url: str) -> bool:
    """Whether the server takes connections, or says why not, whoever asks; blocks until it has not for 5 seconds."""
    return PGconn.ping(conninfo(url).encode()) not in (Ping.REJECT, Ping.NO_RESPONSE)
