"""`serve` and `devices`: the bridge on real hardware."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli import place, product
from bridge.cli.metavars import PathName
from bridge.cli.output import Misuse, json_line, table
from bridge.errors import BridgeError, ConfigError
from bridge.ports.driver import Driver, Found

if TYPE_CHECKING:
    from bridge.config.schema import Config
    from bridge.daemon.run import Running

_config = click.option(
    "--config",
    type=PathName(path_type=Path),
    help=f"Configuration file.  [default: {place.SEARCHED}]",
)


@click.command()
@_config
@click.option(
    "--role",
    type=click.Choice(("all", "api", "devices")),
    default="all",
    envvar="SMS_BRIDGE_ROLE",
    show_default=True,
    help="What this process does of it, among several on one PostgreSQL database; else $SMS_BRIDGE_ROLE.",
)
def serve(config: Path | None, role: str) -> None:
    """Run the bridge until Ctrl-C or SIGTERM."""
    import faulthandler
    import logging
    import signal

    from bridge.config.role import Role
    from bridge.telemetry import logs

    faulthandler.enable(2)  # SIGABRT, by which systemd ends a bridge that hangs, shows where
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # there is nothing to reload before it is ready
    path = place.configured(config)
    mine = Role(role)

    def settled() -> "Config":
        return mine.of(product.configuration(path))

    settings = settled()
    logs.begin(settings.log.level)
    for each in settings.findings:
        logging.getLogger(__name__).warning("%s: %s", each.message, each.remedy)

    def ready(running: "Running") -> None:
        product.reload_on_hangup(running)
        if running.welcome:
            click.echo(f"Nobody can sign in yet. Become the owner, once, within 24 hours: {running.welcome}")
        elif running.is_unowned:
            link = place.start_of(path).replace("sms-bridge serve", "sms-bridge user link", 1)
            click.echo(f"Nobody can sign in yet. A link for the first owner is made by: {link}")

    product.until_stopped(product.run_bridge(settings, ready, source=settled, role=mine))


@click.command()
@place.options
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--options", "show_options", is_flag=True, help="List the options of each driver for [devices.NAME].")
@click.option("--rule", metavar="NAME", help="Print the udev rule that names a modem /dev/sms/NAME.")
@click.option("--port", default="", help="With --rule: the port to name, when several are plugged in.")
def devices(wanted: place.Wanted, as_json: bool, show_options: bool, rule: str | None, port: str) -> None:
    """Show what is plugged in, ready to paste into the configuration, and the lines of a running bridge."""
    if rule is not None:
        _show_rule(rule, port)
        return
    if port:
        raise Misuse("--port goes with --rule NAME")
    usable, missing = usable_drivers()
    if show_options:
        _show_options(usable)
        return
    found, lines, away = product.finish(_seen(usable, wanted))
    hints = product.not_modems()
    if as_json:
        json_line({"found": [asdict(each) for each in found], "lines": lines, "missing": missing, "hints": hints})
        return
    _show_found(found, hints, missing)
    if away and (wanted.config or wanted.data):
        click.echo(f"# No lines are shown: {away}")
    if lines:
        click.echo("# The running bridge has these lines:")
        table(
            ("# line", "state", "number", "operator", "signal", ""),
            [
                (f"# {line['name']}", line["state"], line["number"], line["operator"], _decibel(line), line["reason"])
                for line in lines
            ],
        )


def _show_found(found: Sequence[Found], hints: Sequence[str], missing: Mapping[str, str]) -> None:
    """Print what is plugged in, ready to paste, and why something is not; all else is a comment of TOML."""
    for number, each in enumerate(found, start=1):
        click.echo(f"# {each.description}")
        click.echo(snippet(each, number))
    if not found:
        click.echo("# No modem or phone is plugged in that a driver knows. Without hardware: sms-bridge demo")
    for hint in hints:
        click.echo(f"# No modem: {hint}")
    for name, reason in missing.items():
        click.echo(f"# The driver {name} is unavailable: {reason}")


def _show_rule(name: str, port: str) -> None:
    """Print the rule to standard output and instructions to standard error."""
    named = product.named(name, port)
    click.echo(f"# {name}: {named.what}{', by the USB socket it is in' if named.socket else ''}\n{named.rule}")
    file = f"/etc/udev/rules.d/61-sms-bridge-{name}.rules"
    for line in (
        "To put it into effect:",
        f"  sms-bridge devices --rule {name}{f' --port {port}' if port else ''} | sudo tee {file}",
        "  sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=tty",
        f'and in the configuration: port = "/dev/sms/{name}"',
    ):
        click.echo(line, err=True)
    if named.socket:
        click.echo("It has no serial number of its own: leave it in the socket where it is now.", err=True)


def usable_drivers() -> tuple[list[Driver], dict[str, str]]:
    """The drivers that work on this machine, and why the others do not."""
    drivers, usable, missing = product.drivers(), [], {}
    for name in drivers:
        try:
            usable.append(drivers[name])
        except ImportError as error:
            missing[name] = str(error)
        except KeyError:
            continue  # lives among the drivers but is not one
    return usable, missing


async def _seen(drivers: Sequence[Driver], wanted: place.Wanted) -> tuple[list[Found], list[dict[str, Any]], str]:
    """What is plugged in, the lines of the running bridge, and why there are none of these."""
    import asyncio

    found = await asyncio.gather(*(driver.discover() for driver in drivers))
    return [each for some in found for each in some], *await _lines(wanted)


async def _lines(wanted: place.Wanted) -> tuple[list[dict[str, Any]], str]:
    """The lines of the running bridge, or why they are not known. Raises ConfigError for a named file with mistakes."""
    try:
        async with product.door(wanted.find(), running=True) as client:
            return (await client.get("/v1/lines"))["lines"], ""
    except ConfigError:
        if wanted.config or wanted.data:
            raise
        return [], ""
    except BridgeError as error:
        return [], error.message


def snippet(found: Found, number: int) -> str:
    """A configuration table for a device, ready to paste."""
    options = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in found.options.items())
    return f'[devices.line{number}]\ndriver = "{found.driver}"\n{options}'


def _decibel(line: dict[str, Any]) -> str:
    return f"{line['signal_dbm']} dBm" if line["signal_dbm"] is not None else ""


def _show_options(drivers: Sequence[Driver]) -> None:
    for driver in drivers:
        click.secho(f'driver = "{driver.name}"', bold=True)
        table(("option", "type", ""), [(name, kind.__name__, about) for name, (kind, about) in driver.options.items()])
        click.echo()
