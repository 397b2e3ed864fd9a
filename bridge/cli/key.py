"""`key …`: named keys of an account, with scopes and an end. Works on the store, whether the bridge runs or not."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from bridge.accounts import credentials
from bridge.cli import place, product
from bridge.cli.output import Misuse, json_line, moment, table
from bridge.model.scope import Key, Scope, written
from bridge.ports.clock import SystemClock

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_UNITS: Mapping[str, int] = {"h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}  # ms
_SPAN = re.compile(r"(\d{1,4})([hdw])")


@click.group()
def key() -> None:
    """Give a program a key of its own, that may do what it needs and no more, until a day."""


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
    type=click.Choice([each for each in credentials.KINDS if each != "webhook"]),
    default="apikey",
    show_default=True,
    help="For which dialects; apikey is for native and smsmobile, client for OAuth2.",
)
@place.options
@_json
def add(
    account: str, name: str, scopes: Sequence[str], expires: str, kind: str, wanted: place.Wanted, as_json: bool
) -> None:
    """Make a key of ACCOUNT and print it, this once: the bridge keeps only what it needs to recognise it."""
    ends = _end(expires, SystemClock().now())

    async def make() -> tuple[Key, Mapping[str, str]]:
        async with product.desk(wanted.find()) as desk:
            owner = await desk.account(credentials.checked_name(account))
            return await desk.add_key(product.WHO, owner, name, frozenset(map(Scope, scopes)), kind, ends)

    made, printed = product.finish(make())
    if as_json:
        json_line(_shape(made) | {"credentials": dict(printed)})
        return
    until = f"until {moment(made.expires_at)}" if made.expires_at else "without an end"
    click.echo(f"The key {name} of {account} may {written(made.scopes).replace(' ', ', ')}, {until}.")
    click.echo("It is shown this once: keep it now.")
    for word, value in printed.items():
        click.echo(f"  {word:<15}{value}")


@key.command("list")
@click.argument("account", default="")
@place.options
@_json
def list_(account: str, wanted: place.Wanted, as_json: bool) -> None:
    """List the keys of ACCOUNT, or of all accounts: how each begins, never the key itself."""

    async def read() -> Sequence[Key]:
        async with product.desk(wanted.find()) as desk:
            if account:
                await desk.account(credentials.checked_name(account))
            return await desk.keys(account)

    found = product.finish(read())
    if as_json:
        json_line([_shape(each) for each in found])
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
    """End the key NAME of ACCOUNT, and the tokens that it was given. A running bridge notices within a second."""

    async def end() -> None:
        async with product.desk(wanted.find()) as desk:
            await desk.revoke_key(product.WHO, credentials.checked_name(account), name)

    product.finish(end())
    click.echo(f"The key {name} of {account} is revoked.")


def _end(written_as: str, now: int) -> int:
    """Unix ms; 0 for never."""
    if not written_as:
        return 0
    span = _SPAN.fullmatch(written_as)
    if span is not None:
        return now + int(span[1]) * _UNITS[span[2]]
    try:
        return round(datetime.fromisoformat(written_as).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Misuse(f'--expires must be such as 12h, 90d, 8w or 2027-06-30, not "{written_as}"') from None


def _shape(key: Key) -> dict[str, Any]:
    """A key for programs; times are Unix ms, 0 for never."""
    return {
        "account": key.account,
        "name": key.name,
        "kind": key.kind,
        "hint": key.hint,
        "scopes": written(key.scopes).split(),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "used_at": key.used_at,
    }


def _row(key: Key) -> tuple[str, ...]:
    now = SystemClock().now()
    ends = moment(key.expires_at)[:16] + (" (over)" if 0 < key.expires_at <= now else "") if key.expires_at else "never"
    used = datetime.fromtimestamp(key.used_at / 1000, UTC).strftime("%Y-%m-%d") if key.used_at else "never"
    scopes = written(key.scopes).replace(" ", ",")
    return key.account, key.name, key.kind, key.hint, scopes, moment(key.created_at)[:16], ends, used
