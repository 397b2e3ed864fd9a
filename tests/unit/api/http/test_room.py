"""Room that callers share."""

from api.http.room import Room

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def test_an_address_holds_its_share_and_no_more_whatever_is_left() -> None:
    room = Room(100, 60)
    assert (room.take(HERE, 60), room.take(HERE, 1), room.take(ELSEWHERE, 40)) == (True, False, True)
    assert room.left == 0


def test_what_is_refused_holds_nothing() -> None:
    room = Room(100, 100)
    assert not room.take(HERE, 101)
    assert room.take(HERE, 100)


def test_what_is_given_back_is_for_others() -> None:
    room = Room(100, 100)
    room.take(HERE, 100)
    room.give_back(HERE, 30)
    assert (room.take(ELSEWHERE, 31), room.take(ELSEWHERE, 30)) == (False, True)


def test_a_household_with_ipv6_is_one_address() -> None:
    room = Room(100, 50)
    assert (room.take("2001:db8::1", 50), room.take("2001:db8::2", 1), room.take("2001:db8:1::1", 50)) == (
        True, False, True,
    )  # fmt: skip
