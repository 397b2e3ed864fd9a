"""The rules for answers, retries and dead letters, walked through by a clock of the test's own."""

import random

import pytest

from bridge.model.webhook import Delivery, DeliveryState, Endpoint
from bridge.webhooks.retry_policy import (
    BRISK,
    DAY,
    LATELY,
    REFUSALS,
    SCHEDULE,
    SPAN,
    TRIES,
    Answer,
    Verdict,
    failures_before,
    outcome,
    stands_aside,
    verdict,
)

HOUR = 3600 * 1000
START = 1_790_000_000_000
ENDPOINT = Endpoint(id="e1", account="shop", url="http://127.0.0.1/hook")
DOWN = Answer(503, "HTTP 503 Service Unavailable")
REFUSED = Answer(400, "HTTP 400 Bad Request")


def owed(attempts: int = 0, created_at: int = START, due_at: int = START, status: int = 0) -> Delivery:
    return Delivery(
        id="d1", seq=1, endpoint="e1", account="shop", event_id="v1", event="message.sent", state=DeliveryState.OWED,
        attempts=attempts, due_at=due_at, created_at=created_at, status=status,
    )  # fmt: skip


def after(delivery: Delivery, answer: Answer, now: int, streak: int = 1, endpoint: Endpoint = ENDPOINT) -> Delivery:
    return outcome(delivery, endpoint, answer, now, streak, 0.5)


@pytest.mark.parametrize(
    ("meaning", "statuses"),
    [
        (Verdict.DELIVERED, (200, 201, 202, 204, 299)),
        (Verdict.DOWN, (0, 408, 425, 429, 500, 502, 503, 504, 599)),
        (Verdict.REFUSED, (301, 302, 307, 400, 401, 403, 404, 405, 409, 413, 415, 422, 451)),
        (Verdict.GONE, (410,)),
    ],
)
def test_every_status_has_its_meaning(meaning: Verdict, statuses: tuple[int, ...]) -> None:
    assert {verdict(status) for status in statuses} == {meaning}


def test_a_delivery_made_carries_its_time_and_no_old_error() -> None:
    row = after(owed(attempts=3, status=503), Answer(202), START + 77)
    assert (row.state, row.attempts, row.delivered_at, row.status, row.error) == ("delivered", 4, START + 77, 202, "")


def test_a_receiver_that_is_down_is_tried_for_about_two_days() -> None:
    row, now = owed(), START
    while row.state is DeliveryState.OWED:
        row = after(row, DOWN, now, streak=row.attempts + 1)
        assert row.state is DeliveryState.DEAD or SCHEDULE.first <= row.due_at - now <= SCHEDULE.ceiling
        now = row.due_at
    assert row.attempts == TRIES
    assert 48 * HOUR <= row.due_at - START <= 49 * HOUR


def test_jitter_moves_the_end_by_a_tenth_at_most() -> None:
    for chance, hours in ((0.0, 43), (0.999, 53)):
        row, now = owed(), START
        while row.state is DeliveryState.OWED:
            row = outcome(row, ENDPOINT, DOWN, now, row.attempts + 1, chance)
            now = row.due_at
        assert hours <= (row.due_at - START) / HOUR < hours + 1


def test_a_receiver_that_asks_for_patience_gets_it() -> None:
    assert after(owed(), Answer(503, retry_after=90_000), START).due_at == START + 90_000


def test_a_receiver_that_asks_for_haste_does_not_get_it() -> None:
    assert after(owed(), Answer(503, retry_after=1_000), START).due_at == START + 5_000


def test_patience_ends_after_a_day() -> None:
    assert after(owed(), Answer(503, retry_after=30 * DAY), START).due_at == START + DAY


def test_one_attempt_means_one() -> None:
    once = Endpoint(id="e1", account="shop", url="http://127.0.0.1/hook", max_attempts=1)
    for answer in (DOWN, REFUSED, Answer(410)):
        row = after(owed(), answer, START, endpoint=once)
        assert (row.state, row.attempts) == ("dead", 1)


def test_an_event_stands_aside_after_its_third_refusal() -> None:
    row, asides = owed(), []
    for _ in range(REFUSALS):
        row = after(row, REFUSED, row.due_at, streak=row.attempts + 1)
        asides.append(stands_aside(row))
    assert asides == [False, False, True]
    assert row.due_at - START == 5_000 + 10_000 + 20_000


def test_an_event_that_the_receiver_was_down_for_does_not_stand_aside() -> None:
    assert not stands_aside(owed(attempts=40, status=503))


def test_a_refused_event_is_dead_after_the_same_two_days() -> None:
    row = owed()
    while row.state is DeliveryState.OWED:
        row = after(row, REFUSED, row.due_at, streak=row.attempts + 1)
    assert 48 * HOUR <= row.due_at - START <= 49 * HOUR


