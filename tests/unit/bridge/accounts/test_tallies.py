"""What several processes count together."""

from collections.abc import Sequence

from bridge.accounts.tallies import MOST, Tallies


def test_what_was_counted_is_told_once_and_heard_by_those_who_count_the_same() -> None:
    one, other = Tallies(), Tallies()
    heard: list[tuple[Sequence[str], int]] = []
    other.on("requests", lambda of, count: heard.append((of, count)))
    one.shared = True
    for _ in range(3):
        one.add("requests", "shop", "60")
    one.add("something else", "shop")
    other.hear(one.take())
    assert heard == [(["shop", "60"], 3)]
    assert one.take() == []


def test_a_process_on_its_own_keeps_nothing() -> None:
    alone = Tallies()
    alone.add("requests", "shop", "60")
    assert alone.take() == []


def test_no_more_is_kept_than_is_told_however_many_come() -> None:
    one = Tallies()
    one.shared = True
    for number in range(2 * MOST):
        one.add("failed logins", f"2001:db8::{number:x}")
    one.add("failed logins", "2001:db8::0")
    told = dict(one.take())
    assert len(told) == MOST
    assert told["failed logins", "2001:db8::0"] == 2
