"""`send --csv`: a file of recipients, through the running bridge."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from bridge.cli import product
from bridge.cli.output import Sentence, counted, for_programs, json_line, whole
from bridge.cli.progress import working
from bridge.dataclass import dataclass
from bridge.messages.legible import plain

if TYPE_CHECKING:
    from bridge.host.client import Client

#: rows that are shown before anything is sent, and rows that are told of as wrong
SHOWN, MOST_TOLD = 3, 20
_LEFT_OUT = {
    "bad": ("row cannot be sent", "rows cannot be sent"),
    "duplicates": ("row has a number that came before", "rows have a number that came before"),
    "suppressed": ("number is suppressed and gets nothing", "numbers are suppressed and get nothing"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be sent."""

    file: Path
    #: as `PATCH /v1/batches/{id}` takes it
    plan: Mapping[str, Any]
    #: without asking
    yes: bool
    as_json: bool

    @classmethod
    def of(cls, *, file: Path, template: str, yes: bool, as_json: bool, **plan: Any) -> Self:
        """Out of the options of the command."""
        return cls(file, {"text": template} | {name: value for name, value in plan.items() if value}, yes, as_json)


async def send(client: "Client", wish: Wish) -> None:
    """Look at a file, show what would be sent, and begin when that is wanted."""
    with working("reading"):
        raw = wish.file.read_bytes()
        kind = "application/octet-stream" if raw[:2] == b"PK" else "text/csv"
        made = await client.upload("/v1/batches", {"name": wish.file.name}, raw, kind)
    where = ("batches", made["id"])
    try:
        with working("looking at each row"):
            batch = await client.call("PATCH", product.path(*where), wish.plan)
        rows = (await client.get(product.path(*where, "rows"), {"state": "ok", "limit": SHOWN}))["rows"]
        if not wish.as_json:
            await _show(client, batch, rows)
        if not wish.yes:
            _confirm(batch)
        with working("starting"):
            again = {"again": True} if wish.yes or batch["same_as"] else {}
            begun = await client.post(product.path(*where, "start"), again)
    except BaseException:
        await client.call("DELETE", product.path(*where))
        raise
    if wish.as_json:
        json_line(for_programs(begun))
    else:
        click.echo(f"The batch {begun['id']} is being sent.")


async def _show(client: "Client", batch: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    of, parts = counted(batch["rows"], "row"), counted(batch["parts"], "part")
    click.echo(f"{batch['name']}: {batch['sendable']} of {of} can be sent, in {parts}.")
    for row in rows:
        click.echo(f"  {plain(row['number'])}  {whole(row['text'])}")
    for name, (one, many) in _LEFT_OUT.items():
        if batch[name]:
            click.echo(f"{batch[name]} {one if batch[name] == 1 else many}{':' if name == 'bad' else '.'}")
        if batch[name] and name == "bad":
            query: dict[str, str | int] = {"state": "bad", "limit": MOST_TOLD}
            for row in (await client.get(product.path("batches", batch["id"], "rows"), query))["rows"]:
                click.echo(f"  row {row['row']}: {plain(row['problem'])}")


def _confirm(batch: Mapping[str, Any]) -> None:
    """Ask for confirmation. Raises Sentence when it is refused or nobody can be asked."""
    if batch["same_as"]:
        click.echo(f"This file was sent before, as {batch['same_as'][0]['name']}.", err=True)
    if not sys.stdin.isatty():
        raise Sentence("nothing was sent: to send without being asked, add --yes")
    if not click.confirm("Send it?", err=True):
        raise Sentence("nothing was sent")
