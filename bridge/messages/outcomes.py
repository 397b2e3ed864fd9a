"""What happens to a message after a send: pure decisions."""

from bridge.dataclass import dataclass
from bridge.errors import Refusal, SendRefused
from bridge.model.account import UnknownPolicy
from bridge.model.message import Message, State
from bridge.ports.store_rows import Outcome


@dataclass(frozen=True, slots=True)
class SendingRules:
    """Retry limits for temporary refusals."""

    #: further tries after a temporary refusal
    retries: int
    #: between them
    retry_interval_ms: int


def unknown(message: Message, index: int, error: str, now: int) -> Outcome:
    """A part with unknown outcome: kept, sent again or failed, by the message's policy."""
    if message.on_unknown is UnknownPolicy.RESEND:
        return Outcome(message.id, index, State.QUEUED, error=error, retry_at=now, counts=True, unsure=True)
    if message.on_unknown is UnknownPolicy.FAIL:
        return Outcome(message.id, index, State.FAILED, error=error, unsure=True)
    return Outcome(message.id, index, State.UNKNOWN, error=error)


def refused(
    message: Message, index: int, refusal: SendRefused, rules: SendingRules, now: int, rest: int = 0
) -> Outcome:
    """A part that was definitely not sent: failed, retried later, or offered to another line.

    `rest`: ms after which it is due again when the line is refused as a whole.
    """
    if refusal.refusal is Refusal.PERMANENT:
        return Outcome(message.id, index, State.FAILED, error=refusal.cause)
    if refusal.refusal is not Refusal.TEMPORARY:
        return Outcome(message.id, index, State.QUEUED, error=refusal.cause, retry_at=now + rest)
    if message.attempts >= rules.retries:
        tries = f"given up after {rules.retries} retries: " if rules.retries else ""
        return Outcome(message.id, index, State.FAILED, error=tries + refusal.cause)
    later = now + rules.retry_interval_ms
    return Outcome(message.id, index, State.QUEUED, error=refusal.cause, retry_at=later, counts=True)
