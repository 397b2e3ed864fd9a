"""The books of a hub with sites find each kind of mistake, and a round over bad ways has none."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.campaign.exchange import ORDERS, Told, violations
from tests.campaign.sites import roof


def found(state: str = "delivered", *, arrived: int = 1, unsure: bool = False, received: int = 1) -> list[str]:
    """What does not add up where "out" was accepted and "in" was written."""
    told = Told([("out", state)], Counter({"in": received}), Counter({"out": arrived}), {"out"} if unsure else set())
    told.arrived += Counter()  # without those of zero
    return violations({"out"}, {"out"}, Counter({"in": 1}), told)


def test_what_adds_up_is_no_violation() -> None:
    assert found() == []
    assert found("failed", arrived=0) == []
    assert found("unknown", unsure=True) == found("unknown", arrived=0, unsure=True) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (found(arrived=2), "out: sent 2 times"),
        (found(arrived=0), "out: delivered, and it did not arrive"),
        (found("failed"), "out: failed, and it arrived"),
        (found("unknown"), "out: unknown, and its site knows better"),
        (found("queued", arrived=0), "out: still queued"),
        (found(received=0), "in: written 1 times, received 0"),
        (found(received=2), "in: written 1 times, received 2"),
    ],
)
def test_each_mistake_is_told(wrong: list[str], sentence: str) -> None:
    assert wrong == [sentence]


def test_what_is_lost_there_twice_or_of_nobody_is_told() -> None:
    nothing = Counter[str]()
    assert violations({"a"}, {"a"}, nothing, Told([], nothing, nothing, set())) == ["a: accepted and lost"]
    twice = Told([("a", "failed"), ("a", "failed")], nothing, nothing, set())
    assert violations({"a"}, set(), nothing, twice) == ["a: there 2 times"]
    strange = Told([], nothing, Counter({"b": 1}), set())
    assert violations({"a"}, set(), nothing, strange) == ["b: nobody asked for it"]


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_round_of_a_hub_and_two_sites_over_bad_ways_adds_up(tmp_path: Path) -> None:
    async with roof(tmp_path, 2) as ready:
        _, wrong, _ = await ready.play(0, Random("1 sites 0"))
        assert wrong == []
        assert len(ready.accepted) == len(ready.written) == ORDERS
