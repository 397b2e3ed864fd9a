"""Each target on its seeds, and on what fuzzing once found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import SEEDS, TARGETS


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in TARGETS for seed in SEEDS[name]])
def test_holds_for_what_was_met_before(name: str, seed: bytes) -> None:
    TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_holds_for_every_beginning_of_a_seed(name: str) -> None:
    for seed in SEEDS[name]:
        for end in range(len(seed)):
            TARGETS[name](seed[:end])


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=200))
def test_holds_for_random_octets(name: str, data: bytes) -> None:
    TARGETS[name](data)
