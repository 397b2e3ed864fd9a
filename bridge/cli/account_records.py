"""`account …` about its credits, the numbers that nothing is sent to, and who changed what."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.metavars import Whole
from bridge.cli.output import Sentence, for_programs, json_line, json_lines, moment, table
from bridge.model.account import Payment

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_limit = click.option("--limit", type=Whole(1, 1000), default=50, show_default=True)


# -- credits ------------------------------------------------------------------------------------
# so that a negative number is not taken for an option
@click.command("top-up", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("credits", type=Whole())
@click.option("--note", default="", help="Kept with it, such as the number of an invoice.")
@click.option("--yes", is_flag=True, help="Begin to count the credits of a postpaid account without asking.")
@place.options
@_json
def top_up(name: str, credits: int, note: str, yes: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Add CREDITS to an account, or take them when negative; one pays for one radio part.

    Those of a prepaid account are counted from when it is prepaid, beginning with 0; those of a postpaid one, which
    may send without any, from its first top-up on.
    """
    where = wanted.find()
    if not yes and product.ask(where, "GET", "accounts", name)["credits"] is None:
        _confirm_counting(name)
    changed = product.ask(where, "POST", "accounts", name, "credits", body={"credits": credits, "note": note})
    if as_json:
        json_line({"account": name, "credits": changed["credits"]})
        return
    below = " It is postpaid and may go below zero." if changed["terms"]["payment"] == Payment.POSTPAID else ""
    click.echo(f"The account {name} has {changed['credits']} credits.{below}")


def _confirm_counting(name: str) -> None:
    """Ask whether to count what does not limit the account. Raises Sentence when nobody can be asked, or says no."""
    click.echo(f"The account {name} is postpaid: it may send without credits, and they are not counted yet.", err=True)
    click.echo(f"To let it send only what it has paid for, first: sms-bridge account set {name} --prepaid", err=True)
    if not sys.stdin.isatty():
        raise Sentence("nothing was changed: to count them, and let it send without them all the same, add --yes")
    if not click.confirm("Count them from now on, and let it send without them all the same?", err=True):
        raise Sentence("nothing was changed")


@click.command()
@click.argument("name")
@_limit
@place.options
@_json
def movements(name: str, limit: int, wanted: place.Wanted, as_json: bool) -> None:
    """Show what an account's credits were spent on, newest first."""
    found = product.listed(wanted.find(), "accounts", name, "movements", limit=limit)
    if as_json:
        json_lines(each | {"account": name} for each in found)
        return
    if not found:
        click.echo(f"No credit of {name} was added or spent yet.")
        return
    headings = ("at", "kind", "credits", "balance", "about")
    table(headings, [_movement(each) for each in found])


def _movement(row: Mapping[str, Any]) -> tuple[str, ...]:
    about = row["note"] or row["message"]
    return moment(row["at"]), row["kind"], f"{row['amount']:+d}", str(row["balance"]), about


# -- numbers that nothing is sent to ------------------------------------------------------------
@click.command()
@click.argument("name")
@click.argument("number")
@click.option("--reason", default="", help="Kept with the number.")
@place.options
def suppress(name: str, number: str, reason: str, wanted: place.Wanted) -> None:
    """Send nothing to NUMBER for an account any more; what waits for it fails."""
    product.ask(wanted.find(), "PUT", "accounts", name, "suppressed", number, body={"reason": reason})
    click.echo(f"Nothing is sent to {number} for {name} any more.")


@click.command()
@click.argument("name")
@click.argument("number")
@place.options
def allow(name: str, number: str, wanted: place.Wanted) -> None:
    """Let an account send to a suppressed NUMBER again; a STOP of that recipient is lifted for every account."""
    where = wanted.find()
    entry = product.ask(where, "GET", "accounts", name, "suppressed", number)
    product.ask(where, "DELETE", "accounts", name, "suppressed", number)
    others = ", and every other account, too: its STOP is lifted" if entry["line"] else ""
    click.echo(f"{name} may send to {number} again{others}.")


@click.command()
@click.argument("name")
@place.options
@_json
def suppressed(name: str, wanted: place.Wanted, as_json: bool) -> None:
    """List the numbers that nothing is sent to for an account, oldest first."""
    found = product.listed(wanted.find(), "accounts", name, "suppressed")
    if as_json:
        json_lines(found)
    elif found:
        rows = [(each["number"], moment(each["at"]), each["reason"]) for each in found]
        table(("number", "since", "reason"), rows)
    else:
        click.echo(f"No number is suppressed for {name}.")


# -- who changed what ---------------------------------------------------------------------------
@click.command()
@click.argument("name", default="")
@_limit
@place.options
@_json
def audit(name: str, limit: int, wanted: place.Wanted, as_json: bool) -> None:
    """Show who changed what about an account, or about all of them, newest first."""
    where = wanted.find()

    async def read() -> list[dict[str, Any]]:
        async with product.door(where) as bridge:
            if name:
                await bridge.get(product.path("accounts", name))  # says when there is none
            query = {"limit": limit} | ({"account": name} if name else {})
            entries: list[dict[str, Any]] = (await bridge.get("/v1/audit", query))["entries"]
            return entries

    found = [for_programs(each) for each in product.finish(read())]
    if as_json:
        json_lines(found)
        return
    if not found:
        click.echo(f"Nothing was changed about {name} yet." if name else "Nothing was changed yet.")
        return
    columns = ("who", "account", "what", "detail")
    table(("at", *columns), [(moment(each["at"]), *(each[column] for column in columns)) for each in found])
