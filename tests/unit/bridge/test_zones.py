"""Time zones by name, on machines with and without time zone files."""

import zoneinfo
from datetime import UTC, datetime

import pytest

from bridge.zones import zone


def test_utc_is_known_where_the_machine_has_no_time_zone_files() -> None:
    path = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    try:
        assert zone("UTC") is UTC
    finally:
        zoneinfo.reset_tzpath(to=path)


def test_a_zone_has_its_summer_time() -> None:
    berlin = zone("Europe/Berlin")
    offsets = [datetime(2026, month, 1, tzinfo=berlin).utcoffset() for month in (1, 7)]
    assert [offset and offset.total_seconds() / 3600 for offset in offsets] == [1, 2]


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "/etc/localtime", "Europe", "", "a\0b"])
def test_a_name_that_is_no_zone_raises_what_the_checks_catch(name: str) -> None:
    with pytest.raises((KeyError, ValueError, OSError)):
        zone(name)
