"""Batches: one text for the rows of a file, as data. All times are Unix milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from bridge.dataclass import dataclass

#: rows and columns of a file
MOST_ROWS, MOST_COLUMNS = 100_000, 64


class BatchState(StrEnum):
    """Where a batch is."""

    #: it can be changed, and nothing is sent
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    #: every row that can be sent was accepted as a message
    DONE = "done"
    CANCELLED = "cancelled"


class RowState(StrEnum):
    """What is to become of a row."""

    OK = "ok"
    #: no number, or no text that can be sent
    BAD = "bad"
    #: an earlier row has the same number
    DUPLICATE = "duplicate"
    #: nothing is sent to this number
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of a batch become messages: what can be changed while it is a draft."""

    name: str
    #: the column with the number; "" when none looks like it
    number_column: str = ""
    #: with places, such as `Dear {name}`
    text: str = ""
    #: ISO 3166 country of numbers without a country code; "" for the account's
    country: str = ""
    #: a line, a device or a number; "" for any
    line: str = ""
    #: nothing is sent before; 0 for at once
    not_before: int = 0
    #: messages a minute; 0 for as many as the lines take
    per_minute: int = 0
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that is sent, or is to be."""

    id: str
    account: str
    plan: Plan
    columns: tuple[str, ...]
    #: SHA-256 of the file
    digest: str
    #: as in the audit trail
    created_by: str
    created_at: int
    state: BatchState = BatchState.DRAFT
    #: why it was paused by itself; "" for none
    reason: str = ""
    rows: int = 0
    #: how many rows are in which state; {} while that is found out
    judged: Mapping[RowState, int] = field(default_factory=dict)
    #: of all messages together
    parts: int = 0
    started_at: int = 0
    finished_at: int = 0
    #: rows up to here were dealt with
    position: int = 0
    #: up to here they are being accepted: after a crash the same ones again
    reserved: int = 0

    @property
    def key(self) -> str:
        """The idempotency key by which its next rows are accepted."""
        return f"batch {self.id} {self.position}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file."""

    #: of the file, from 1
    row: int
    cells: tuple[str, ...]
    state: RowState = RowState.OK
    #: normalised; "" for none
    number: str = ""
    parts: int = 0
    #: one sentence, "" when all is well
    problem: str = ""
    #: the id of its message; "" for none yet
    message: str = ""


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row and what became of its message."""

    row: Row
    state: str = ""
    error: str = ""
    sent_at: int = 0
    delivered_at: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    #: messages by state
    counts: Mapping[str, int]
    #: messages that end or are sent, a minute, lately; 0 where none is to come
    rate_per_minute: float = 0.0
    #: when it would be done at this rate; 0 when that cannot be said
    done_at: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was read."""

    columns: tuple[str, ...]
    #: the row's number in the file, and its cells
    rows: Sequence[tuple[int, tuple[str, ...]]]
