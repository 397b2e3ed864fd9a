"""Accepts messages: validates, stores, and announces them only then."""

from collections.abc import Callable, Sequence

from bridge.config.schema import Sending
from bridge.dataclass import dataclass
from bridge.errors import BadRequest, NotVerified
from bridge.gateway.interpreter import considerate
from bridge.messages.composer import INLINE_DRAFTS, Composer, digest_of
from bridge.messages.validation import Limits
from bridge.model.account import Account, Verification
from bridge.model.line import Line
from bridge.model.message import Draft, Message
from bridge.ports.clock import Clock
from bridge.ports.store import SubmissionStore
from bridge.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Submission:
    """The result of a submit: messages in the order of the drafts."""

    messages: tuple[Message, ...]
    #: the idempotency key was known: these are the messages of the first call, nothing new was queued
    replayed: bool = False


class Submissions:
    """Accepts messages for all accounts (`gateway.submit`)."""

    def __init__(
        self,
        store: SubmissionStore,
        metrics: Metrics,
        clock: Clock,
        lines: Callable[[], Sequence[Line]],
        limits: Limits | None = None,
        expire_after_ms: int = round(Sending().expire_after * 1000),
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._composer = Composer(clock, lines, limits or Limits(), expire_after_ms)
        #: limits and default lifetime for the next messages
        self.adopt = self._composer.adopt

    async def submit(self, account: Account, drafts: Sequence[Draft], idempotency_key: str = "") -> Submission:
        """Accept messages: when this returns they are on disk. All or none.

        Raises BadRequest (and its kinds; `field` says which, with `messages[17].` before it when there
        are several), NotVerified, OutOfCredit, DailyLimit, IdempotencyConflict, StoreUnavailable, and
        AlreadyUsed for a `client_ref` used before in this account. A repeated idempotency key gives what is
        left of the first call's messages, and raises NotPossible when all of them were deleted. A message to
        a number on the account's list is accepted and has failed at once.
        """
        check_verified(account)
        if not drafts:
            raise BadRequest("there is no message in this request", "messages")
        if len(drafts) <= INLINE_DRAFTS:
            return await self._submit(account, drafts, idempotency_key)
        with considerate():
            return await self._submit(account, drafts, idempotency_key)

    async def _submit(self, account: Account, drafts: Sequence[Draft], idempotency_key: str) -> Submission:
        request = ""
        if idempotency_key:
            request = await digest_of(drafts)
            # before anything is checked: what was right in the first call may have no future by now
            first = await self._store.remembered(account.name, idempotency_key, request)
            if first is not None:
                return Submission(tuple(first), replayed=True)
        accepted = await self._composer.messages(account, drafts)
        apart = account.credits is not None or account.terms.daily_per_recipient > 0
        stored, replayed = await self._store.submit(accepted, idempotency_key, request, apart)
        if not replayed:
            self._metrics.submitted(account.name, drafts[0].dialect, len(stored))
        return Submission(tuple(stored), replayed)

    def check(self, account: Account, draft: Draft) -> None:
        """Validate a draft without storing it. Raises BadRequest and its subclasses."""
        self._composer.check(account, draft)


def check_verified(account: Account) -> None:
    """Refuse accounts that are not approved. Raises NotVerified."""
    if account.terms.verification is Verification.REJECTED:
        raise NotVerified("the account's verification was rejected: it may not send")
    if account.terms.verification is not Verification.APPROVED:
        raise NotVerified
