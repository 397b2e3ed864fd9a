"""Moments as an account's owner reads them: `2026-03-20 21:07:44`, in the time zone of its terms."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from bridge.model import Account

FORM = "%Y-%m-%d %H:%M:%S"


def zone_of(account: Account) -> tzinfo:
    """The time zone of an account's dates."""
    return zone(account.terms.zone)


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name; UTC is known even where the machine has no time zone files."""
    return UTC if name == "UTC" else ZoneInfo(name)


def written(at: int, zone: tzinfo) -> str:
    """Unix ms, to the second."""
    return datetime.fromtimestamp(at // 1000, zone).strftime(FORM)
