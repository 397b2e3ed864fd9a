"""What a receiver may say in `Retry-After`: anything. Its deliveries are in tests/wire/webhooks/."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.webhooks.payloads import formats
from api.webhooks.poster import LONGEST_WAIT, Webhooks, _retry_after, user_agent
from api.webhooks.url_policy import Policy
from bridge.errors import BadRequest
from bridge.version import installed

NUMBERS = st.integers(0, 10**30).map(str)
DAYS = st.sampled_from(["Mon, ", "", "Xyz, "])
MONTHS = st.sampled_from(["Jan", "Nov", "Foo", "13"])
TIMES = st.sampled_from(["12:00:00", "99:99:99", "24:00", "-1:00:00"])
ZONES = st.sampled_from(["GMT", "", "+2359", "-9999", "+24:00", "UTC+25"]) | st.integers(-(10**25), 10**25).map(str)
DATES = st.tuples(DAYS, NUMBERS, MONTHS, NUMBERS, TIMES, ZONES).map(lambda parts: "{}{} {} {} {} {}".format(*parts))


@given(NUMBERS | DATES | st.text(max_size=60) | st.text("0123456789:+-, GMTonav", max_size=40))
@example("Mon, 20 Nov 2026 12:00:00 -99999999999999999999")
@example("Mon, 20 Nov 99999999999999999999 12:00:00 GMT")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_whatever_a_receiver_writes_is_a_wait_or_none(value: str) -> None:
    assert 0 <= _retry_after(value) <= LONGEST_WAIT * 1000


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", 120_000),
        ("000000000120", 120_000),
        ("0", 0),
        ("9" * 500, LONGEST_WAIT * 1000),
        ("-5", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_seconds_are_seconds(value: str | None, wait: int) -> None:
    assert _retry_after(value) == wait


def test_a_date_is_the_time_until_then() -> None:
    then = datetime.now(UTC) + timedelta(hours=1)
    assert _retry_after(format_datetime(then, usegmt=True)) == pytest.approx(3_600_000, abs=60_000)
    assert _retry_after(format_datetime(then - timedelta(hours=2), usegmt=True)) == 0


async def test_a_changed_policy_counts_for_the_next_attempt() -> None:
    post, url = Webhooks(Policy(frozenset({"198.51.100.7"}))), "http://198.51.100.7/sms"
    assert str(post._target(url)) == url
    post.adopt(Policy(), formats())
    with pytest.raises(BadRequest, match="outside this network"):
        post._target(url)
    await post.close()


def test_the_release_is_looked_up_once_and_not_for_each_webhook() -> None:
    """Its metadata were read from the disk each time, which took longer than all the rest of an attempt."""
    installed.cache_clear()
    assert [user_agent().partition("/")[0] for _ in range(3)] == ["sms-bridge"] * 3
    assert installed.cache_info().misses == 1
