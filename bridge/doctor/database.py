"""Asks the PostgreSQL server whether a bridge can have its store there."""

import statistics
import time

from bridge.errors import StoreUnavailable
from bridge.model.finding import Finding

#: questions that are timed
QUESTIONS = 20
#: median above which each message waits long
SLOW = 10.0  # ms
REMEDY = "correct store.url and store.password; try it with psql"


def look(address: str) -> Finding:
    """Whether the server answers, which one it is, whether it is fit, and how long an answer takes."""
    try:
        import psycopg
    except ModuleNotFoundError:
        return Finding("fail", "store", "PostgreSQL needs psycopg", "pip install 'sms-bridge[postgresql]'")
    from bridge.store.postgresql.schema import refuse_unfit
    from bridge.store.postgresql.session import one_line

    took = []
    try:
        with psycopg.connect(address, connect_timeout=5) as session:
            refuse_unfit(session)
            version = session.info.server_version // 10_000
            for _ in range(QUESTIONS):
                begun = time.perf_counter()
                session.execute("SELECT 1")
                took.append((time.perf_counter() - begun) * 1000)
    except psycopg.Error as error:
        return Finding("fail", "store", f"PostgreSQL does not answer: {one_line(error)}", REMEDY)
    except StoreUnavailable as error:
        return Finding("fail", "store", error.message, REMEDY)
    middle = statistics.median(took)
    words = f"PostgreSQL {version} answers in {'less than a millisecond' if middle < 1 else f'{middle:.1f} ms'}"
    if middle <= SLOW:
        return Finding("ok", "store", words)
    return Finding("warn", "store", f"{words}; each message waits for several", "put the bridge nearer to its database")
