"""`site …`: the sites of this hub, other bridges whose lines are lines of this one."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.metavars import PathName
from bridge.cli.output import Misuse, Sentence, for_programs, json_lines, moment, table
from bridge.config import device_table, tables
from bridge.config.loader import load_part, read
from bridge.errors import ConfigError

DRIVER = "bridge_remote"
_config = click.option(
    "--config", type=PathName(path_type=Path), help=f"Configuration of the bridge.  [default: {place.SEARCHED}]"
)


@click.group()
def site() -> None:
    """Take other bridges in, whose lines are lines of this one."""


@site.command()
@click.argument("name")
@click.option("--url", default="", help="Where the site reaches this bridge.  [default: http.public_url]")
@_config
def add(name: str, url: str, config: Path | None) -> None:
    """Expect the site NAME: print a code by which it joins, once, within 48 hours.

    The device NAME is written into the configuration. For a site that has joined before, its lines are away until it
    joins again.
    """
    from device_drivers.bridge_remote import enrolment

    path = place.configured(config)
    if path is None or not path.exists():
        raise Misuse("there is no configuration to write the site into: write one with sms-bridge init")
    url = url or load_part(path, {}).http.public_url
    if not url.startswith(("http://", "https://")):
        raise Misuse("say where the site reaches this bridge: --url https://hub.example, or http.public_url")
    code, ends_at = enrolment.new_code(url, name), int(time.time()) + enrolment.HOURS * 3600
    _expect(path, name, enrolment.option(code.secret, ends_at))
    click.echo(f"Within {enrolment.HOURS} hours, where {name} is, with the address at which this bridge reaches it:")
    click.echo(f"  sms-bridge join {code.written()} --url https://ADDRESS-OF-{name.upper()}")
    click.echo("or, where this bridge cannot reach it:")
    click.echo(f"  sms-bridge join {code.written()} --dial")


def _expect(path: Path, name: str, option: str) -> None:
    """Write it, and have the running bridge know it."""
    own = [each for each in ("url", "key") if read(path).get("devices", {}).get(name, {}).get(each)]
    if own:
        raise Misuse(
            f"[devices.{name}] says {' and '.join(own)} itself, which goes before what a site tells: "
            f"take that out of {path} first, or choose another name"
        )
    try:
        before = path.read_text()
        tables.write(path, device_table.with_option(before, name, DRIVER, "join", option))
    except OSError as error:
        raise Sentence(f"{path} cannot be changed: {error.strerror or error}; as root, it can") from error
    try:
        product.configuration(path)
    except ConfigError:
        tables.write(path, before)
        raise
    if not product.reload(where := place.Wanted(path, None).find()):
        click.echo(f"The bridge does not run: start it before {name} joins ({where.start}).")


@site.command("list")
@_config
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
def list_(config: Path | None, as_json: bool) -> None:
    """List the sites: how each is reached, since when, its lines, and how far what is known of them is behind."""
    where = place.Wanted(config, None).find()
    found = product.finish(_sites(where, _devices(place.configured(config))))
    if as_json:
        json_lines(found)
    elif found:
        table(("site", "how", "joined", "lines", "behind", "last seen", "version"), [_row(each) for each in found])
    else:
        click.echo("There is no site here. To take one in: sms-bridge site add NAME")


def _devices(path: Path | None) -> Mapping[str, Mapping[str, Any]]:
    """The sites of a configuration, with their options."""
    devices = read(path).get("devices", {}) if path is not None and path.exists() else {}
    return {name: each for name, each in devices.items() if each.get("driver") == DRIVER}


async def _sites(where: place.Place, devices: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    from device_drivers.bridge_remote import enrolment

    found = []
    async with product.door(where) as client:
        lines = [for_programs(each) for each in (await client.get("/v1/lines"))["lines"]]
        for name, options in devices.items():
            memory = (await client.get(product.path("devices", name, "memory")))["memory"]
            how, since = enrolment.told_of(memory, options)
            mine = [each for each in lines if each["device"] == name and each["name"] != name]
            found.append({
                "name": name, "how": how, "joined_at": since * 1000,
                "lines": [{key: each[key] for key in ("name", "state", "reason")} for each in mine],
                "lag_ms": max((each["lag_ms"] or 0 for each in mine), default=None),
                "seen_at": max((each["seen_at"] for each in mine), default=0),
                "version": memory.get("version", ""),
            })  # fmt: skip
    return found


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    lines = ", ".join(f"{line['name']} {line['state']}" for line in each["lines"])
    behind = "-" if each["lag_ms"] is None else f"{each['lag_ms'] / 1000:.1f} s"
    moments = (moment(each["joined_at"]), moment(each["seen_at"]))
    return (each["name"], each["how"], moments[0], lines or "-", behind, moments[1], each["version"] or "-")


@site.command()
@click.argument("name")
@_config
def remove(name: str, config: Path | None) -> None:
    """Let go of the site NAME: take back what waits there, and take it out of the configuration.

    What a device there has in hand is waited for, for half a minute. Messages that wait here for its lines alone go on
    waiting until they expire.
    """
    from device_drivers.bridge_remote import enrolment

    path = place.configured(config)
    known = _devices(path)
    if path is None or name not in known:
        raise Misuse(f"there is no site {name} here; there are {', '.join(known) or 'none'}")
    try:
        tables.write(path, tables.without(path.read_text(), "devices", name))
    except OSError as error:
        raise Sentence(f"{path} cannot be changed: {error.strerror or error}; as root, it can") from error
    product.reload(where := place.Wanted(path, None).find())
    for key, value in enrolment.forgotten().items():
        product.ask(where, "PUT", "devices", name, "memory", key, body={"value": value})
    click.echo(f"{name} is no site of this bridge any more. At the site, to close this hub's account: sms-bridge leave")
