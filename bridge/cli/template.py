"""`template …`: texts with placeholders that callers fill."""

from collections.abc import Mapping
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.output import for_programs, json_line, json_lines, moment, table, whole
from bridge.errors import NoSuchThing

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
#: characters of a text in the list; `template show` has the whole
_LONGEST_TEXT = 50


@click.group()
def template() -> None:
    """Keep texts with places, such as "Your code is {code}.", for the dialects that send by template."""


@template.command()
@click.argument("account")
@click.argument("id")
@click.argument("text")
@click.option("--pending", is_flag=True, help="Not approved yet: nothing is sent by it.")
@place.options
@_json
def add(account: str, id: str, text: str, pending: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Keep TEXT as the template ID of ACCOUNT, in place of the one that has this id, which is shown.

    {name}, ${name} and {1} are places that each message fills.
    """
    where = wanted.find()
    body = {"text": text, "approved": not pending}
    before = _find(where, account, id)
    kept = product.ask(where, "PUT", "accounts", account, "templates", id, body=body)
    if as_json:
        json_line(_shape(kept, account))
        return
    click.echo(f"The template {id} of {account} is {_state(kept)}. Its places: {_places(kept)}.")
    if before is not None and (before["text"], before["approved"]) != (kept["text"], kept["approved"]):
        click.echo(f"It replaced one that was {_state(before)}:")
        click.echo(whole(before["text"]))


@template.command("list")
@click.argument("account")
@place.options
@_json
def list_(account: str, wanted: place.Wanted, as_json: bool) -> None:
    """List the templates of ACCOUNT."""
    found = product.ask(wanted.find(), "GET", "accounts", account, "templates")["templates"]
    if as_json:
        json_lines(_shape(each, account) for each in found)
    elif found:
        table(("id", "", "text"), [(each["id"], _state(each), _short(each["text"])) for each in found])
    else:
        click.echo(f"{account} has no template yet. Make one with: sms-bridge template add {account} ID TEXT")


@template.command()
@click.argument("account")
@click.argument("id")
@place.options
@_json
def show(account: str, id: str, wanted: place.Wanted, as_json: bool) -> None:
    """Show one template of ACCOUNT."""
    found = _find(wanted.find(), account, id)
    if found is None:
        raise NoSuchThing(f"{account} has no template {id!r}; see: sms-bridge template list {account}")
    shown = _shape(found, account)
    if as_json:
        json_line(shown)
        return
    click.echo(f"{id}, {_state(found)}, since {moment(shown['created_at'])}, places: {_places(found)}")
    click.echo(whole(found["text"]))


@template.command()
@click.argument("account")
@click.argument("id")
@place.options
def remove(account: str, id: str, wanted: place.Wanted) -> None:
    """Forget a template of ACCOUNT."""
    product.ask(wanted.find(), "DELETE", "accounts", account, "templates", id)
    click.echo(f"The template {id} of {account} is removed.")


def _find(where: place.Place, account: str, id: str) -> Mapping[str, Any] | None:
    rows = product.ask(where, "GET", "accounts", account, "templates")["templates"]
    return next((each for each in rows if each["id"] == id), None)


def _shape(template: Mapping[str, Any], account: str) -> dict[str, Any]:
    """A template as JSON output."""
    return {"account": account, **for_programs(template)}


def _state(template: Mapping[str, Any]) -> str:
    return "approved" if template["approved"] else "not approved"


def _places(template: Mapping[str, Any]) -> str:
    return ", ".join(template["places"]) or "none"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"
