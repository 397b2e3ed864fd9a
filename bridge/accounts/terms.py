"""Account terms: apply a change, validate the result, describe the difference. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from bridge.errors import BadRequest
from bridge.messages import phone_numbers
from bridge.model.account import Account, AccountChange, Payment, Terms
from bridge.networks import network
from bridge.zones import zone

_TERMS = tuple(field.name for field in fields(Terms))


def changed(account: Account, change: AccountChange) -> Account:
    """Apply a change to an account. Raises BadRequest that names the invalid term."""
    named = {field.name: value for field in fields(change) if (value := getattr(change, field.name)) is not None}
    terms = {name: named.pop(name) for name in _TERMS if name in named}
    after = replace(account, **named, terms=_checked(replace(account.terms, **terms)) if terms else account.terms)
    return replace(after, credits=counted(after))


def counted(account: Account) -> int | None:
    """The credits to begin with: a prepaid account that was never topped up has none, and not any number."""
    return 0 if account.credits is None and account.terms.payment is Payment.PREPAID else account.credits


def difference(before: Account, after: Account) -> str:
    """Describe how the terms differ, for the audit trail; "" when they are equal."""
    old, new = _shown(before), _shown(after)
    return ", ".join(f"{name}: {old[name]} → {new[name]}" for name in new if old[name] != new[name])


def _shown(account: Account) -> Mapping[str, str]:
    left = "not counted" if account.credits is None else account.credits
    values: dict[str, Any] = asdict(account.terms) | {"credits": str(left), "on_unknown": account.on_unknown}
    return {name: _written(value) for name, value in values.items()}


def _written(value: object) -> str:
    return " ".join(value) or "any" if isinstance(value, tuple) else str(value) or "none"


def _checked(terms: Terms) -> Terms:
    """Return the terms, normalised. Raises BadRequest."""
    for name in ("requests_per_minute", "daily_per_recipient"):
        if getattr(terms, name) < 0:
            raise BadRequest(f"{name} is a number, 0 for no limit", name)
    for each in terms.addresses:
        _check_network(each)
    check_zone(terms.zone)
    country = terms.country.strip().upper()
    if country and not phone_numbers.is_country(country):
        raise BadRequest(f"{terms.country!r} is not a country: write two letters of ISO 3166, such as GB", "country")
    if terms.report_on not in ("", "sent", "delivered"):
        raise BadRequest("report_on is sent, delivered, or empty for what the line can tell", "report_on")
    addresses = tuple(each.strip() for each in terms.addresses)
    lines, inbound = _names(terms.lines), _names(terms.inbound_lines)
    return replace(terms, country=country, addresses=addresses, lines=lines, inbound_lines=inbound)


def _names(written: tuple[str, ...]) -> tuple[str, ...]:
    """Names of lines, each once."""
    return tuple(dict.fromkeys(each.strip() for each in written if each.strip()))


def _check_network(written: str) -> None:
    try:
        network(written)
    except ValueError:
        problem = f"{written!r} is not a network: write an address or CIDR, such as 192.0.2.0/24 or 2001:db8::/32"
        raise BadRequest(problem, "addresses") from None


def check_zone(name: str) -> None:
    """Raises BadRequest."""
    try:
        zone(name)
    except (ValueError, OSError, KeyError):
        raise BadRequest(f"{name!r} is not a time zone: write a name such as Europe/Paris", "zone") from None
