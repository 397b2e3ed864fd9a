"""`sim …`: acts as the customers' phones and the radio network of a running demo."""

import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli import product, virtual_network
from bridge.cli.metavars import PathName, Real, Whole
from bridge.cli.output import Misuse, json_line, moment, table, whole
from bridge.cli.place import demo_directory
from bridge.messages.legible import plain

if TYPE_CHECKING:
    from device_drivers.virtual.world import World

SOCKET = "virtual.sock"
_data = click.option(
    "--data",
    type=PathName(path_type=Path),
    default=demo_directory,
    help="Data directory of the demo.  [default: the demo's own]",
)
_modem = click.option(
    "--line", "modem", metavar="LINE", default="0", help="The line, by name or number.  [default: the first]"
)
_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


@click.group()
def sim() -> None:
    """Play the other side of a running demo: customers' phones, network, USB plug."""


def _ask(data: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send one request and return its single answer."""

    async def ask() -> dict[str, Any]:
        async with aclosing(virtual_network.steer(data / SOCKET, request)) as answers:
            async for answer in answers:
                return answer
        return {}

    return product.finish(ask())


@sim.command()
@_data
@click.option("--modems", type=Whole(0, 20), default=1, show_default=True, help="How many modems.")
@click.option("--phones", type=Whole(0, 10), default=0, show_default=True, help="How many Android phones.")
@click.option("--whatsapps", type=Whole(0, 5), default=0, show_default=True, help="How many WhatsApp numbers.")
@click.option(
    "--provider", "providers", multiple=True, type=click.Choice(["tencent", "aliyun"]), help="A cloud provider."
)
@click.option("--make", default="generic", show_default=True, help="What the phones are: android6, huawei8, samsung …")
@click.option("--modem-make", default="generic", show_default=True, help="What the modems are: huawei, simcom, zte …")
@_json
def network(
    data: Path, modems: int, phones: int, whatsapps: int, providers: tuple[str, ...], make: str, modem_make: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Run a virtual network for a bridge that runs elsewhere, until Ctrl-C.

    Prints what to put into that bridge's configuration. The bridge's user must be able to open the ports: run it as
    the same user. Phones are found by an adb server once told: adb connect ADDRESS.
    """

    directory = data.absolute()

    async def run() -> None:
        import asyncio

        async with virtual_network.network(directory, modems, phones, make, modem_make, whatsapps, providers) as world:
            devices = _devices(world)
            if as_json:
                json_line({"devices": devices, "customers": list(world.customers), "data": str(directory)})
            else:
                click.echo(_configuration(world, devices))
            await asyncio.Event().wait()

    product.until_stopped(run())


def _devices(world: "World") -> dict[str, dict[str, Any]]:
    """Configuration of each virtual device by name; stable from run to run."""
    modems = {
        f"modem{place}": {"driver": "gsm_modem", "port": str(world.directory / f"modem{place}")}
        for place in range(len(world.modems))
    }
    phones = {
        f"phone{place}": {"driver": "android_adb", "serial": phone.address} for place, phone in enumerate(world.phones)
    }
    whatsapps = {
        f"whatsapp{place}": {"driver": "whatsapp_cloud", **each.options} for place, each in enumerate(world.whatsapps)
    }
    providers = {name: {"driver": name, **each.options} for name, each in world.providers.items()}
    return modems | phones | whatsapps | providers


def _configuration(world: "World", devices: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [f"# A virtual network is there until Ctrl-C; other people's phones: {', '.join(world.customers[:3])} …"]
    for name, options in devices.items():
        lines += [f"[devices.{name}]", *(f"{key} = {_toml(value)}" for key, value in options.items())]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """A text or a table of texts as TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


@sim.command()
@_data
@_json
def numbers(data: Path, as_json: bool) -> None:
    """Show the numbers of the virtual network."""
    found = _ask(data, {"command": "numbers"})
    if as_json:
        json_line(found)
        return
    rows = [(line["number"], "line", "plugged in" if line["plugged"] else "unplugged") for line in found["lines"]]
    rows += [(each["number"], "WhatsApp", each["callback"] or "no callback") for each in found["whatsapps"]]
    table(("number", "", ""), rows + [(number, "customer", "") for number in found["handsets"]])


@sim.command()
@click.argument("text")
@click.option("--from", "sender", default="", help="Number of the customer who writes.  [default: the first]")
@click.option("--to", default="", help="Number to write to, by WhatsApp to one of those.  [default: the first line]")
@_data
@_json
def receive(text: str, sender: str, to: str, data: Path, as_json: bool) -> None:
    """Send TEXT from a customer's phone to the bridge."""
    request = {"command": "receive", "text": text, "from": sender, "to": to}
    done = _ask(data, {key: value for key, value in request.items() if value or key == "text"})
    json_line(done) if as_json else click.echo(f"{done['from']} wrote to {done['to']}.")


@sim.command()
@click.argument("number")
@click.option("--follow", is_flag=True, help="Go on showing what comes, until Ctrl-C.")
@click.option("--whatsapp", "by_whatsapp", is_flag=True, help="What came by WhatsApp, not by SMS.")
@_data
@_json
def handset(number: str, follow: bool, by_whatsapp: bool, data: Path, as_json: bool) -> None:
    """Show what the customer's phone with NUMBER received."""

    async def read() -> None:
        by = {"by": "whatsapp"} if by_whatsapp else {}
        request = {"command": "handset", "number": number, "follow": follow, **by}
        async with aclosing(virtual_network.steer(data / SOCKET, request)) as answers:
            async for answer in answers:
                for sms in answer["received"]:
                    json_line(sms) if as_json else click.echo(
                        f"{moment(sms['at'])}  {plain(sms['from'])}  {whole(sms['text'])}"
                    )
                if not follow:
                    return

    product.until_stopped(read())


@sim.command()
@click.option("--loss", type=Real(0, 1), help="Share of messages that are never seen again.")
@click.option("--duplicate", type=Real(0, 1), help="Share of messages that arrive twice.")
@click.option("--send-latency", type=Real(0), help="Seconds the network takes to accept a message.")
@click.option("--delivery-delay", type=Real(0), help="Seconds from there to the recipient.")
@click.option("--report-delay", type=Real(0), help="Seconds from there to the delivery report.")
@click.option("--refuse", multiple=True, metavar="NUMBER=CODE", help="+CMS ERROR for every message to a number.")
@click.option("--refuse-next", multiple=True, type=Whole(), metavar="CODE", help="+CMS ERROR for the next message.")
@click.option("--lose-answer-next", type=Whole(0), help="So many messages go out and the modem never says so.")
@click.option("--report-status", multiple=True, metavar="NUMBER=CODE", help="TP-ST of the reports for a number.")
@click.option("--reports/--no-reports", default=None, help="Whether the network makes delivery reports.")
@click.option("--everybody/--only-known", default=None, help="Whether every number has a phone.")
@_data
def rules(data: Path, **given: Any) -> None:
    """Change how the network behaves, and show all its rules.

    For example: sms-bridge sim rules --loss 0.1 --refuse +15550151=28
    """
    changes = {name: value for name, value in given.items() if value not in (None, ())}
    for name in ("refuse", "report_status"):
        if name in changes:
            changes[name] = dict(_pair(each) for each in changes[name])
    if "refuse_next" in changes:
        changes["refuse_next"] = list(changes["refuse_next"])
    found = _ask(data, {"command": "rules", **changes})
    table(("rule", "now"), [(name.replace("_", "-"), _shown(value)) for name, value in found.items()])


def _pair(text: str) -> tuple[str, int]:
    number, _, code = text.partition("=")
    if not number or not code.isdecimal():
        raise Misuse(f'"{text}" must be a number and a code, such as +15550151=28')
    return number, int(code)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{number}={code}" for number, code in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "none"
    return str(value).lower()


@sim.command()
@click.argument("seconds", type=Real(0))
@click.option("--cause", type=Whole(), default=331, show_default=True, help="The +CMS ERROR that each message meets.")
@click.option(
    "--line",
    "modem",
    metavar="LINE",
    default="",
    help="The line that it is about, by name or number.  [default: all lines]",
)
@_data
def outage(seconds: float, cause: int, modem: str, data: Path) -> None:
    """Let the network take no messages for so many SECONDS; 0 ends an outage."""
    request = {"command": "outage", "modem": modem} if modem else {"command": "blackout"}
    _ask(data, request | {"seconds": seconds, "cause": cause})
    whose = modem or "any line"
    click.echo(f"The network takes no message of {whose} for {seconds:g} s." if seconds else "The outage is over.")


@sim.command()
@_modem
@_data
def unplug(modem: str, data: Path) -> None:
    """Pull a line's modem out of its socket."""
    click.echo(f"{_ask(data, {'command': 'unplug', 'modem': modem})['number']} is unplugged.")


@sim.command()
@_modem
@_data
def replug(modem: str, data: Path) -> None:
    """Plug a line's modem in again."""
    click.echo(f"{_ask(data, {'command': 'replug', 'modem': modem})['number']} is plugged in.")


@sim.command()
@_modem
@_data
def reset(modem: str, data: Path) -> None:
    """Let a line's modem restart on its own."""
    click.echo(f"{_ask(data, {'command': 'reset', 'modem': modem})['number']} restarts.")


@sim.command()
@click.argument("changes", nargs=-1, metavar="[FAULT=VALUE]…")
@click.option("--do", "event", default="", help="Something that happens to it: exchange, pull_sim, restore_backup …")
@click.option("--phone", default="0", help="The phone, by the name of its line or by number.  [default: the first]")
@_data
@_json
def phone(changes: tuple[str, ...], event: str, phone: str, data: Path, as_json: bool) -> None:
    """Switch faults of a phone on and off, or trigger an event; then show its state.

    For example: sms-bridge sim phone store_empty_next=2 airplane=true
    """
    to = {"command": "phone", "phone": phone}
    _steer(data, to, to | {"do": event} if event else {}, changes, as_json)


@sim.command()
@click.argument("changes", nargs=-1, metavar="[FAULT=VALUE]…")
@click.option("--do", "event", default="", help="Something that happens to it: silent_reset, elsewhere, want_pin …")
@_modem
@_data
@_json
def modem(changes: tuple[str, ...], event: str, modem: str, data: Path, as_json: bool) -> None:
    """Switch faults of a modem on and off, or trigger an event; then show its state.

    For example: sms-bridge sim modem undeleted=3 'before={"+CMGL": ["NO CARRIER"]}', and what another program may do to
    it: sms-bridge sim modem --do elsewhere line=AT+CMGF=1
    """
    to = {"modem": modem}
    _steer(data, to | {"command": "faults"}, to | {"command": event} if event else {}, changes, as_json)


@sim.command()
@click.argument("changes", nargs=-1, metavar="[FAULT=VALUE]…")
@click.option("--do", "event", default="", help="Something that happens: unplug, replug, subscribe url=CALLBACK …")
@click.option("--number", "whatsapp", default="0", help="The WhatsApp number.  [default: the first]")
@_data
@_json
def whatsapp(changes: tuple[str, ...], event: str, whatsapp: str, data: Path, as_json: bool) -> None:
    """Switch what is wrong with a number at the emulated Meta on and off, or let something happen; then show how it is.

    For example: sms-bridge sim whatsapp refuse_next=[131047] status_delay=5
    """
    to = {"command": "whatsapp", "whatsapp": whatsapp}
    _steer(data, to, to | {"do": event} if event else {}, changes, as_json)


@sim.command()
@click.argument("changes", nargs=-1, metavar="[FAULT=VALUE]…")
@click.option("--do", "event", default="", help="Something that happens: unplug, replug, push url=CALLBACK, write …")
@click.option("--name", "provider", default="", help="tencent or aliyun.  [default: the first]")
@_data
@_json
def provider(changes: tuple[str, ...], event: str, provider: str, data: Path, as_json: bool) -> None:
    """Switch what is wrong with an emulated cloud provider on and off, or let something happen; then show how it is.

    For example: sms-bridge sim provider silent_next=1 report_delay=60
    """
    to = {"command": "provider", **({"provider": provider} if provider else {})}
    _steer(data, to, to | {"do": event} if event else {}, changes, as_json)


def _steer(data: Path, faults: dict[str, Any], event: dict[str, Any], changes: Sequence[str], as_json: bool) -> None:
    """Trigger an event with the given parameters, or change the faults; then show them."""
    given = dict(_change(each) for each in changes)
    found = _ask(data, {**given, **(event or faults)})
    if as_json:
        json_line(found)
    elif event:
        device = next(
            (name for name in ("phone", "whatsapp", "provider") if name in (*faults, faults["command"])), "modem"
        )
        click.echo(f"{event.get('do', event['command'])} happened to the {device} {found['number']}.")
    else:
        table(("fault", "now"), [(name, _shown(value)) for name, value in found.items()])


@sim.command()
@_data
def catalogue(data: Path) -> None:
    """Print as JSON all faults and events of modems, phones and the network."""
    json_line(_ask(data, {"command": "catalogue"}))


def _change(text: str) -> tuple[str, Any]:
    """Parse NAME=VALUE; the value is JSON, else plain text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Misuse(f'"{text}" must be a name and a value, such as airplane=true')
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@sim.command()
@click.argument("hex", default="ff00fe", required=False)
@_modem
@_data
def noise(hex: str, modem: str, data: Path) -> None:
    """Put noise on a line's serial port; HEX gives the bytes."""
    answer = _ask(data, {"command": "noise", "modem": modem, "hex": hex})
    click.echo(f"There was noise on the port of {answer['number']}.")
