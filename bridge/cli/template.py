"""`template …`: texts with places that an account's callers fill. Works on the store, running or not."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from bridge.accounts import credentials
from bridge.cli import place, product
from bridge.cli.output import json_line, moment, table
from bridge.errors import NoSuchThing
from bridge.messages.templates import places
from bridge.model.account import Template

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
    """Keep TEXT as the template ID of ACCOUNT, in place of the one that has this id.

    {name}, ${name} and {1} are places that each message fills.
    """
    asked = Template(credentials.checked_name(account), id, text, approved=not pending)

    async def keep() -> Template:
        async with product.desk(wanted.find()) as desk:
            return await desk.add_template(product.WHO, asked)

    kept = product.finish(keep())
    if as_json:
        json_line(_shape(kept))
    else:
        click.echo(f"The template {id} of {account} is {_state(kept)}. Its places: {_places(kept)}.")


@template.command("list")
@click.argument("account")
@place.options
@_json
def list_(account: str, wanted: place.Wanted, as_json: bool) -> None:
    """List the templates of ACCOUNT."""
    found = product.finish(_all(account, wanted))
    if as_json:
        json_line([_shape(each) for each in found])
    elif found:
        table(("id", "", "text"), [(each.id, _state(each), _short(each.text)) for each in found])
    else:
        click.echo(f"{account} has no template yet. Make one with: sms-bridge template add {account} ID TEXT")


@template.command()
@click.argument("account")
@click.argument("id")
@place.options
@_json
def show(account: str, id: str, wanted: place.Wanted, as_json: bool) -> None:
    """Show one template of ACCOUNT."""
    found = next((each for each in product.finish(_all(account, wanted)) if each.id == id), None)
    if found is None:
        raise NoSuchThing(f"{account} has no template {id!r}")
    if as_json:
        json_line(_shape(found))
        return
    click.echo(f"{found.id}, {_state(found)}, since {moment(found.created_at)}, places: {_places(found)}")
    click.echo(found.text)


@template.command()
@click.argument("account")
@click.argument("id")
@place.options
def remove(account: str, id: str, wanted: place.Wanted) -> None:
    """Forget a template of ACCOUNT."""

    async def drop() -> None:
        async with product.desk(wanted.find()) as desk:
            await desk.remove_template(product.WHO, credentials.checked_name(account), id)

    product.finish(drop())
    click.echo(f"The template {id} of {account} is removed.")


async def _all(account: str, wanted: place.Wanted) -> Sequence[Template]:
    async with product.desk(wanted.find()) as desk:
        await desk.account(credentials.checked_name(account))
        return await desk.templates(account)


def _shape(template: Template) -> dict[str, Any]:
    return asdict(template) | {"places": list(places(template.text))}


def _state(template: Template) -> str:
    return "approved" if template.approved else "not approved"


def _places(template: Template) -> str:
    return ", ".join(places(template.text)) or "none"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"
