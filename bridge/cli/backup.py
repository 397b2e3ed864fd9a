"""`backup`: a copy of a running bridge's belongings, the newest few of them, for a timer or by hand."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from bridge.cli import packing, place
from bridge.cli.export_import import belongings, counts, in_size, in_words
from bridge.cli.metavars import PathName, Whole
from bridge.cli.output import json_line
from bridge.cli.progress import growing, working
from bridge.ports.clock import SystemClock

#: seconds
PERIODS = {"hour": 3600, "day": 86_400, "week": 7 * 86_400}
#: of a period: a timer does not fire to the second
ENOUGH = 0.9
_FORM = "sms-bridge-%Y-%m-%dT%H%M%SZ.export"
_NAME = re.compile(r"sms-bridge-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z\.export", re.ASCII)


@click.command()
@click.argument("folder", type=PathName(path_type=Path, file_okay=False))
@click.option("--every", type=click.Choice(list(PERIODS)), help="Make none while the newest is younger than that.")
@click.option("--keep", type=Whole(1, 10_000), default=7, show_default=True, help="Remove older ones.")
@place.options
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def backup(folder: Path, every: str | None, keep: int, wanted: place.Wanted, as_json: bool) -> None:
    """Back up into FOLDER what `export --copy` packs; the bridge may run.

    A damaged store is not backed up, and then no older backup is removed. `sms-bridge import FILE` brings one in.
    """
    storage = wanted.find().config.store
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = SystemClock().now()
    before = made_before(folder)
    if every and before and now / 1000 - _made_at(before[-1]) < ENOUGH * PERIODS[every]:
        if as_json:
            json_line({"file": None, "kept": [path.name for path in before]})
        else:
            click.echo(f"{before[-1].name} is younger than a{'n' if every == 'hour' else ''} {every}: nothing to do.")
        return
    file = folder / datetime.fromtimestamp(now // 1000, UTC).strftime(_FORM)
    with working("packing", lambda: growing(file.absolute())):
        packed = packing.pack(storage, file.absolute(), now, belongings(wanted), copy=True)
    made = made_before(folder)
    for old in made[:-keep]:
        old.unlink()
    if as_json:
        json_line({"file": str(file), "kept": [path.name for path in made[-keep:]], **counts(packed.content)})
        return
    click.echo(f"Packed {in_words(packed.content)} into {file} ({in_size(file)}); {_kept(len(made[-keep:]))}.")


def made_before(folder: Path) -> Sequence[Path]:
    """The backups in a folder, oldest first; other files are ignored."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _made_at(file: Path) -> float:
    """The time in a backup's name, Unix seconds: a copied file has another modification time."""
    return datetime.strptime(file.name, _FORM).replace(tzinfo=UTC).timestamp()


def _kept(count: int) -> str:
    return "it is the only one" if count == 1 else f"{count} backups are kept"