def test_gone_counts_as_an_attempt_and_may_be_tried_at_once() -> None:
    row = after(owed(), Answer(410, "HTTP 410 Gone"), START + 5)
    assert (row.state, row.attempts, row.due_at, row.status) == ("owed", 1, START + 5, 410)


def test_what_can_never_succeed_is_dead_at_once() -> None:
    row = after(owed(), Answer(0, "this format has no words for message.sent", hopeless=True), START)
    assert (row.state, row.attempts, row.error) == ("dead", 1, "this format has no words for message.sent")


class TestAReceiverThatHasBeenDownForTwoDays:
    """By then the first in line is dead; those behind it must neither wait two days each nor die unseen."""

    def test_gives_the_backlog_one_attempt_each(self) -> None:
        row = after(owed(created_at=START - SPAN), DOWN, START, streak=TRIES + 1)
        assert (row.state, row.attempts) == ("dead", 1)

    def test_keeps_a_younger_event_until_it_is_two_days_old(self) -> None:
        row, now = owed(), START + HOUR
        attempts_at = []
        while row.state is DeliveryState.OWED:
            row = after(row, DOWN, now, streak=TRIES + 1)
            attempts_at.append(now)
            now = row.due_at
        assert attempts_at[-1] == START + SPAN
        assert len(attempts_at) <= 49

    @pytest.mark.parametrize("patience", [0, DAY])
    def test_gives_the_last_attempt_when_the_two_days_are_over_and_no_later(self, patience: int) -> None:
        row = after(owed(), Answer(503, retry_after=patience), START + SPAN - HOUR // 2, streak=TRIES + 1)
        assert (row.state, row.due_at) == ("owed", START + SPAN)

    def test_gives_a_redelivered_event_two_days_of_its_own(self) -> None:
        redelivered = START + 5 * DAY
        row = after(owed(due_at=redelivered), DOWN, redelivered, streak=TRIES + 1)
        assert (row.state, row.due_at) == ("owed", redelivered + HOUR)


def test_a_backlog_of_a_machine_that_was_switched_off_gets_its_whole_schedule() -> None:
    """The rows are old, but nobody saw the receiver down for long: the first failure is only a first failure."""
    row = after(owed(created_at=START - 3 * DAY, due_at=START - 3 * DAY), DOWN, START, streak=1)
    assert (row.state, row.due_at) == ("owed", START + 5_000)


class TestAReceiverThatStumbles:
    """It took something a moment ago: it is tried again at once, and that costs it nothing of its two days."""

    def stumbled(self, delivery: Delivery, stumbles: int, answer: Answer = DOWN) -> Delivery:
        return outcome(delivery, ENDPOINT, answer, START, 0, 0.5, stumbles)

    def test_is_tried_again_within_milliseconds_then_seconds(self) -> None:
        waits = [self.stumbled(owed(), stumbles).due_at - START for stumbles in range(1, 10)]
        assert waits == [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]

    def test_gets_the_patience_it_asks_for(self) -> None:
        assert self.stumbled(owed(), 1, Answer(503, retry_after=90_000)).due_at == START + 90_000

    def test_has_its_two_days_all_the_same(self) -> None:
        stumbles = 20
        row = outcome(owed(attempts=TRIES), ENDPOINT, DOWN, START + HOUR, TRIES - stumbles + 1, 0.5, stumbles)
        assert (row.state, row.due_at) == ("owed", START + 2 * HOUR)

    def test_is_not_taken_for_down_for_long_after_a_restart(self) -> None:
        row = owed(attempts=20, status=503)
        assert failures_before(row, START + 70_000) == SCHEDULE.tries_within(70_000) == 5
        assert failures_before(row, START + DAY) == 20
        assert failures_before(owed(attempts=3, status=400), START + DAY) == 0
        assert failures_before(owed(), START + DAY) == 0

    @pytest.mark.parametrize("seed", range(5))
    def test_that_fails_half_of_the_time_gets_1500_events_in_order_within_ten_minutes(self, seed: int) -> None:
        receiver, now, succeeded_at, failures = random.Random(seed), START, -LATELY, 0
        for _ in range(1500):
            row, stumbles, failures = owed(created_at=START), 0, 0
            while receiver.random() < 0.5:
                if failures or now - succeeded_at >= LATELY:
                    failures += 1
                else:
                    stumbles += 1
                row = outcome(row, ENDPOINT, DOWN, now, failures, receiver.random(), stumbles)
                assert row.state is DeliveryState.OWED
                now = row.due_at
            succeeded_at = now
        assert now - START < 10 * 60_000
        assert BRISK.ceiling < LATELY
