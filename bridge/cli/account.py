"""`account …`: who may call the bridge."""

from collections.abc import Mapping
from typing import Any

import click

from bridge.accounts import credentials as accounts
from bridge.cli import account_records, advice, place, product, terms
from bridge.cli.metavars import Whole
from bridge.cli.output import counted, json_line, json_lines, moment, table
from bridge.model.account import UnknownPolicy

_KINDS = product.credential_kinds()
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")


@click.group()
def account() -> None:
    """Say who may call the bridge, and with which credentials."""


@account.command()
@click.argument("name")
@click.option(
    "--on-unknown",
    type=click.Choice([policy.value for policy in UnknownPolicy]),
    help="When nobody knows whether a message went out.  [default: the configuration's]",
)
@click.option("--operator", is_flag=True, help="It sees and steers everything, for all accounts.")
@place.options
@_json
def add(name: str, on_unknown: str | None, operator: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Make an account and print its credentials for every dialect.

    They are printed this once: the bridge keeps only what it needs to recognise them.
    """
    body: dict[str, Any] = {"name": name} | ({"on_unknown": on_unknown} if on_unknown else {})
    body |= {"operator": True} if operator else {}
    with advice.advising(f"new credentials for it: sms-bridge account rotate {name} KIND", status=409):
        made = product.ask(wanted.find(), "POST", "accounts", body=body)
    _print(made["credentials"], as_json)


@account.command("list")
@place.options
@_json
def list_(wanted: place.Wanted, as_json: bool) -> None:
    """List the accounts."""
    found = [terms.shape(row) for row in product.listed(wanted.find(), "accounts") if row["name"] != accounts.OPERATOR]
    if as_json:
        json_lines(found)
    elif found:
        states = {True: "disabled", False: "enabled"}
        rows = [(each["account"], states[each["disabled"]], moment(each["created_at"])) for each in found]
        table(("account", "state", "since"), rows)
    else:
        click.echo("There is no account yet. Make one with: sms-bridge account add NAME")


@account.command()
@click.argument("name")
@place.options
def disable(name: str, wanted: place.Wanted) -> None:
    """Refuse an account's credentials until it is enabled again. Its messages that wait are still sent."""
    product.ask(wanted.find(), "PATCH", "accounts", name, body={"disabled": True})
    click.echo(f"The account {name} is disabled. Its messages that wait are still sent, and its webhooks go on.")


@account.command()
@click.argument("name")
@place.options
def enable(name: str, wanted: place.Wanted) -> None:
    """Let a disabled account in again."""
    product.ask(wanted.find(), "PATCH", "accounts", name, body={"disabled": False})
    click.echo(f"The account {name} is enabled.")


@account.command()
@click.argument("name")
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.option(
    "--overlap",
    type=Whole(0, accounts.LONGEST_OVERLAP),
    default=0,
    show_default=True,
    help="Seconds for which the old ones keep working.",
)
@place.options
@_json
def rotate(name: str, kind: str, overlap: int, wanted: place.Wanted, as_json: bool) -> None:
    """Replace an account's credential of one KIND; the old one stops working at once, or after the overlap.

    A new webhook secret is for endpoints that are added from now on; existing ones keep theirs.
    """

    body = {"kind": kind, "overlap": overlap}
    _print(product.ask(wanted.find(), "POST", "accounts", name, "rotate", body=body), as_json)
    if as_json:
        return
    if kind == "webhook":
        click.echo("\nEndpoints that are there keep the secret that they have; new ones get this one.")
    else:
        until = f"keep working for another {counted(overlap, 'second')}" if overlap else "do not work any more"
        click.echo(f"\nThose of this kind that it had before {until}.")


def _print(printed: Mapping[str, str], as_json: bool) -> None:
    if as_json:
        json_line(dict(printed))
        return
    click.echo(f"Credentials of the account {printed['account']}. They are shown only once: keep them now.")
    for kind in _KINDS.values():
        if kind.keys[0] in printed:
            click.secho(f"\n{kind.about}", bold=True)
            for key in kind.keys:
                click.echo(f"  {key:<15}{printed[key]}")


for command in (
    terms.show,
    terms.set_,
    account_records.top_up,
    account_records.movements,
    account_records.suppress,
    account_records.allow,
    account_records.suppressed,
    account_records.audit,
):
    account.add_command(command)
