"""`key …`: named keys of an account, with scopes and an end."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from bridge.accounts import credentials
from bridge.cli import advice, place, product
from bridge.cli.output import Misuse, for_programs, json_line, json_lines, moment, table
from bridge.model.scope import Scope
from bridge.ports.clock import SystemClock

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_UNITS: Mapping[str, int] = {"h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}  # ms
_SPAN = re.compile(r"(\d{1,4})([hdw])")


@click.group()
def key() -> None:
    """Give each program its own key, with the scopes it needs and an expiry date."""


@key.command()
@click.argument("account")
@click.option("--name", required=True, help="What the key is called, such as the program that gets it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([each.value for each in Scope]),
    help="What it may be used for; repeatable.",
)
@click.option(
    "--expires", metavar="90d", default="", help="12h, 90d, 8w or a day such as 2027-06-30.  [default: never]"
)
@click.option(
    "--kind",
    type=click.Choice([name for name, kind in product.credential_kinds().items() if kind.for_keys]),
    default="apikey",
    show_default=True,
    help="For which dialects; apikey is for /v1 and SMSMobile, client for OAuth2.",
)
@place.options
@_json
def add(
    account: str, name: str, scopes: Sequence[str], expires: str, kind: str, wanted: place.Wanted, as_json: bool
) -> None:
    """Make a key of ACCOUNT and print it once; only its digest is stored."""
    ends = _end(expires, SystemClock().now())
    body = {"name": name, "scopes": list(scopes), "kind": kind} | ({"expires_at": ends / 1000} if ends else {})
    made = product.ask(wanted.find(), "POST", "keys", body=body, account=credentials.checked_name(account))
    shown, printed = for_programs(made), made["credentials"]
    if as_json:
        json_line(shown)
        return
    until = f"until {moment(shown['expires_at'])}" if ends else "without an expiry"
    click.echo(f"The key {name} of {account} may {', '.join(shown['scopes'])}, {until}.")
    click.echo("It is shown only once: keep it now.")
    for word, value in printed.items():
        click.echo(f"  {word:<15}{value}")


@key.command("list")
@click.argument("account", default="")
@place.options
@_json
def list_(account: str, wanted: place.Wanted, as_json: bool) -> None:
    """List the keys of ACCOUNT, or of all accounts, by their first characters."""
    if account:
        found = product.listed(wanted.find(), "keys", account=credentials.checked_name(account))
    else:
        found = product.listed(wanted.find(), "keys", all="true")
    if as_json:
        json_lines(found)
    elif found:
        headings = ("account", "key", "kind", "begins", "scopes", "created", "expires", "last used")
        table(headings, [_row(each) for each in found])
    else:
        click.echo("There is no key yet. Make one with: sms-bridge key add ACCOUNT --name NAME --scope send")


@key.command()
@click.argument("account")
@click.argument("name")
@place.options
def revoke(account: str, name: str, wanted: place.Wanted) -> None:
    """Revoke the key NAME of ACCOUNT and its tokens at once, also in a running bridge."""
    with advice.advising(f"see: sms-bridge key list {account}"):
        product.ask(wanted.find(), "DELETE", "keys", name, account=credentials.checked_name(account))
    click.echo(f"The key {name} of {account} is revoked.")


def _end(written_as: str, now: int) -> int:
    """Parse an expiry date into Unix ms; 0 for never."""
    if not written_as:
        return 0
    span = _SPAN.fullmatch(written_as)
    if span is not None:
        return now + int(span[1]) * _UNITS[span[2]]
    try:
        return round(datetime.fromisoformat(written_as).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Misuse(f'--expires must be such as 12h, 90d, 8w or 2027-06-30, not "{written_as}"') from None


def _row(key: Mapping[str, Any]) -> tuple[str, ...]:
    ends, used = key["expires_at"], key["used_at"]
    until = moment(ends)[:16] + (" (over)" if ends <= SystemClock().now() else "") if ends else "never"
    day = datetime.fromtimestamp(used / 1000, UTC).strftime("%Y-%m-%d") if used else "never"
    made, scopes = moment(key["created_at"])[:16], ",".join(key["scopes"])
    return key["account"], key["name"], key["kind"], key["hint"], scopes, made, until, day
