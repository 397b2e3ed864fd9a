"""`send`, `tail` and `resend`: through the running bridge."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli import bulk, place, product
from bridge.cli.advice import advising
from bridge.cli.following import Wait, follow
from bridge.cli.metavars import PathName, Whole
from bridge.cli.output import Misuse, Sentence, counted, event_line, json_line, rfc3339

if TYPE_CHECKING:
    from bridge.host.client import Client

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


@asynccontextmanager
async def connected(wanted: place.Wanted, account: str = "") -> AsyncIterator["Client"]:
    """Connect to the running bridge. Raises NotRunning."""
    async with product.door(wanted.find(), account, running=True) as client:
        yield client


@click.command()
@click.argument("to", required=False)
@click.argument("text", required=False)
@click.option(
    "--csv",
    "file",
    type=PathName(path_type=Path, dir_okay=False, exists=True),
    help="Send to each row of this CSV or XLSX file instead; its first row names the columns.",
)
@click.option("--text", "template", default="", help="With --csv: the text, such as 'Dear {name}, …'.")
@click.option(
    "--number-column", default="", help="With --csv: the column with the numbers.  [default: found by itself]"
)
@click.option("--per-minute", type=Whole(0, 100_000), default=0, help="With --csv: no more messages a minute.")
@click.option("--yes", is_flag=True, help="With --csv: send without asking, also a file that was sent before.")
@click.option("--account", default="", help="Send it for this account.  [default: the command line's own]")
@click.option("--line", default="", help="Send it on this line or device.  [default: any]")
@click.option("--wait", is_flag=True, help="Wait until the network took it; ends with 1 when it did not.")
@click.option("--delivered", is_flag=True, help="Wait until the recipient's phone confirmed it.")
@place.options
@_json
def send(
    to: str | None,
    text: str | None,
    account: str,
    line: str,
    wait: bool,
    delivered: bool,
    wanted: place.Wanted,
    as_json: bool,
    **of_file: Any,
) -> None:
    """Send TEXT to the number TO through the running bridge.

    For example: sms-bridge send +15550123 'See you at five' --wait

    To each row of a file: sms-bridge send --csv march.csv --text 'Dear {name}, we open at nine.'
    """
    if of_file["file"] is not None:
        if to or wait or delivered or not of_file["template"]:
            raise Misuse("--csv goes with --text, and without a number, --wait and --delivered")
        _send_file(wanted, account, bulk.Wish.of(line=line, as_json=as_json, **of_file))
        return
    if to is None or text is None:
        raise Misuse(
            "say to whom and what: sms-bridge send +15550123 'See you at five'; a file: --csv FILE --text TEXT"
        )
    order = {"to": to, "text": text} | ({"line": line} if line else {})
    sending = _send_one(wanted, account, order, wait or delivered, delivered, as_json)
    if not product.until_stopped(sending):
        raise Sentence("not waiting any longer; whatever was queued is safe, and the bridge goes on with it")


async def _send_one(
    wanted: place.Wanted, account: str, order: dict[str, str], wait: bool, delivered: bool, as_json: bool
) -> None:
    """Send a message; with `wait`, until it is sent, or `delivered`."""
    async with connected(wanted, account) as client:
        if not wait:
            _show_queued(await client.post("/v1/messages", order), as_json)
            return
        async with client.listen() as events:
            message = await client.post("/v1/messages", order)
            if not as_json:
                _show_queued(message, as_json)
            await follow(client, message, events, Wait(delivered, order.get("line", ""), as_json))


def _send_file(wanted: place.Wanted, account: str, wish: bulk.Wish) -> None:
    async def run() -> None:
        async with connected(wanted, account) as client:
            await bulk.send(client, wish)

    product.until_stopped(run())


def _show_queued(message: dict[str, Any], as_json: bool) -> None:
    if as_json:
        json_line(message)
        return
    click.echo(f"{message['state']}: {message['id']} to {message['to']} ({counted(message['parts'], 'part')})")


@click.command()
@click.option("--since", default="", metavar="TIME", help="First what happened since then: 2h, 7d, or 2027-06-30.")
@place.options
@_json
def tail(since: str, wanted: place.Wanted, as_json: bool) -> None:
    """Show live what happens until Ctrl-C: messages, received SMS, lines that come and go."""
    begin = rfc3339(since) if since else ""

    async def run() -> None:
        async with connected(wanted) as client, client.listen(begin) as events:
            click.secho(f"Listening to the bridge at {client.url}. Ctrl-C ends it.", dim=True, err=True)
            async for event in events:
                json_line(event) if as_json else click.echo(event_line(event))
        raise Sentence("the bridge stopped")

    product.until_stopped(run())


@click.command()
@click.argument("id")
@place.options
@_json
def resend(id: str, wanted: place.Wanted, as_json: bool) -> None:
    """Queue a failed, expired or unknown message again; parts that were sent stay sent."""

    async def run() -> None:
        async with connected(wanted) as client:
            _show_queued(await client.post(product.path("messages", id, "resend")), as_json)

    with advising("see: sms-bridge messages"):
        product.until_stopped(run())
