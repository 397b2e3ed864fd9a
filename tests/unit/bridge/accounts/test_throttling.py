"""Who guesses has to wait, for longer each time; who is right never has to."""

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.accounts.throttling import FIRST_PAUSE, FORGIVEN, FREE, LONGEST_PAUSE, MOST, FailedLogins
from tests.support.clocks import START

HERE, THERE = "192.0.2.1", "192.0.2.2"


def wrong(guesses: FailedLogins, count: int, now: int = START, address: str = HERE) -> list[int]:
    return [guesses.pause(address, None, now) for _ in range(count)]


def test_a_few_wrong_ones_are_told_so_and_then_comes_a_pause() -> None:
    guesses = FailedLogins()
    assert wrong(guesses, FREE) == [0] * FREE
    assert wrong(guesses, 2) == [FIRST_PAUSE] * 2
    assert (guesses.wrong, guesses.paused) == (FREE + 2, 2)


def test_each_further_one_doubles_the_pause_up_to_the_longest() -> None:
    guesses, now, pauses = FailedLogins(), START, []
    wrong(guesses, FREE)
    for _ in range(12):
        pause = guesses.pause(HERE, None, now)
        pauses.append(pause)
        now += pause
        assert guesses.pause(HERE, None, now) == 0  # who waited as told is told what is wrong
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_one_address_does_not_make_another_wait() -> None:
    guesses = FailedLogins()
    wrong(guesses, 50)
    assert wrong(guesses, 1, address=THERE) == [0]


def test_an_identifier_that_many_addresses_guess_at_makes_all_of_them_wait() -> None:
    guesses = FailedLogins()
    told = [guesses.pause(f"192.0.2.{number}", ("client", "shop-id"), START) for number in range(FREE + 1)]
    assert told == [0] * FREE + [FIRST_PAUSE]
    assert guesses.pause("192.0.2.200", ("client", "other-id"), START) == 0


def test_it_is_forgiven_after_a_quarter_of_an_hour_of_quiet() -> None:
    guesses = FailedLogins()
    wrong(guesses, FREE)
    assert wrong(guesses, 2, START + FIRST_PAUSE + FORGIVEN) == [0, 0]


def test_an_address_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    guesses = FailedLogins()
    with caplog.at_level(logging.INFO):
        for second in range(100):
            wrong(guesses, 20, START + second * 1000)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{FREE} failed logins from {HERE}: ")


def test_guesses_from_everywhere_do_not_fill_the_memory() -> None:
    guesses = FailedLogins()
    for number in range(3 * MOST):
        guesses.pause(f"2001:db8:{number >> 8:x}:{number & 0xFF:x}::1", ("v1", f"account {number}"), START)
    assert len(guesses) == 2 * MOST


_CALLS = st.lists(
    st.tuples(
        st.sampled_from([HERE, THERE, "2001:db8::1", ""]),
        st.sampled_from([None, ("client", "a"), ("v1", "shop")]),
        st.integers(0, 400_000),
    ),
    max_size=200,
)


@given(calls=_CALLS)
@settings(max_examples=200, deadline=None)
def test_no_pause_is_longer_than_the_longest_and_none_comes_before_the_tenth(
    calls: list[tuple[str, tuple[str, str] | None, int]],
) -> None:
    guesses, now, told = FailedLogins(), START, 0
    for number, (address, identifier, later) in enumerate(calls):
        now += later
        pause = guesses.pause(address, identifier, now)
        assert 0 <= pause <= LONGEST_PAUSE
        assert number >= FREE or pause == 0
        told += pause > 0
    assert (guesses.wrong, guesses.paused) == (len(calls), told)


def test_what_another_process_counted_makes_the_same_sender_wait_here() -> None:
    here, told = FailedLogins(), list[tuple[str, ...]]()
    elsewhere = FailedLogins(lambda *of: told.append(of))
    for _ in range(FREE + 3):
        elsewhere.pause(HERE, ("apikey", "shop"), START)
    assert told == [(HERE, "apikey", "shop")] * FREE  # what had to wait counts no more
    here.hear(told[0], FREE, START)
    assert here.pause(HERE, None, START) == here.pause(THERE, ("apikey", "shop"), START) == FIRST_PAUSE
    assert here.pause(THERE, None, START) == 0
