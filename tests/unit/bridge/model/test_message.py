"""The one table of states: which moves there are, and what they make impossible."""

from bridge.model.message import PENDING, TRANSITIONS, State

ENDS = {State.DELIVERED, State.CANCELLED}


def test_every_state_says_where_it_leads() -> None:
    assert TRANSITIONS.keys() == set(State)


def test_what_is_delivered_or_cancelled_stays_so() -> None:
    assert {state for state, moves in TRANSITIONS.items() if not moves} == ENDS


def test_what_went_out_never_waits_to_be_sent_again() -> None:
    """A message that is sent twice is worse than one that is late."""
    for state in (State.SENT, State.DELIVERED):
        assert not TRANSITIONS[state] & PENDING


def test_only_what_was_in_a_devices_hands_can_become_unknown() -> None:
    """Queued: one that waits for another try after such a one."""
    assert {state for state, moves in TRANSITIONS.items() if State.UNKNOWN in moves} == {State.SENDING, State.QUEUED}


def test_what_is_unknown_may_turn_out_either_way_but_never_untouched() -> None:
    assert TRANSITIONS[State.UNKNOWN] == {State.SENT, State.DELIVERED, State.FAILED, State.QUEUED}


def test_every_state_can_be_reached_from_the_first_two() -> None:
    reached, fresh = set[State](), {State.SCHEDULED, State.QUEUED}
    while fresh:
        reached |= fresh
        fresh = {move for state in fresh for move in TRANSITIONS[state]} - reached
    assert reached == set(State)
