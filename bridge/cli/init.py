"""`init`: writes a configuration for what is plugged in."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from bridge.cli import listening, place, product
from bridge.cli.metavars import PathName
from bridge.cli.output import Sentence
from bridge.cli.run import snippet, usable_drivers
from bridge.config.schema import Http
from bridge.ports.driver import Driver, Found


@click.command()
@click.option(
    "--config",
    type=PathName(path_type=Path, dir_okay=False),
    default=place.HERE,
    show_default=True,
    help="File to write; it must not exist yet.",
)
@click.option("--yes", is_flag=True, help="Take every device that is found, without asking.")
def init(config: Path, yes: bool) -> None:
    """Look at what is plugged in, ask which devices to use, and write a configuration for them.

    Nothing is sent and no device is changed. The store is put beside the file.
    """
    if config.exists():
        raise Sentence(f"{config} exists already; look at it with: sms-bridge check --config {config}")
    drivers, missing = usable_drivers()
    found = product.finish(_discover(drivers))
    for reason in missing.values():
        click.echo(f"# {reason}", err=True)
    if found and not yes and not sys.stdin.isatty():
        raise Sentence("nobody is there to choose among the devices: to take all that are found, add --yes")
    chosen = [each for each in found if yes or click.confirm(f"Use {each.description} ({each.driver})?", default=True)]
    http = _http()
    _write(config, _text(chosen, http))
    click.echo(f"Wrote {config} with {_counted(len(chosen))}.")
    if http != Http():
        click.echo(f"Port {Http().port} is in use on this machine, so the file says {http.port}.")
    if url := product.running_at(place.demo_directory()):
        click.echo(
            f"The demo at {url} goes on; in this folder, commands are about this file now and not about the demo."
        )
    for hint in [] if chosen else product.not_modems():
        click.echo(f"# No modem: {hint}")
    if not chosen:
        click.echo("Plug a modem or a phone in, and add it: sms-bridge devices prints what to paste.")
    option = "" if config == place.HERE else f" --config {config}"
    click.echo("\nNext:")
    click.echo(f"  sms-bridge check{option}              # is everything right?")
    click.echo(f"  sms-bridge account add shop{option}   # prints the credentials, once")
    click.echo(f"  sms-bridge serve{option}              # run it")


async def _discover(drivers: list[Driver]) -> list[Found]:
    return [each for driver in drivers for each in await driver.discover()]


def _http() -> Http:
    """The usual address, by a port that is free now."""
    usual = Http()
    try:
        listening.try_out(usual.host, usual.port)
    except OSError:
        return replace(usual, port=listening.next_free(usual.host, usual.port) or usual.port)
    return usual


def _text(devices: list[Found], http: Http) -> str:
    """The configuration file."""
    tables = [f"# {each.description}\n{snippet(each, number)}" for number, each in enumerate(devices, start=1)]
    head = f"""# All settings: docs/configuration.md. Check this file with: sms-bridge check
[http]
host = "{http.host}"       # "0.0.0.0" to be reached from other machines
port = {http.port}

[store]
url = "sqlite:///bridge.db"
"""
    return "\n".join([head, *tables])


def _write(path: Path, text: str) -> None:
    """Create the file, which may get secrets later, for this user alone. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _counted(count: int) -> str:
    return {0: "no device yet", 1: "one device"}.get(count, f"{count} devices")
