"""What follows from how a send ended."""

import pytest

from bridge.errors import Refusal, SendRefused
from bridge.messages.outcomes import SendingRules, refused, unknown
from bridge.model.account import UnknownPolicy
from bridge.model.message import TRANSITIONS, Message, State

NOW = 1_795_000_000_000
RULES = SendingRules(retries=3, retry_interval_ms=5000)


def message(attempts: int = 0, on_unknown: UnknownPolicy = UnknownPolicy.HOLD) -> Message:
    return Message(
        "id", "shop", "+15550123", "+15550123", "hi", State.SENDING, NOW, NOW, NOW,
        attempts=attempts, on_unknown=on_unknown,
    )  # fmt: skip


def test_a_permanent_refusal_fails_at_once() -> None:
    outcome = refused(message(), 1, SendRefused("+CMS ERROR: 1", Refusal.PERMANENT), RULES, NOW)
    assert (outcome.state, outcome.error) == (State.FAILED, "+CMS ERROR: 1")


def test_a_temporary_refusal_is_retried_three_times_then_given_up() -> None:
    refusal = SendRefused("+CMS ERROR: 42", Refusal.TEMPORARY)
    tries = [refused(message(attempts), 1, refusal, RULES, NOW) for attempts in range(4)]
    assert [outcome.state for outcome in tries] == [State.QUEUED] * 3 + [State.FAILED]
    assert all(outcome.counts and outcome.retry_at == NOW + 5000 for outcome in tries[:3])
    assert tries[3].error == "given up after 3 retries: +CMS ERROR: 42"


@pytest.mark.parametrize("refusal", [Refusal.CREDIT, Refusal.LINE])
def test_a_line_s_own_trouble_costs_the_message_no_try(refusal: Refusal) -> None:
    outcome = refused(message(attempts=3), 1, SendRefused("no credit", refusal), RULES, NOW)
    assert (outcome.state, outcome.counts, outcome.retry_at) == (State.QUEUED, False, NOW)


@pytest.mark.parametrize(
    ("policy", "state"),
    [(UnknownPolicy.HOLD, State.UNKNOWN), (UnknownPolicy.FAIL, State.FAILED), (UnknownPolicy.RESEND, State.QUEUED)],
)
def test_the_unknown_is_never_sent_again_unasked(policy: UnknownPolicy, state: State) -> None:
    assert unknown(message(on_unknown=policy), 1, "silence", NOW).state is state


def test_every_state_has_its_row_in_the_table() -> None:
    assert set(TRANSITIONS) == set(State)
    reachable = {State.SCHEDULED, State.QUEUED} | {state for moves in TRANSITIONS.values() for state in moves}
    assert reachable == set(State)
