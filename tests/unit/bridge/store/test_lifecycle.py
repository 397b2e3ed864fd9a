"""What a message's parts make of it."""

import pytest

from bridge.model.message import Part, State
from bridge.store.lifecycle import derive


def part(index: int, state: State, error: str = "") -> Part:
    return Part("m", index, state, None, "office", 1, error, 0, 0, 0)


@pytest.mark.parametrize(
    ("states", "units", "made"),
    [
        ((State.SENT,), 1, State.SENT),
        ((State.DELIVERED, State.SENT), 2, State.SENT),
        ((State.DELIVERED, State.DELIVERED), 2, State.DELIVERED),
        ((State.SENT,), 2, State.QUEUED),
        ((State.SENT, State.FAILED), 2, State.FAILED),
        ((State.UNKNOWN, State.SENT), 2, State.UNKNOWN),
        ((State.FAILED, State.SENDING), 2, State.SENDING),
        ((State.UNKNOWN, State.FAILED), 2, State.FAILED),
    ],
)
def test_a_message_follows_from_its_parts(states: tuple[State, ...], units: int, made: State) -> None:
    known = [part(index, state) for index, state in enumerate(states, 1)]
    assert derive(known, units, State.QUEUED)[0] is made


def test_the_words_name_the_part_of_a_long_message_that_failed() -> None:
    assert derive([part(1, State.SENT), part(2, State.FAILED, "no")], 2, State.SENDING)[1] == "part 2 of 2: no"
    assert derive([part(1, State.FAILED, "no")], 1, State.SENDING)[1] == "no"
