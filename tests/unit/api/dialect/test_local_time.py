"""Moments as an account's owner reads them."""

from datetime import UTC

import pytest

from api.dialect.local_time import written, zone_of
from bridge.model.account import Account, Terms
from bridge.zones import zone


@pytest.mark.parametrize(
    ("at", "name", "shown"),
    [
        (1_774_040_864_999, "UTC", "2026-03-20 21:07:44"),
        (1_774_040_864_000, "Asia/Shanghai", "2026-03-21 05:07:44"),
        # the last second of winter time in Berlin, and the one after it
        (1_774_745_999_000, "Europe/Berlin", "2026-03-29 01:59:59"),
        (1_774_746_000_000, "Europe/Berlin", "2026-03-29 03:00:00"),
        # half past one in New York, twice
        (1_793_511_000_000, "America/New_York", "2026-11-01 01:30:00"),
        (1_793_514_600_000, "America/New_York", "2026-11-01 01:30:00"),
        (1_798_711_199_000, "Pacific/Kiritimati", "2026-12-31 23:59:59"),
        (1_798_711_200_000, "Pacific/Kiritimati", "2027-01-01 00:00:00"),
        (0, "UTC", "1970-01-01 00:00:00"),
    ],
)
def test_a_moment_is_shown_as_a_clock_on_the_wall_there_had_it(at: int, name: str, shown: str) -> None:
    assert written(at, zone(name)) == shown


def test_an_accounts_zone_is_that_of_its_terms() -> None:
    assert zone_of(Account("shop")) is UTC
    assert written(0, zone_of(Account("shop", terms=Terms(zone="Asia/Shanghai")))) == "1970-01-01 08:00:00"
