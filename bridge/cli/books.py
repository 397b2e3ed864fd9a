"""`account …` about its credits, the numbers that nothing is sent to, and who changed what."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from bridge.accounts import credentials
from bridge.cli import place, product
from bridge.cli.output import json_line, moment, table
from bridge.model.account import Account, AuditEntry, Movement

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_limit = click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)


# -- credits ------------------------------------------------------------------------------------
# so that a negative number is not taken for an option
@click.command("top-up", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("credits", type=int)
@click.option("--note", default="", help="Kept with it, such as the number of an invoice.")
@place.options
@_json
def top_up(name: str, credits: int, note: str, wanted: place.Wanted, as_json: bool) -> None:
    """Add CREDITS to an account, or take them when negative; one pays for one radio part.

    An account's credits are counted from its first top-up on.
    """

    async def add() -> Account:
        async with product.desk(wanted.find()) as desk:
            return await desk.top_up(product.WHO, credentials.checked_name(name), credits, note)

    changed = product.finish(add())
    if as_json:
        json_line({"account": name, "credits": changed.credits})
    else:
        click.echo(f"The account {name} has {changed.credits} credits.")


@click.command()
@click.argument("name")
@_limit
@place.options
@_json
def movements(name: str, limit: int, wanted: place.Wanted, as_json: bool) -> None:
    """Show what an account's credits were spent on, newest first."""

    async def read() -> Sequence[Movement]:
        async with product.desk(wanted.find()) as desk:
            return (await desk.movements(credentials.checked_name(name), limit)).rows

    found = product.finish(read())
    if as_json:
        _lines(found)
        return
    headings = ("at", "kind", "credits", "balance", "about")
    rows = [(moment(e.at), e.kind, f"{e.amount:+d}", str(e.balance), e.note or e.message) for e in found]
    table(headings, rows)


# -- numbers that nothing is sent to ------------------------------------------------------------
@click.command()
@click.argument("name")
@click.argument("number")
@click.option("--reason", default="", help="Kept with the number.")
@place.options
def suppress(name: str, number: str, reason: str, wanted: place.Wanted) -> None:
    """Send nothing to NUMBER for an account any more; what waits for it fails."""

    async def put() -> None:
        async with product.desk(wanted.find()) as desk:
            await desk.suppress(product.WHO, credentials.checked_name(name), number, reason)

    product.finish(put())
    click.echo(f"Nothing is sent to {number} for {name} any more.")


@click.command()
@click.argument("name")
@click.argument("number")
@place.options
def allow(name: str, number: str, wanted: place.Wanted) -> None:
    """Let an account send to a suppressed NUMBER again."""

    async def drop() -> None:
        async with product.desk(wanted.find()) as desk:
            await desk.allow(product.WHO, credentials.checked_name(name), number)

    product.finish(drop())
    click.echo(f"{name} may send to {number} again.")


@click.command()
@click.argument("name")
@place.options
@_json
def suppressed(name: str, wanted: place.Wanted, as_json: bool) -> None:
    """List the numbers that nothing is sent to for an account, oldest first."""

    async def read() -> Sequence[tuple[str, str, int]]:
        async with product.desk(wanted.find()) as desk:
            await desk.account(credentials.checked_name(name))
            return await desk.suppressed(name)

    found = product.finish(read())
    if as_json:
        json_line([{"number": number, "reason": reason, "at": at} for number, reason, at in found])
    elif found:
        table(("number", "since", "reason"), [(number, moment(at), reason) for number, reason, at in found])
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

    async def read() -> Sequence[AuditEntry]:
        async with product.desk(wanted.find()) as desk:
            if name:
                await desk.account(credentials.checked_name(name))
            return (await desk.audit(name, limit)).rows

    found = product.finish(read())
    if as_json:
        _lines(found)
    else:
        rows = [(moment(each.at), each.who, each.account, each.what, each.detail) for each in found]
        table(("at", "who", "account", "what", "detail"), rows)


def _lines(rows: Sequence[Any]) -> None:
    for each in rows:
        json_line(asdict(each))
