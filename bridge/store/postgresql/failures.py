"""What PostgreSQL's errors mean here, by their SQLSTATE: states of the server or of who runs it, or faults of ours.

The statement that met a state is right, and is accepted once the state has ended: whoever asked hears that the store
cannot be used now. What is not in the table is a fault of ours (syntax, an unknown column, a value of a wrong type),
which no other try mends.
"""

from collections.abc import Mapping
from enum import Enum

import psycopg

from bridge.dataclass import dataclass


class Kind(Enum):
    """What an error says of the session, and of another try."""

    #: the session is over, or of no use any more: the next try makes another one
    LOST = "lost"
    #: as LOST, since another session may reach the server that writes; nothing was committed
    READ_ONLY = "read only"
    #: the session goes on; another try may be taken
    STATE = "state"
    #: a statement of ours is wrong
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error means, and why."""

    kind: Kind
    why: str
    #: in place of the server's words
    words: str = ""


FAULT = Failure(Kind.FAULT, "a statement of ours is wrong, or its values are")

#: SQLSTATE, or its first two characters for what else is of its class → what it means
FAILURES: Mapping[str, Failure] = {
    "08": Failure(Kind.LOST, "the connection failed"),
    "25006": Failure(Kind.READ_ONLY, "a standby, or read-only by a setting", "the database is read-only"),
    "25P03": Failure(Kind.LOST, "the server ended the session, which was idle in its transaction"),
    "25P04": Failure(Kind.LOST, "the server ended the session, whose transaction took too long"),
    "26": Failure(Kind.LOST, "what the session had prepared is gone: another session needs none of it"),
    "42P05": Failure(Kind.LOST, "a statement is prepared that the session does not know of: another session has none"),
    "28": Failure(Kind.STATE, "a password or a right to connect was changed"),
    "3D": Failure(Kind.STATE, "the database was renamed or dropped, or is being restored"),
    "40": Failure(Kind.STATE, "two transactions met, or a standby's replay met a query: another try is taken"),
    "42501": Failure(Kind.STATE, "a right was revoked, and can be granted again"),
    "53": Failure(Kind.STATE, "the server is short of memory or connections"),
    "53100": Failure(Kind.STATE, "the server's disk is full", "the database's disk is full"),
    "54": Failure(Kind.STATE, "beyond a limit of the server, such as max_stack_depth, which can be raised"),
    "55": Failure(Kind.STATE, "something is used or set up at the moment"),
    "55P03": Failure(Kind.STATE, "somebody else holds a lock", "locked by another session"),
    "57": Failure(Kind.LOST, "whoever runs the server ended the session, the server or the database"),
    "57014": Failure(Kind.STATE, "the statement was ended, by us or after a time-out", "interrupted"),
    "58": Failure(Kind.STATE, "the server's files or its system fail"),
    "72": Failure(Kind.STATE, "what a long query looked at is gone: a new one sees what is there"),
    "F0": Failure(Kind.STATE, "the server's configuration has a mistake"),
    "XX": Failure(Kind.STATE, "the server failed within, or its files are damaged: mended there, not here"),
}  # fmt: skip


def failure_of(error: psycopg.Error) -> Failure:
    """What an error means; one without a SQLSTATE is of the connection, or of psycopg."""
    state = error.sqlstate or error.diag.sqlstate
    if state is None:
        is_lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return FAILURES["08"] if is_lost else FAULT
    return FAILURES.get(state) or FAILURES.get(state[:2], FAULT)
