"""Accepts submissions: short ones in a transaction that they share with others, long ones a slice at a time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

from bridge.bus import Bus
from bridge.errors import BridgeError, StoreClosed, StoreUnavailable
from bridge.messages.opt_out import OptOut
from bridge.model.message import Message
from bridge.retry import retry_until_stored
from bridge.store import acceptance, bulk
from bridge.store.bulk import SLICE
from bridge.store.connections import Connections
from bridge.store.writer import Tx
from bridge.tasks import Tasks, let_go

T = TypeVar("T")
#: what a submission comes to; the second says that its key was known
Stored = tuple[Sequence[Message], bool]

#: what its caller hears whose messages are safe, but cannot all be queued yet
_ACCEPTED = (
    "all of these messages are accepted, and go into the queue as soon as the store can be written again: do not send "
    "them again, or with the same idempotency key"
)


class Submission(Connections):
    """Implements `SubmissionStore`."""

    def __init__(self, path: str, bus: Bus | None = None, opt_out: OptOut | None = None) -> None:
        super().__init__(path, bus, opt_out)
        self._long = Tasks("store")
        #: account → held by its long submission that goes on
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        #: held by the slice that is written: what others wrote comes before the next, in transactions of its own
        self._slice = asyncio.Lock()

    async def close(self) -> None:
        """What is not finished of long submissions is at the next start. Harmless when repeated."""
        await self._long.close()
        await super().close()

    def _recover(self) -> None:
        ids = self._write_connection.execute("SELECT id FROM bulk ORDER BY id").fetchall()
        bulk.recover(self._write_connection, self._opt_out, [row[0] for row in ids])

    async def submit(
        self, messages: Sequence[Message], idempotency_key: str = "", request_digest: str = "", apart: bool = False
    ) -> Stored:
        """Store messages; submissions without limits to check share statements within a commit."""
        if len(messages) > SLICE:
            return await self._submit_long(messages, idempotency_key, request_digest)
        if idempotency_key:
            job = partial(acceptance.insert_once, messages=messages, key=idempotency_key, digest=request_digest)
            return await self._writer.do(job, apart)
        if apart:
            return await self._writer.do(lambda tx: acceptance.insert(tx, messages), apart), False
        return await self._writer.do_together(acceptance.insert_all, messages), False

    async def remembered(self, account: str, key: str, digest: str) -> Sequence[Message] | None:
        """The remaining messages of a key's first call; of a long one when all of them are there."""
        ids = await self._read(acceptance.remembered, account, key, digest)
        if ids is None:
            return None
        if len(ids) > SLICE:
            await self._finished(account, key)
        return await self._left(ids)

    async def _finished(self, account: str, key: str) -> None:
        """Wait until a key's first call, a long one, is finished."""
        if (turn := self._turns.get(account)) is not None:
            async with turn:
                pass

    async def _left(self, ids: Sequence[str]) -> Sequence[Message]:
        """A slice at a time: who calls is found on the same thread."""
        found: list[Message] = []
        for start in range(0, len(ids), SLICE):
            found += await self._read(acceptance.left, ids[start : start + SLICE])
        return acceptance.some(found)

    # -- long ones -----------------------------------------------------------------------------
    async def _submit_long(self, messages: Sequence[Message], key: str, digest: str) -> Stored:
        told: asyncio.Future[Stored | BridgeError] = asyncio.get_running_loop().create_future()
        # goes on when its caller goes away
        self._long.start(self._take(told, messages, key, digest), "submission")
        outcome = await told
        if not isinstance(outcome, BridgeError):
            return outcome
        try:
            raise outcome
        finally:
            # an error has the frames it came through, and they would have it, and all messages, for as long
            del outcome, told

    async def _take(
        self, told: "asyncio.Future[Stored | BridgeError]", messages: Sequence[Message], key: str, digest: str
    ) -> None:
        """Tell what becomes of a submission, and finish it."""
        outcome: Stored | BridgeError = StoreClosed("the store was closed before this was accepted")
        account = messages[0].account
        try:
            async with self._turns.setdefault(account, asyncio.Lock()):
                number = await self._begin(account, key, digest)
                if not isinstance(number, int):  # the submission before this was the same
                    outcome = await self._left(number), True
                    return
                outcome = await self._store(number, messages, key, digest)
                _tell(told, outcome)
                with suppress(StoreClosed):
                    await retry_until_stored(partial(self._finish, number))
        except BridgeError as error:
            outcome = error
        finally:
            _tell(told, outcome)
            let_go(messages)

    async def _begin(self, account: str, key: str, digest: str) -> int | Sequence[str]:
        """Begin a submission; returns its id, or the messages' ids where its key's first call was before it."""
        ids = await self._read(acceptance.remembered, account, key, digest) if key else None
        return await self._write(bulk.begin, account) if ids is None else ids

    async def _store(self, id: int, messages: Sequence[Message], key: str, digest: str) -> Stored | BridgeError:
        slices = [messages[start : start + SLICE] for start in range(0, len(messages), SLICE)]
        try:
            staged = [await self._stage(id, place, some) for place, some in enumerate(slices)]
            await self._accept(id, messages, staged, key, digest)
        except BridgeError as error:
            return error
        stored: list[Message] = []
        try:
            for n, (some, each) in enumerate(zip(slices, staged, strict=True)):
                stored += await self._one(partial(bulk.settle, id=id, place=n, messages=some, blocked=each.blocked))
        except bulk.Missing as error:
            return error
        except StoreUnavailable as error:
            return StoreUnavailable(f"{_ACCEPTED} ({error.message})")
        return stored, False

    async def _stage(self, id: int, place: int, messages: Sequence[Message]) -> bulk.Staged:
        packed = await asyncio.to_thread(bulk.packed, messages)
        return await self._one(partial(bulk.stage, id=id, place=place, messages=messages, packed=packed))

    async def _accept(
        self, id: int, messages: Sequence[Message], staged: Sequence[bulk.Staged], key: str, digest: str
    ) -> None:
        parts = sum(each.parts for each in staged)
        ids = await asyncio.to_thread(acceptance.ids_of, messages) if key else ""

        def accept(tx: Tx) -> None:
            if key:
                acceptance.remember_first(tx, messages[0], key, digest, ids)
            bulk.accept(tx, id, messages[0], parts, len(staged))

        await self._writer.do(accept, apart=True)

    async def _one(self, job: Callable[[Tx], T]) -> T:
        async with self._slice:
            return await self._writer.do_alone(job)

    async def _finish(self, id: int) -> None:
        while await self._one(partial(bulk.finish, id=id)):
            pass


def _tell(told: "asyncio.Future[Stored | BridgeError]", outcome: Stored | BridgeError) -> None:
    if not told.done():
        # without the frames of who stored: see `_submit_long`
        told.set_result(outcome.with_traceback(None) if isinstance(outcome, BridgeError) else outcome)
