"""`demo`: a bridge with a virtual network around it, and everything to try it with."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.accounts import credentials as accounts
from bridge.cli import listening, place, product, virtual_network
from bridge.cli.metavars import PathName
from bridge.cli.output import Misuse, Sentence, event_line, json_line
from bridge.config.schema import Config, Http
from bridge.dataclass import dataclass
from bridge.errors import NoSuchThing
from bridge.model.account import THE_BRIDGE, Account, Author, Template
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Device

if TYPE_CHECKING:
    from bridge.daemon.run import Running
    from device_drivers.virtual.world import World

ACCOUNT = "demo"
CREDENTIALS = "credentials.json"
#: what the samples of the template platform's pages send by
TEMPLATE = Template(ACCOUNT, "123456", "您的验证码是{code}")


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo runs on: configuration, credentials, virtual network."""

    directory: Path
    http: Http
    credentials: Mapping[str, str]


@click.command()
@click.option("--http", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT", help="Where to answer.")
@click.option(
    "--data",
    type=PathName(path_type=Path),
    help="Keep messages and credentials here.  [default: your state directory]",
)
@click.option("--json", "as_json", is_flag=True, help="When ready, print one JSON object and nothing else.")
def demo(http: str, data: Path | None, as_json: bool) -> None:
    """Try everything without any hardware, until Ctrl-C.

    Starts a bridge with a virtual network: a modem with a number, and other people's phones. Prints what to paste
    into a second terminal, then shows what happens.
    """
    from bridge.telemetry import logs

    wanted = _address(http)
    directory = (data or place.demo_directory()).absolute()
    if url := product.running_at(directory):  # two would take each other's modem and control socket
        raise Sentence(f"a demo runs already, at {url}: end it with Ctrl-C, or keep this one apart: --data DIRECTORY")
    address = _free(wanted)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    stage = Stage(directory, address, _credentials(directory / CREDENTIALS))
    logs.begin("warning")
    product.until_stopped(_play(stage, as_json))


async def _play(stage: Stage, as_json: bool) -> None:
    from bridge.tasks import Tasks

    tasks = Tasks("demo")
    async with virtual_network.stage(stage.directory) as (world, devices, missing):
        # whatever number a newcomer tries first, somebody is there, and the modem takes a real one's time
        world.network.rules.everybody = True
        world.network.rules.send_latency = 0.3
        world.whatsapps[0].faults.always_open = True
        await _admit(stage)
        config = Config(http=stage.http, store=place.storage(stage.directory), devices=devices)

        def ready(running: "Running") -> None:
            world.whatsapps[0].subscribe_soon(f"{running.url}/callbacks/whatsapp0")
            if as_json:
                json_line(_for_programs(stage, world, devices, running.url) | {"welcome": running.welcome})
            else:
                click.echo(_for_people(stage, world, missing, running))
                tasks.start(_show_traffic(running), "traffic")

        try:
            await product.run_bridge(config, ready, world.others)
        finally:
            await tasks.close()


async def _show_traffic(running: "Running") -> None:
    everything = Account(accounts.OPERATOR, operator=True)
    async for event in running.gateway.events(everything):
        click.echo(event_line({"name": event.name, "at": event.at, "subject": event.subject, "data": event.data}))


def _address(text: str) -> Http:
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise Misuse(f'--http must be a host and a port, such as 127.0.0.1:8080, not "{text}"')
    return Http(host=host.strip("[]"), port=int(port))


def _free(http: Http) -> Http:
    """Return the HTTP settings; a port that is taken ends the command. Port 0 means any free port."""
    try:
        listening.try_out(http.host, http.port)
    except OSError as error:
        other = again(f"--http {http.host}:{listening.next_free(http.host, http.port)}")
        raise Sentence(
            f"cannot answer at {http.host}:{http.port} ({error.strerror}); choose another, such as: {other}"
        ) from error
    return http


# -- who calls ------------------------------------------------------------------------------------
def _credentials(path: Path) -> dict[str, str]:
    """Load the credentials of the last run, or make new ones, in a file only this user can read."""
    product.credential_kinds()  # a newcomer tries every dialect
    try:
        kept: dict[str, str] = json.loads(path.read_text())
        accounts.kept(kept)
    except FileNotFoundError:
        kept, _ = accounts.new_credentials(ACCOUNT)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(kept, indent=2) + "\n")
    except (ValueError, KeyError, TypeError):
        raise Sentence(f"{path} is damaged; delete it, and the demo makes new credentials") from None
    return kept


