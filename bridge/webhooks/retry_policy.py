"""Decides what a receiver's answer means and when to try again. Pure.

| answer | meaning | what happens |
|---|---|---|
| 2xx | delivered | the next in line goes at once |
| none, 5xx, 408, 425, 429 | the receiver is down | its whole line waits, in order, and tries again |
| 410 | the receiver is gone for good | the endpoint is paused; what is owed waits |
| any other | the receiver refuses this event | three tries, then it steps aside for those behind it |

Tries come after 5 s, 10 s, 20 s … up to an hour, each ± 10 %, or later if the receiver says so with
`Retry-After`. After two days of them a delivery is dead: kept, listed, and sent again when asked to.
A receiver that took something within the last minute stumbles rather than being down: tries come after 50 ms, 100 ms …
up to 5 s first, and do not count towards the two days.
An event that stepped aside keeps its own times; it is the one case in which order is given up.
"""

from dataclasses import replace
from enum import StrEnum
from http import HTTPStatus

from bridge.dataclass import dataclass
from bridge.model.webhook import Delivery, DeliveryState, Endpoint
from bridge.retry import Backoff

SECOND = 1_000
DAY = 24 * 3600 * SECOND
SCHEDULE = Backoff(first=5 * SECOND, ceiling=3600 * SECOND)
#: while a receiver stumbles: half of the tries may fail, and a delivery still takes a quarter of a second on average
BRISK = Backoff(first=50, ceiling=5 * SECOND)
#: for so long after its last success a receiver that fails stumbles, and is not down
LATELY = 60 * SECOND
#: how long a delivery is owed before it is dead
SPAN = 2 * DAY
TRIES = SCHEDULE.tries_within(SPAN)
#: refusals of one event before those behind it go first
REFUSALS = 3
#: a receiver may ask for this much patience and no more
LONGEST_RETRY_AFTER = DAY

#: instead of a status: something in the bridge failed over this event; treated as a refusal, so that it
#: does not stop those behind it, and kept with the delivery, so that it does not after a restart either
NOT_MADE = -1

_DOWN = frozenset({0, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one attempt."""

    #: HTTP status; 0 when none came, NOT_MADE when we could not make the attempt
    status: int
    #: for people; never holds a secret or the URL's path
    error: str = ""
    #: the receiver's `Retry-After` in milliseconds; 0 when it said nothing
    retry_after: int = 0
    #: no attempt can ever succeed (the format has no words for this event): dead at once
    hopeless: bool = False


class Verdict(StrEnum):
    """What an answer means for the delivery."""

    DELIVERED = "delivered"
    DOWN = "down"
    REFUSED = "refused"
    GONE = "gone"


def verdict(status: int) -> Verdict:
    """Classify an HTTP status; 0 stands for no answer."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status in _DOWN or status >= 500:
        return Verdict.DOWN
    return Verdict.GONE if status == HTTPStatus.GONE else Verdict.REFUSED


def stands_aside(delivery: Delivery) -> bool:
    """Whether it was refused often enough to let later deliveries pass."""
    return delivery.attempts >= REFUSALS and verdict(delivery.status) is Verdict.REFUSED


def failures_before(delivery: Delivery, now: int) -> int:
    """How often a receiver was found down in a row, by the oldest delivery owed to it; what a restart starts from.

    Its tries while the receiver stumbled do not count: never more than the schedule has in the delivery's lifetime.
    """
    if not delivery.attempts or verdict(delivery.status) is not Verdict.DOWN:
        return 0
    return min(delivery.attempts, SCHEDULE.tries_within(now - delivery.created_at))


def outcome(
    delivery: Delivery, endpoint: Endpoint, answer: Answer, now: int, streak: int, chance: float, stumbles: int = 0
) -> Delivery:
    """The ledger row after an attempt that ended at `now`.

    `streak` counts this answer and those of the same meaning just before it: of the whole line when the
    receiver is down, of this event when it was refused. `chance` is a random number in [0, 1) for the jitter.
    `stumbles` counts the failures before those, while the receiver had been up lately; `streak` is 0 as long as it was.
    """
    attempts, meaning = delivery.attempts + 1, verdict(answer.status)
    if meaning is Verdict.DELIVERED:
        made = DeliveryState.DELIVERED
        return replace(delivery, attempts=attempts, state=made, delivered_at=now, status=answer.status, error="")
    tried = replace(delivery, attempts=attempts, status=answer.status, error=answer.error)
    if answer.hopeless or tried.attempts >= (endpoint.max_attempts or TRIES + stumbles):
        return replace(tried, state=DeliveryState.DEAD)
    if meaning is Verdict.GONE:
        # the endpoint is paused with it; the first attempt after that need not wait
        return replace(tried, due_at=now)
    wait = SCHEDULE.delay(streak, chance) if streak else BRISK.delay(stumbles, chance)
    due_at = now + max(wait, min(answer.retry_after, LONGEST_RETRY_AFTER))
    if meaning is Verdict.REFUSED or streak < TRIES:
        return replace(tried, due_at=due_at)
    # The receiver has been down for two days: whoever was owed that long gets this one attempt, so that
    # a backlog dies one by one and not one every two days; a younger one waits until it is its time.
    until = _owed_since(delivery, max(delivery.attempts - stumbles, 0)) + SPAN
    return replace(tried, state=DeliveryState.DEAD) if now >= until else replace(tried, due_at=min(until, due_at))


def _owed_since(delivery: Delivery, tries: int) -> int:
    """When its two days began: at its creation, or at a later redelivery."""
    if delivery.due_at <= delivery.created_at + SPAN:
        return delivery.created_at
    return delivery.due_at - SCHEDULE.elapsed(tries)
