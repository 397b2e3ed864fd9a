"""`contacts …`: who the numbers are, by hand and as files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli import place, product
from bridge.cli.advice import advising
from bridge.cli.metavars import PathName, Whole
from bridge.cli.output import Misuse, Sentence, counted, json_line, json_lines, table
from bridge.cli.progress import working
from bridge.messages.legible import plain

if TYPE_CHECKING:
    from bridge.host.client import Client

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_account = click.option("--account", default="", help="Contacts of this account.  [default: the command line's own]")
#: bad rows of a file that are shown
MOST_SHOWN = 20
_KINDS = {"csv": "text/csv", "vcard": "text/vcard"}
_ENDINGS = {".csv": "csv", ".vcf": "vcard", ".vcard": "vcard"}


@click.group()
def contacts() -> None:
    """Keep the names of numbers: list, add, remove, import and export."""


@contacts.command("list")
@click.option("--keyword", default="", help="Only with this in the name or the number.")
@click.option("--group", default="", help="Only of this group.")
@click.option("--limit", type=Whole(1, 1000), default=100, show_default=True, help="Most rows to show.")
@_account
@place.options
@_json
def list_(keyword: str, group: str, limit: int, account: str, wanted: place.Wanted, as_json: bool) -> None:
    """List contacts by name."""
    filters = {name: value for name, value in (("keyword", keyword), ("group", group)) if value}
    found = product.listed(wanted.find(), "contacts", account=account, limit=limit, **filters)
    if as_json:
        json_lines(found)
    elif found:
        table(("name", "number", "groups", "note"), [_row(each) for each in found])
    else:
        click.echo(
            "There is no such contact." if filters else "There are no contacts yet; see: sms-bridge contacts add"
        )


def _row(contact: Mapping[str, Any]) -> tuple[str, ...]:
    groups = ", ".join(contact["groups"])
    return plain(contact["name"]), contact["number"], plain(groups), plain(" ".join(contact["note"].split()))


@contacts.command()
@click.argument("number")
@click.argument("name")
@click.option("--group", "groups", multiple=True, help="A group it belongs to; repeatable.")
@click.option("--note", default=None, help="Kept with it.")
@_account
@place.options
@_json
def add(
    number: str,
    name: str,
    groups: Sequence[str],
    note: str | None,
    account: str,
    wanted: place.Wanted,
    as_json: bool,
) -> None:
    """Keep NAME for NUMBER; an existing contact of that number keeps what is not given here."""
    if not name.strip():
        raise Misuse("the name is empty; to take a contact away: sms-bridge contacts remove NUMBER")
    where = wanted.find()

    async def run() -> dict[str, Any]:
        async with product.door(where, account) as bridge:
            before = await _known(bridge, number)
            given = (
                {"name": name} | ({"groups": list(groups)} if groups else {}) | ({} if note is None else {"note": note})
            )
            kept: dict[str, Any] = await bridge.call("PUT", product.path("contacts", number), before | given)
            return kept

    kept = product.finish(run())
    json_line(kept) if as_json else click.echo(f"{kept['number']} is {plain(kept['name'])}.")


async def _known(bridge: "Client", number: str) -> dict[str, Any]:
    """What is kept for a number and can be set; {} for a new one."""
    from bridge.host.client import Declined

    try:
        found = await bridge.get(product.path("contacts", number))
    except Declined as declined:
        if declined.status != 404:
            raise
        return {}
    return {name: found[name] for name in ("name", "note", "groups", "consent", "consent_note")}


@contacts.command()
@click.argument("number")
@_account
@place.options
def remove(number: str, account: str, wanted: place.Wanted) -> None:
    """Remove the contact with NUMBER; its messages stay."""
    with advising("see: sms-bridge contacts list"):
        product.ask(wanted.find(), "DELETE", "contacts", number, account=account)
    click.echo(f"The contact {number} is removed.")


@contacts.command("import")
@click.argument("file", type=PathName(path_type=Path, dir_okay=False, exists=True))
@_account
@place.options
@_json
def import_(file: Path, account: str, wanted: place.Wanted, as_json: bool) -> None:
    """Add the contacts of FILE: CSV whose first row names the columns, or vCard as phones export it (.vcf).

    To read a file twice does no harm. Ends with 1 when rows were left out.
    """
    where, form = wanted.find(), _form_of(file)

    async def run() -> dict[str, Any]:
        async with product.door(where, account) as bridge:
            done: dict[str, Any] = await bridge.upload("/v1/contacts/import", {"format": form}, content, _KINDS[form])
            return done

    with working("importing"):
        content = file.read_bytes()
        done = product.finish(run())
    if as_json:
        json_line(done)
    else:
        click.echo(f"{counted(done['added'], 'contact')} added, {done['changed']} changed.")
    bad = done["bad"]
    for each in () if as_json else bad[:MOST_SHOWN]:
        click.echo(f"  line {each['line']}: {plain(each['number'])}: {each['problem']}", err=True)
    if bad:
        more = f" (the first {MOST_SHOWN} are above)" if len(bad) > MOST_SHOWN and not as_json else ""
        raise Sentence(f"{counted(len(bad), 'row')} of {file} left out{more}")


@contacts.command()
@click.argument("file", type=PathName(path_type=Path, dir_okay=False))
@_account
@place.options
def export(file: Path, account: str, wanted: place.Wanted) -> None:
    """Write all contacts into FILE: .csv for spreadsheets, .vcf for phones. FILE must not exist yet."""
    where, form = wanted.find(), _form_of(file)

    async def run() -> bytes:
        async with product.door(where, account) as bridge:
            return await bridge.download("/v1/contacts/export", {"format": form})

    if file.exists():
        raise Misuse(f"{file} exists already: choose another name")
    with working("writing"):
        content = product.finish(run())
    # names and numbers of people: for this user alone
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(content)
    click.echo(f"The contacts are in {file}, which only you can read.")


def _form_of(file: Path) -> str:
    """The format by the file's ending. Raises Misuse."""
    form = _ENDINGS.get(file.suffix.lower())
    if form is None:
        raise Misuse(f"{file}: its name must end with .csv or .vcf, which says what is in it")
    return form
