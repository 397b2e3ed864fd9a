import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import StoreClosed
from bridge.retry import Backoff, retry_until_stored

HOUR = 3600 * 1000
WEBHOOKS = Backoff(first=5_000, ceiling=HOUR)


def test_doubles_up_to_its_ceiling() -> None:
    seconds = [WEBHOOKS.plain(tries) // 1000 for tries in range(13)]
    assert seconds == [0, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


def test_needs_no_long_arithmetic_after_a_million_tries() -> None:
    assert WEBHOOKS.plain(1_000_000) == HOUR


@given(tries=st.integers(1, 200), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_its_share(tries: int, chance: float) -> None:
    plain = WEBHOOKS.plain(tries)
    assert abs(WEBHOOKS.delay(tries, chance) - plain) <= plain * 0.1 + 1


def test_jitter_goes_both_ways() -> None:
    assert WEBHOOKS.delay(1, 0.0) == 4_500
    assert WEBHOOKS.delay(1, 0.5) == 5_000
    assert WEBHOOKS.delay(1, 0.999_999) == 5_500


def test_counts_the_tries_that_fit_a_span() -> None:
    tries = WEBHOOKS.tries_within(48 * HOUR)
    assert WEBHOOKS.elapsed(tries - 2) < 48 * HOUR <= WEBHOOKS.elapsed(tries - 1) < 49 * HOUR


def test_one_try_fits_no_span_at_all() -> None:
    assert WEBHOOKS.tries_within(0) == 1


async def test_a_store_that_is_closed_is_not_tried_again() -> None:
    tries = 0

    async def ask() -> None:
        nonlocal tries
        tries += 1
        raise StoreClosed

    with pytest.raises(StoreClosed):
        await retry_until_stored(ask)
    assert tries == 1
