"""Time zones by their names."""

from datetime import UTC, tzinfo


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name; UTC is known even where the machine has no time zone files.

    Raises KeyError (ZoneInfoNotFoundError), ValueError and OSError for an invalid name.
    """
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # a quarter of a megabyte with all that it reads

    return ZoneInfo(name)
