"""`bridges`: those that share the database of this one."""

from collections.abc import Mapping
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.output import counted, json_lines, moment, table
from bridge.model.neighbour import MISSED


@click.command()
@place.options
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
def bridges(wanted: place.Wanted, as_json: bool) -> None:
    """List the bridges that share the database: what each does, its last sign of life, and its lines."""
    where = wanted.find()
    found = product.listed(where, "bridges")
    if as_json:
        json_lines(found)
    elif found:
        lease = round(where.config.store.beat * MISSED * 1000)
        headings = ("bridge", "role", "state", "last sign of life", "lines", "version")
        table(headings, [_row(each, lease) for each in found])
    elif where.config.store.is_file:
        click.echo("The store is a file, which one bridge has for itself.")
    else:
        click.echo("No other bridge has given a sign of life in the last week.")


def _row(each: Mapping[str, Any], lease: int) -> tuple[str, ...]:
    state = "ended" if each["ended"] else "silent" if each["silent_ms"] > lease else "running"
    if each["on_duty"]:
        state += ", has the duties"
    ready = sum(line["state"] == "ready" for line in each["lines"])
    lines = f"{ready} of {counted(len(each['lines']), 'line')} ready" if each["lines"] else "-"
    return each["name"], each["role"] or "-", state, moment(each["seen_at"]), lines, each["version"]
