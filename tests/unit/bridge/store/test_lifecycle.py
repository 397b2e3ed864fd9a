"""What a message's parts make of it, and what the clock does."""

import pytest

from bridge.model.message import Part, State
from bridge.model.query import MessageQuery
from bridge.store.lifecycle import BITE, derive
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message


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
    assert derive(known, units, State.UNKNOWN)[0] is made


@pytest.mark.parametrize(
    ("states", "units", "made"),
    [
        ((State.UNKNOWN,), 1, State.QUEUED),
        ((State.SENT, State.UNKNOWN), 2, State.QUEUED),
        ((State.SENT,), 1, State.SENT),
        ((State.DELIVERED,), 1, State.DELIVERED),
        ((State.SENT,), 2, State.QUEUED),
        ((State.UNKNOWN, State.FAILED), 2, State.FAILED),
    ],
)
def test_a_message_that_waits_for_another_try_waits_until_all_of_it_is_known_to_be_out(
    states: tuple[State, ...], units: int, made: State
) -> None:
    known = [part(index, state) for index, state in enumerate(states, 1)]
    assert derive(known, units, State.QUEUED)[0] is made


def test_the_words_name_the_part_of_a_long_message_that_failed() -> None:
    assert derive([part(1, State.SENT), part(2, State.FAILED, "no")], 2, State.SENDING)[1] == "part 2 of 2: no"
    assert derive([part(1, State.FAILED, "no")], 1, State.SENDING)[1] == "no"


async def test_many_that_fall_due_or_expire_at_once_are_taken_a_bite_at_a_time(store: SqliteStore) -> None:
    """Who waits for the writer waits for one bite."""
    later = {"state": State.SCHEDULED, "due_at": NOW + 5}
    await store.submit([message(number, **later) for number in range(BITE + 1)])
    await store.submit([message(BITE + 1 + number, expires_at=NOW + 5) for number in range(BITE + 1)])
    queued, expired = frozenset({State.QUEUED}), frozenset({State.EXPIRED})
    assert await store.advance(NOW + 5) == NOW + 5
    assert await store.count("", MessageQuery(expired)) == BITE
    assert await store.advance(NOW + 5) == 0
    assert await store.count("", MessageQuery(expired)) == BITE + 1
    assert await store.count("", MessageQuery(queued)) == BITE + 1
