"""Follows a message that was just sent, until the network or the recipient's phone has it, or cannot."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.output import Sentence, event_line, json_line
from bridge.dataclass import dataclass

if TYPE_CHECKING:
    from bridge.host.client import Client

#: events that end the wait for a message: does it count as a success?
_ENDS = {
    "message.delivered": True,
    "message.failed": False,
    "message.unknown": False,
    "message.expired": False,
    "message.cancelled": False,
}
#: states of a line that may be ready in a moment
_HOPEFUL = frozenset({"ready", "connecting"})
#: without a line that is ready, the wait is over after this long
PATIENCE = 5.0  # s


@dataclass(frozen=True, slots=True)
class Wait:
    """What is waited for, and by which line the message must go."""

    delivered: bool
    #: a line or device; "" for any
    route: str
    as_json: bool


async def follow(
    client: "Client", message: Mapping[str, Any], events: AsyncIterator[dict[str, Any]], wait: Wait
) -> None:
    """Print what happens to a message. Raises Sentence when it ends badly, or nothing will come any more."""
    gone = asyncio.Event()

    async def hear() -> None:
        try:
            await _hear(client, message, events, wait, gone)
        finally:
            gone.set()

    await asyncio.gather(hear(), _watch_lines(client, message["id"], wait.route, gone))


async def _hear(
    client: "Client",
    message: Mapping[str, Any],
    events: AsyncIterator[dict[str, Any]],
    wait: Wait,
    gone: asyncio.Event,
) -> None:
    async for event in events:
        if event["subject"] != message["id"] or event["name"] == "message.submitted":
            continue
        gone.set()
        data, is_sent = event["data"], event["name"] == "message.sent"
        if not wait.as_json:
            click.echo(event_line(event))
        good = True if is_sent and not wait.delivered else _ENDS.get(event["name"])
        if good is None:
            if is_sent:
                await _expect_report(client, data["line"])
            continue
        if wait.as_json:
            json_line(message | data)
        if not good:
            raise Sentence(f"the message is {data['state']}: {data['error'] or 'no reason was given'}")
        return
    raise Sentence("the bridge stopped; the message is safe on its disk and goes on when it starts again")


async def _expect_report(client: "Client", line: str) -> None:
    """Raises Sentence where no report can come."""
    for each in (await client.get("/v1/lines"))["lines"]:
        if each["name"] == line and not each["reports"]:
            raise Sentence(
                f"the network took it; the line {line} has no delivery reports, so nobody hears of its arrival"
            )


async def _watch_lines(client: "Client", message: str, route: str, gone: asyncio.Event) -> None:
    """Raises Sentence when a message waits and no line is ready for it."""
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                await gone.wait()
                return
        except TimeoutError:
            lines = [
                each for each in (await client.get("/v1/lines"))["lines"] if route in ("", each["name"], each["device"])
            ]
        if not any(each["state"] in _HOPEFUL for each in lines):
            why = "; ".join(f"{each['name']}: {each['reason'] or each['state']}" for each in lines)
            raise Sentence(
                f"no line is ready: {why or 'no device is configured'}\n"
                f"the message waits, and goes out when one is: sms-bridge show {message}"
            )
