"""`reload`: applies a changed configuration to the running bridge."""

from collections.abc import Sequence
from pathlib import Path

import click

from bridge.cli import place, product
from bridge.cli.metavars import PathName
from bridge.cli.output import json_line
from bridge.cli.progress import working
from bridge.config.loader import DEFAULT_PATH

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
#: a device that is removed finishes what it has in hand first
PATIENCE = 90.0  # s


@click.command()
@click.option("--config", type=PathName(path_type=Path), help="Configuration file by which to find the bridge.")
@_json
def reload(config: Path | None, as_json: bool) -> None:
    """Read the configuration of the running bridge again and apply what can change while it runs.

    That is devices (added, removed, changed), limits and retries of sending, periods of keeping, webhook settings, the
    log level, and renewed certificates. What needs a restart is named. A mistake changes nothing.
    """
    where = place.Wanted(config, None).find()

    async def run() -> dict[str, list[str]]:
        async with product.door(where, running=True) as client:
            found: dict[str, list[str]] = await client.post("/v1/reload", patience=PATIENCE)
            return found

    with working("reloading"):
        found = product.finish(run())
    if as_json:
        json_line(found)
        return
    _show("In effect now:", found["applied"])
    _show("After a restart:", found["needs_restart"])
    if found["needs_restart"]:
        service = where.start == place.start_of(DEFAULT_PATH)
        click.echo(f"  → {'sudo systemctl restart sms-bridge' if service else f'Ctrl-C, then {where.start}'}")
    if not any(found.values()):
        click.echo("The configuration has not changed; certificates were read again.")


def _show(heading: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(heading)
    for line in lines:
        click.echo(f"  {line}")
