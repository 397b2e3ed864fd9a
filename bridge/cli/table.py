"""`table …`: exports a store as files for spreadsheets and programs, and imports lists."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.metavars import PathName
from bridge.cli.output import Misuse, counted, json_line
from bridge.cli.progress import working
from bridge.errors import BadRequest, BridgeError

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_file = click.argument("file", type=PathName(path_type=Path, dir_okay=False, exists=True))

Segments = tuple[str, ...]
Body = Mapping[str, Any]


@click.group("table")
def table_() -> None:
    """Write messages, received SMS, credits … as tables, and read lists from other systems."""


@table_.command()
@click.argument("folder", type=PathName(path_type=Path, file_okay=False))
@click.argument("names", nargs=-1, metavar="[TABLE]...")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@place.options
@_json
def export(folder: Path, names: tuple[str, ...], form: str, wanted: place.Wanted, as_json: bool) -> None:
    """Write each TABLE (all when none is named) into a file of FOLDER; the bridge may run.

    Moments are UTC. Secrets and credentials are left out; texts and numbers are not.
    """
    from bridge.store import tables

    database = wanted.with_file().config.store.path
    if not database.exists():
        raise Misuse(f"there is no store at {database}")
    try:
        with working("writing tables", lambda: [*folder.glob(f"*.{form}")]):
            written = tables.export(database, folder, names, tables.Format(form))
    except FileExistsError as error:
        raise Misuse(f"{error.filename} exists already: choose another folder") from error
    if as_json:
        json_line(written)
        return
    for name, rows in written.items():
        click.echo(f"{folder / name}.{form}: {counted(rows, 'row')}")


@table_.command()
@click.argument("account")
@_file
@place.options
def suppress(account: str, file: Path, wanted: place.Wanted) -> None:
    """Suppress the numbers in FILE for ACCOUNT.

    FILE is .csv, .tsv, .json or .jsonl with a column `number`, and `reason` if you like. To read it twice does no harm.
    """
    from bridge.store import tables

    rows = tables.read(file, "number", ("reason",))
    puts = [(("suppressed", row["number"]), {"reason": row["reason"]}) for row in rows]
    with working("writing"):
        product.finish(_put_each(wanted.find(), file, account, puts))
    click.echo(f"Nothing is sent for {account} any more to the numbers in {file} ({len(rows)}).")


@table_.command()
@click.argument("account")
@_file
@click.option("--pending", is_flag=True, help="Not approved yet: nothing is sent by them.")
@place.options
def templates(account: str, file: Path, pending: bool, wanted: place.Wanted) -> None:
    """Keep the templates in FILE for ACCOUNT, in place of those that have the same ids.

    FILE is .csv, .tsv, .json or .jsonl with the columns `id` and `text`.
    """
    from bridge.store import tables

    rows = tables.read(file, "id", ("text",))
    puts = [(("templates", row["id"]), {"text": row["text"], "approved": not pending}) for row in rows]
    with working("writing"):
        product.finish(_put_each(wanted.find(), file, account, puts))
    click.echo(f"{account} has the templates of {file} ({len(rows)}).")


async def _put_each(where: place.Place, file: Path, account: str, puts: Sequence[tuple[Segments, Body]]) -> None:
    """PUT each row below the account's path. Errors name the row."""
    async with product.door(where) as bridge:
        await bridge.get(product.path("accounts", account))  # says when there is none
        for number, (segments, body) in enumerate(puts, start=1):
            try:
                await bridge.call("PUT", product.path("accounts", account, *segments), body)
            except BridgeError as error:
                raise BadRequest(f"{file}: row {number}: {error.message}; the rows before it are in") from error
