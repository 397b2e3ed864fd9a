"""Times as the account's owner reads them: `2026-03-20 21:07:44`, in the account's time zone."""

from datetime import datetime, tzinfo

from bridge.model.account import Account
from bridge.zones import zone

FORM = "%Y-%m-%d %H:%M:%S"


def zone_of(account: Account) -> tzinfo:
    """The time zone of an account."""
    return zone(account.terms.zone)


def written(at: int, zone: tzinfo) -> str:
    """Format Unix ms, to the second."""
    return datetime.fromtimestamp(at // 1000, zone).strftime(FORM)
