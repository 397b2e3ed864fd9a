"""Messages of a phone whose outcome is not known: how many, how long, and which row proves which."""

from device_drivers.android_adb.doubts import FRESH, LASTS, MOST, Doubts
from device_drivers.android_adb.flight import Flight
from device_drivers.android_adb.store import Row


def flight(number: int, text: str = "hello", since: float = 0.0) -> Flight:
    return Flight(f"m{number}", 1, "office", "+15550199", text, mark=10, since=since)


def row(id: int, body: str = "hello") -> Row:
    return Row(id, 2, 1, 1_800_000_000_000, 0, "com.android.shell", "+15550199", body)


def proven(doubts: Doubts, *rows: Row, claimed: tuple[str, ...] = ()) -> list[str]:
    found = doubts.confirmed(rows, claimed, Flight.proved_by)
    for each, _ in found:
        doubts.drop(each.message)
    return [each.message for each, _ in found]


def test_a_row_proves_at_the_second_look() -> None:
    doubts = Doubts()
    doubts.hold(flight(1))
    assert proven(doubts, row(11)) == []
    assert proven(doubts) == [], "it has gone"
    assert proven(doubts, row(11)) == []
    assert proven(doubts, row(11)) == ["m1"]
    assert not doubts.flights


def test_no_row_proves_two() -> None:
    doubts = Doubts()
    doubts.hold(flight(1))
    doubts.hold(flight(2))
    assert [proven(doubts, row(11)), proven(doubts, row(11))] == [[], ["m1"]]
    assert [proven(doubts, row(11), claimed=(row(11).slot,)) for _ in range(2)] == [[], []]
    doubts = Doubts()
    doubts.hold(flight(1))
    doubts.hold(flight(2))
    assert [proven(doubts, row(11), row(12)) for _ in range(3)] == [[], ["m1", "m2"], []]


def test_the_oldest_are_let_go_of_beyond_a_number_except_those_that_seem_proven() -> None:
    doubts = Doubts()
    doubts.hold(flight(0, "seems proven"))
    assert proven(doubts, row(11, "seems proven")) == []
    for number in range(1, MOST + 50):
        doubts.hold(flight(number))
    assert len(doubts.flights) == MOST
    assert "m1" not in doubts
    assert f"m{MOST + 49}" in doubts
    assert proven(doubts, row(11, "seems proven")) == ["m0"]


def test_those_that_are_old_are_let_go_of_but_not_between_the_two_looks() -> None:
    doubts = Doubts()
    doubts.hold(flight(1, "seems proven"))
    doubts.hold(flight(2))
    doubts.hold(flight(3, since=LASTS))
    assert proven(doubts, row(11, "seems proven")) == []
    doubts.expire(LASTS)
    assert [one.message for one in doubts.flights] == ["m1", "m3"]
    assert proven(doubts) == [], "it has gone, and with it the hope"
    doubts.expire(LASTS)
    assert [one.message for one in doubts.flights] == ["m3"]
    assert not doubts.has_fresh(LASTS + FRESH)
    assert doubts.has_fresh(LASTS + FRESH - 1)
