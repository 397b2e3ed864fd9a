"""The store of batches."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import Author
from bridge.model.batch import Batch, BatchState, Plan, Row, RowResult, RowState
from bridge.model.query import Page


class BatchStore(Protocol):
    """Files that are sent. `view` is whose: those of an account, or "" for everybody's."""

    async def add_batch(self, batch: Batch, by: Author) -> None: ...

    async def add_rows(self, id: str, rows: Sequence[Row]) -> None:
        """Add rows, or replace those of the same places, some at a time."""
        ...

    async def batches(self, view: str, limit: int, cursor: str) -> Page[Batch]:
        """Newest first. Raises BadRequest for an unknown cursor."""
        ...

    async def batch(self, view: str, id: str) -> Batch:
        """Raises NoSuchThing."""
        ...

    async def running_batches(self) -> Sequence[Batch]:
        """The oldest first."""
        ...

    async def same_files(self, batch: Batch) -> Sequence[Batch]:
        """Others of its account that were started with the same file, newest first."""
        ...

    async def plan_batch(self, id: str, plan: Plan) -> None:
        """Change a draft; its rows are to be judged again. Raises NoSuchThing, NotPossible."""
        ...

    async def judge_batch(self, id: str) -> Batch:
        """All rows are judged: count them."""
        ...

    async def move_batch(self, id: str, state: BatchState, by: Author, reason: str = "") -> Batch:
        """Raises NoSuchThing, NotPossible for a move that makes no sense."""
        ...

    async def drop_batch(self, id: str, by: Author) -> None:
        """With its rows; messages stay. Raises NoSuchThing, NotPossible while it runs."""
        ...

    async def rows(self, id: str, state: RowState | None, after: int, limit: int) -> Sequence[Row]:
        """Rows behind one, in order."""
        ...

    async def results(self, id: str, state: RowState | None, after: int, limit: int) -> Sequence[RowResult]:
        """Rows behind one with their messages, in order."""
        ...

    async def row_counts(self, id: str) -> dict[str, int]:
        """Messages of a batch by state."""
        ...

    async def reserve_rows(self, id: str, end: int) -> Batch:
        """Rows up to here are about to be accepted."""
        ...

    async def rows_accepted(
        self, id: str, end: int, messages: Sequence[tuple[int, str]], problems: Sequence[Row]
    ) -> Batch:
        """Rows up to here were dealt with: row and message id of the accepted ones, and rows that could not be."""
        ...

    async def under_way(self, id: str, limit: int) -> int:
        """How many of the last so many messages of a batch wait to be sent."""
        ...

    async def waiting_messages(self, id: str) -> Sequence[str]:
        """Ids of messages of a batch that wait to be sent."""
        ...
