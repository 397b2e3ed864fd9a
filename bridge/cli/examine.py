"""`check` and `doctor`: what is right, what is wrong, and the command that fixes it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bridge.cli import place, product, surroundings
from bridge.cli.metavars import PathName
from bridge.cli.output import FAILED, USAGE, Misuse, json_line
from bridge.cli.progress import working
from bridge.config.loader import DEFAULT_PATH, VARIABLE, read
from bridge.config.role import ROLE_VARIABLE, Role
from bridge.config.schema import Config, Http
from bridge.dataclass import dataclass
from bridge.errors import ConfigError
from bridge.model.finding import Finding
from bridge.ports.clock import SystemClock

_MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}
_config = click.option(
    "--config", type=PathName(path_type=Path), help=f"Configuration file.  [default: {place.SEARCHED}]"
)
_role = click.option(
    "--role",
    type=click.Choice([each.value for each in Role]),
    default=Role.ALL.value,
    envvar=ROLE_VARIABLE,
    help=f"The role that `serve` is started with; else ${ROLE_VARIABLE}.",
)
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")


@dataclass(frozen=True, slots=True)
class Looked:
    """The findings and the exit code of the command."""

    findings: Sequence[Finding]
    code: int
    #: None when it has mistakes
    config: Config | None
    start: str


@click.command()
@_config
@_role
@_json
@click.pass_context
def check(ctx: click.Context, config: Path | None, role: str, as_json: bool) -> None:
    """Check the configuration and every device, and say how to fix what is wrong.

    Ends with 1 when something fails and with 2 when the configuration has mistakes.
    """
    looked = _looked(place.Wanted(config, None), Role(role), thorough=False)
    _report(looked.findings, looked.code, as_json)
    ctx.exit(looked.code)


@click.command()
@place.options
@_role
@_json
@click.option(
    "--bundle",
    type=PathName(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Pack everything for the person who helps you into FILE (.tar.gz), with numbers and secrets masked.",
)
@click.pass_context
def doctor(ctx: click.Context, wanted: place.Wanted, role: str, as_json: bool, bundle: Path | None) -> None:
    """Look at everything between the socket and the SIM, and say how to fix it.

    What `check` does, and disk, clock, power, service, port, webhooks; a running bridge is asked about its devices.
    As root it sees more: who holds a port, whether the service's own user may open it.

    Ends with 0 when nothing fails (warnings may be there), with 1 when something does and with 2 when the
    configuration has mistakes.
    """
    if bundle is not None and bundle.exists():
        raise Misuse(f"{bundle} exists already: choose another name")
    looked = _looked(wanted, Role(role), thorough=True)
    packed = {} if bundle is None else {"bundle": str(bundle)}
    size = 0 if bundle is None else _pack(bundle, looked, wanted)
    _report(looked.findings, looked.code, as_json, packed)
    if bundle is not None and not as_json:
        click.echo(f"\nPacked for the person who helps you: {bundle} ({-(-size // 1000)} kB, readable for you alone).")
        click.echo("It holds these findings, the configuration, releases, counts, USB devices and the last log lines;")
        click.echo("no text of a message, no whole number, no secret. Look before you send it:")
        click.echo(f"  tar -xzOf {bundle} | less")
    ctx.exit(looked.code)


def _looked(wanted: place.Wanted, role: Role, thorough: bool) -> Looked:
    try:
        where, unit = _place(wanted, role)
    except ConfigError as error:
        findings = [Finding("fail", "configuration", problem) for problem in error.problems]
        return Looked(findings, USAGE, None, "sms-bridge serve")

    from bridge import doctor

    look = doctor.doctor if thorough else doctor.check
    with working("looking"):
        findings = product.finish(look(where.config, product.drivers(), surroundings.gather(where, unit, role)))
    code = FAILED if any(each.level == "fail" for each in findings) else 0
    return Looked(findings, code, where.config, where.start)


def _place(wanted: place.Wanted, role: Role) -> tuple[place.Place, str]:
    """The bridge that is meant and its systemd unit; a demo has no configuration. Raises ConfigError."""
    from bridge.doctor.service import UNIT

    path = None if wanted.data is not None else place.configured(wanted.config)
    if path is None and (wanted.data is not None or not any(name.startswith(VARIABLE) for name in os.environ)):
        found = wanted.find()
        return replace(found, config=replace(found.config, http=Http(port=0))), ""
    unit = UNIT if path in (None, DEFAULT_PATH) else ""
    return place.Place(role.of(product.configuration(path)), place.start_of(path)), unit


def _pack(file: Path, looked: Looked, wanted: place.Wanted) -> int:
    from bridge.doctor import bundle

    known = bundle.Known(looked.findings, looked.config, _raw(wanted), looked.start, SystemClock().now())
    return product.finish(bundle.write(file.absolute(), known))


def _raw(wanted: place.Wanted) -> Mapping[str, Any]:
    """The settings as written, to find secrets in them."""
    given = {name: value for name, value in os.environ.items() if name.startswith(VARIABLE)}
    try:
        return {**given, **read(place.configured(wanted.config) or DEFAULT_PATH)}
    except ConfigError:
        return given


def _report(findings: Sequence[Finding], code: int, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    """Print the findings."""
    if not as_json:
        for each in findings:
            _show(each)
        return
    from bridge.version import version

    json_line(
        {
            "ok": code == 0,
            "version": version(),
            "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "findings": [asdict(each) for each in findings],
            **(more or {}),
        }
    )


def _show(finding: Finding) -> None:
    mark, colour = _MARKS.get(finding.level, (finding.level, "white"))
    click.echo(f"{click.style(mark, fg=colour)}  {finding.subject}: {finding.message}")
    if finding.remedy:
        click.echo(f"      → {finding.remedy}")
