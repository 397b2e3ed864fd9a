"""What was read badly is read again; what is read alike again and again lies there like that."""

import pytest

from device_drivers.gsm_modem.doubts import ALIKE, Doubts, is_suspicious
from device_drivers.gsm_modem.memories import Stored
from device_drivers.gsm_modem.pdu import encode_deliver

WHOLE = encode_deliver("+15550199", "hello", sent_at=1_795_000_000_000)
LENGTH = len(WHOLE) // 2 - 1 - int(WHOLE[:2], 16)


def reading(pdu: str, announced: int | None = LENGTH) -> Stored:
    return Stored("ME", 3, pdu, announced)


def test_what_is_well_read_is_believed_at_once() -> None:
    doubts = Doubts()
    assert doubts.believe(reading(WHOLE))
    assert doubts.due_at == float("inf")


@pytest.mark.parametrize("bad", [reading(WHOLE[:-2]), reading("00" + "FF" * LENGTH), reading("zz")])
def test_what_is_badly_read_is_believed_when_it_is_read_alike_so_often(bad: Stored) -> None:
    doubts = Doubts()
    assert [doubts.believe(bad) for _ in range(ALIKE)] == [False] * (ALIKE - 1) + [True]
    assert doubts.take_due() == []


def test_other_damage_each_time_is_never_believed() -> None:
    doubts = Doubts()
    assert not any(doubts.believe(reading(WHOLE[: -2 * cut])) for cut in (1, 2, 1, 2, 1, 2, 1, 2))
    assert doubts.believe(reading(WHOLE))


def test_is_read_again_at_once_and_then_after_a_pause() -> None:
    doubts = Doubts()
    doubts.believe(reading(WHOLE[:-2]))
    assert doubts.take_due() == [("ME", 3)]
    assert doubts.take_due() == []
    assert doubts.due_at < float("inf")


def test_a_place_that_is_empty_or_known_is_not_read_again() -> None:
    doubts = Doubts()
    doubts.believe(reading(WHOLE[:-2]))
    doubts.settle("ME", 3)
    assert doubts.due_at == float("inf")


def test_what_is_put_off_is_read_again_until_it_is_believed() -> None:
    doubts = Doubts()
    doubts.put_off(reading(WHOLE))
    assert doubts.take_due() == [("ME", 3)]
    assert doubts.believe(reading(WHOLE))
    assert doubts.due_at == float("inf")


OURS = Stored("SM", 1, "AA")
HELD = {OURS.slot: OURS}


@pytest.mark.parametrize(
    ("memory", "found", "announced", "index", "suspicious"),
    [
        ("SM", (OURS,), frozenset(), None, False),
        ("SM", (), frozenset(), None, True),
        ("SM", (), frozenset(), 2, False),
        ("SM", (), frozenset(), 1, True),
        ("SM", (OURS, Stored("SM", 2, "BB")), frozenset(), None, True),
        ("SM", (OURS, Stored("SM", 2, "BB")), frozenset({2}), None, False),
        ("SM", (OURS, Stored("SM", 2, "BB"), Stored("SM", 3, "CC")), frozenset({2}), None, True),
        ("ME", (Stored("ME", 2, "BB"),), frozenset(), None, False),
    ],
)
def test_what_came_unannounced_or_went_by_itself_may_be_of_another_sim(
    memory: str, found: tuple[Stored, ...], announced: frozenset[int], index: int | None, suspicious: bool
) -> None:
    assert is_suspicious(memory, HELD, found, announced, index) is suspicious
