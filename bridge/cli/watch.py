"""`loopback` and `alarm test`: do SMS get through, and do alarms reach you when they do not?"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.message import connected
from bridge.cli.metavars import PathName
from bridge.cli.output import Sentence, json_line, moment
from bridge.messages.legible import plain

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
#: seconds to wait beyond the deadline for the bridge to say that it passed
_GRACE = 10.0
#: of a list
_SHOWN = 100


@click.command()
@click.option("--from", "sender", default="", metavar="LINE", help="Line that sends.  [default: each]")
@click.option(
    "--to", "receiver", default="", metavar="LINE", help="Line it goes to.  [default: the next one, or itself]"
)
@click.option("--history", is_flag=True, help="Send nothing: show those of the last week, newest first.")
@place.options
@_json
def loopback(sender: str, receiver: str, history: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Send an SMS from your own lines to one another, and say how long it took.

    Each costs what an SMS costs. They are in nobody's inbox. Ends with 1 when one does not arrive.
    """
    if history:
        if sender and receiver:
            raise Sentence("name one line with --history: it shows those from it and to it")
        line = sender or receiver
        what = f"went from {line} or to it" if line else "was sent"
        _list(wanted, "loopback", line, as_json, _trip, f"No loop-back {what} in the last week.")
        return
    order = {name: line for name, line in (("from", sender), ("to", receiver)) if line}

    async def run() -> None:
        import asyncio

        async with connected(wanted) as client, client.listen() as events:
            begun = await client.post("/v1/loopback", order)
            for each in begun["skipped"]:
                json_line(each) if as_json else click.echo(f"{each['from']}: sends none, {each['reason']}")
            for each in begun["started"]:
                if not as_json:
                    click.echo(f"{each['from']} → {each['to']}: on its way")
            if not begun["started"]:
                raise Sentence("no loop-back was sent")
            async with asyncio.timeout(begun["deadline"] + _GRACE):
                await _follow({each["id"] for each in begun["started"]}, events, as_json)

    try:
        stopped = not product.until_stopped(run())
    except TimeoutError:
        raise Sentence("the bridge does not say what became of it; see: sms-bridge doctor") from None
    if stopped:
        raise Sentence("not waiting any longer; the bridge goes on with it")


async def _follow(waiting: set[str], events: AsyncIterator[dict[str, Any]], as_json: bool) -> None:
    lost = 0
    async for event in events:
        if event["subject"] not in waiting or not str(event["name"]).startswith("loopback."):
            continue
        data = event["data"]
        arrived = event["name"] == "loopback.arrived"
        lost += not arrived
        said = f"arrived after {data['seconds']:.1f} s" if arrived else f"lost: {data['reason']}"
        json_line(event) if as_json else click.echo(f"{data['from']} → {data['to']}: {said}")
        waiting.discard(event["subject"])
        if not waiting:
            if lost:
                raise Sentence("not every SMS arrived; to find out why: sms-bridge doctor")
            return
    raise Sentence("the bridge stopped; it goes on with it when it starts again")


def _list(
    wanted: place.Wanted, path: str, line: str, as_json: bool, said: Callable[[dict[str, Any]], str], nothing: str
) -> None:
    """Print a list of the past, newest first; `nothing` where there is no row. No bridge need run for it."""
    query = {"line": line} if line else {}
    found = product.listed(wanted.find(), path, limit=_SHOWN, **query)
    for each in found:
        json_line(each) if as_json else click.echo(plain(said(each)))
    if not found and not as_json:
        click.echo(nothing)


def _trip(each: dict[str, Any]) -> str:
    if each["arrived_at"]:
        fate = f"arrived after {each['seconds']:.1f} s" + (", late" if each["lost_at"] else "")
    else:
        fate = f"lost: {each['reason']}" if each["lost_at"] else "on its way"
    return f"{moment(each['started_at'])}  {each['from']} → {each['to']}: {fate}"


def _alarm(each: dict[str, Any]) -> str:
    end = f"over {moment(each['ended_at'])}" if each["ended_at"] else "goes on"
    return f"{moment(each['began_at'])}  {each['title']}: {end}" + (f" ({each['reason']})" if each["reason"] else "")


@click.group()
def alarm() -> None:
    """Get webhooks or mail when SMS itself is down: see [alarm] in the configuration."""


@alarm.command()
@click.option(
    "--config",
    "file",
    type=PathName(path_type=Path),
    help=f"Configuration file.  [default: {place.SEARCHED}]",
)
@_json
def test(file: Path | None, as_json: bool) -> None:
    """Send a test alarm by every configured channel and print the results."""
    config = product.configuration(place.configured(file))

    async def run() -> list[tuple[str, str]]:
        return [result async for result in product.try_alarms(config)]

    results = product.finish(run())
    for channel, wrong in results:
        if as_json:
            json_line({"channel": channel, "ok": not wrong, "error": wrong})
            continue
        mark = click.style("FAIL", fg="red") if wrong else click.style("ok  ", fg="green")
        click.echo(f"{mark}  {channel}: {wrong or 'it was taken'}")
    if not results:
        raise Sentence("no alarm can go out: set webhook, or mail_to and smtp_host, in [alarm] of the configuration")
    if any(wrong for _, wrong in results):
        raise Sentence("not every channel works")


@alarm.command(name="list")
@click.option("--line", default="", help="Only those about this line.")
@place.options
@_json
def list_(line: str, wanted: place.Wanted, as_json: bool) -> None:
    """Show which alarms began and ended, newest first."""
    _list(wanted, "alarms", line, as_json, _alarm, f"No alarm was raised {f'about {line} ' if line else ''}yet.")