async def _admit(stage: Stage) -> None:
    """Put the demo's credentials into the store, whatever happened to it since the last run."""
    now = SystemClock().now()
    made = Account(ACCOUNT, created_at=now, webhook_secret=stage.credentials["webhook_secret"])
    where = place.Place(Config(store=place.storage(stage.directory)), "sms-bridge demo")
    async with product.opened(where) as store:
        try:
            await store.account(ACCOUNT)
        except NoSuchThing:
            await store.add_account(made, [])
            await store.keep_template(TEMPLATE, Author(THE_BRIDGE, now))
        for credential in accounts.kept(stage.credentials):
            await store.add_credential(ACCOUNT, credential, replace=True)


# -- what is said ---------------------------------------------------------------------------------
def _for_programs(stage: Stage, world: "World", devices: Mapping[str, Device], url: str) -> dict[str, Any]:
    numbers = {
        "modem0": world.modems[0].number, "phone0": world.phones[0].number, "whatsapp0": world.whatsapps[0].number,
    }  # fmt: skip
    return {
        "http": url,
        **stage.credentials,
        "numbers": {
            "line": world.modems[0].number,
            "lines": {name: numbers[name] for name in devices},
            "customers": list(world.customers),
        },
        "control": str(world.control.path),
        "data": str(stage.directory),
    }


def _for_people(stage: Stage, world: "World", missing: str, running: "Running") -> str:
    key, customer, url = stage.credentials["apikey"], world.customers[0], running.url
    sim = f"{program()} sim receive 'Hello back'"
    if stage.directory != place.demo_directory():
        sim += f" --data {shlex.quote(str(stage.directory))}"
    write = f"curl {url}/sendsms -d apikey={key} --data-urlencode recipients={customer} -d message=Hello"
    return "\n".join(
        (
            click.style(f"The bridge answers at {url}. Ctrl-C ends it.", fg="green", bold=True),
            "",
            f"  web page    {running.welcome or f'{url}/'}",
            f"  lines       {world.modems[0].number}   modem0, a virtual modem",
            f"              {world.phones[0].number}   phone0, a virtual phone behind a real adb server"
            if not missing
            else f"              no phone line: {missing}",
            f"              {world.whatsapps[0].number}   whatsapp0, a WhatsApp number at an emulated Meta",
            f"  customers   {', '.join(world.customers[:3])} …",
            f"  API key     {key}",
            f"  all others  {stage.directory / CREDENTIALS}",
            "",
            "Paste into a second terminal:",
            "",
            click.style("  # send an SMS to a customer", fg="blue"),
            f"  {write}",
            click.style("  # the same by SMS and by WhatsApp", fg="blue"),
            f"  {write} -d sendwa=1",
            click.style("  # see what became of it", fg="blue"),
            f"  curl '{url}/log/sent/sms?apikey={key}'",
            click.style("  # a customer writes back, and your application reads it", fg="blue"),
            f"  {sim} && sleep 1 && curl '{url}/getsms?apikey={key}'",
            "",
            "What happens:",
        )
    )


def again(options: str) -> str:
    """The command that starts the demo with these options, as its user started it: by `make` or by itself."""
    return os.environ.get("SMS_BRIDGE_DEMO", "sms-bridge demo %s").replace("%s", options)


def program() -> str:
    """The command line by which the user can call this program from another terminal."""
    if shutil.which("sms-bridge"):
        return "sms-bridge"
    called = Path(sys.argv[0])
    return str(called.absolute()) if called.name == "sms-bridge" else f"{sys.executable} -m bridge"
