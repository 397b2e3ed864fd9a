"""Time zones by their names."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name; UTC is known even where the machine has no time zone files.

    Raises KeyError (ZoneInfoNotFoundError), ValueError and OSError for an invalid name.
    """
    return UTC if name == "UTC" else ZoneInfo(name)
