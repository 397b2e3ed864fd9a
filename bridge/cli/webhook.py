"""`webhook …`: where an account's events are delivered, and how each delivery went."""

from collections.abc import Mapping
from typing import Any

import click

from bridge.accounts import credentials
from bridge.cli import place, product
from bridge.cli.advice import advising
from bridge.cli.metavars import Whole
from bridge.cli.output import Misuse, Sentence, for_programs, json_line, json_lines, moment, table
from bridge.config.loader import nearest
from bridge.model.event import NAMES
from bridge.model.webhook import DeliveryState

#: seconds for the bridge to requeue deliveries, of which there may be millions
_PATIENCE = 600.0
_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_state = click.option("--state", type=click.Choice([each.value for each in DeliveryState]), help="Only these.")


@click.group()
def webhook() -> None:
    """Have events (received SMS, delivery reports …) posted to your application."""


@webhook.command()
@click.argument("account")
@click.argument("url")
@click.option(
    "--format",
    type=click.Choice(product.payload_formats()),
    default="v2",
    show_default=True,
    help="v1 flat, v2 signed; the others are the reports and SMS of those vendors' pages.",
)
@click.option(
    "--events", default="*", show_default=True, help=f"Names with commas between them, * for all: {', '.join(NAMES)}."
)
@place.options
@_json
def add(account: str, url: str, format: str, events: str, wanted: place.Wanted, as_json: bool) -> None:
    """Post the events of ACCOUNT to URL from now on."""
    body = {"url": url, "format": format, "events": _events(events)}
    made = product.ask(wanted.find(), "POST", "webhooks", body=body, account=credentials.checked_name(account))
    if as_json:
        json_line(for_programs(made))
        return
    click.echo(f"Events of {account} go to {url} from now on (webhook {made['id']}).")
    if format == "v2":
        click.echo(f"They are signed with the secret {made['secret']}")
        click.echo(
            "Check it: X-SMSMobileAPI-Signature is v1= and the hex HMAC-SHA256 of TIMESTAMP.BODY with this secret,"
        )
        click.echo(
            "TIMESTAMP from X-SMSMobileAPI-Timestamp. docs/webhooks.md does it in Python, PHP, Node.js and Ruby."
        )
    else:
        click.echo(f"The format {format} is not signed: let nobody but the bridge reach that URL.")
    click.echo(f"Try it: sms-bridge webhook test {made['id']}")


def _events(given: str) -> list[str]:
    names = [name.strip() for name in given.split(",")]
    for name in names:
        if name != "*" and name not in NAMES:
            raise Misuse(f'there is no event "{name}"{nearest(name, NAMES)}')
    return names


@webhook.command("list")
@place.options
@_json
def list_(wanted: place.Wanted, as_json: bool) -> None:
    """List where events go."""
    found = product.listed(wanted.find(), "webhooks")
    if as_json:
        json_lines(found)
    elif found:
        rows = [(each["id"], each["account"], each["format"], ",".join(each["events"]), each["url"]) for each in found]
        table(("id", "account", "format", "events", "url"), rows)
    else:
        click.echo("There is no webhook yet. Make one with: sms-bridge webhook add ACCOUNT URL")


@webhook.command()
@click.argument("id")
@place.options
def remove(id: str, wanted: place.Wanted) -> None:
    """Remove a webhook; deliveries that still wait for it are dropped."""
    with advising("see: sms-bridge webhook list"):
        product.ask(wanted.find(), "DELETE", "webhooks", id)
    click.echo(f"The webhook {id} is removed. What still waited for it is dropped.")


@webhook.command()
@click.argument("id")
@place.options
@_json
def test(id: str, wanted: place.Wanted, as_json: bool) -> None:
    """Post a sample event to a webhook now, and say what came of it."""
    with advising("see: sms-bridge webhook list"):
        found = product.ask(wanted.find(), "POST", "webhooks", id, "test")
    if as_json:
        json_line(found)
    elif found["ok"]:
        click.echo(f"The receiver took it: HTTP {found['status']} after {found['took_ms']} ms.")
    if not found["ok"]:
        raise Sentence(f"the receiver did not take it: {found['error'] or 'HTTP ' + str(found['status'])}")


@webhook.command()
@click.option("--account", default="", help="Only this account's.")
@_state
@click.option("--limit", type=Whole(1, 1000), default=50, show_default=True)
@place.options
@_json
def ledger(account: str, state: str | None, limit: int, wanted: place.Wanted, as_json: bool) -> None:
    """Show deliveries, made and waiting, newest first."""
    query: dict[str, str | int] = {"limit": limit}
    if state:
        query["state"] = state
    found = product.listed(wanted.find(), "ledger", account=account, **query)
    if as_json:
        json_lines(each | {"status": each["status"] or 0} for each in found)
        return
    if not found:
        click.echo("No delivery fits." if account or state else "Nothing was delivered yet, and nothing waits.")
        return
    table(("id", "event", "state", "tries", "status", "due", "error"), [_delivery(each) for each in found])


def _delivery(row: Mapping[str, Any]) -> tuple[str, ...]:
    due = moment(row["due_at"]) if row["state"] == DeliveryState.OWED else "-"
    return row["id"], row["event"], row["state"], str(row["attempts"]), str(row["status"] or "-"), due, row["error"]


@webhook.command()
@click.argument("ids", nargs=-1)
@click.option("--account", default="", help="Only this account's.")
@click.option("--endpoint", default="", help="Only those of this webhook.")
@_state
@place.options
def redeliver(ids: tuple[str, ...], account: str, endpoint: str, state: str | None, wanted: place.Wanted) -> None:
    """Post deliveries again: those with the given IDS, or all that match the options.

    For example, everything that was given up: sms-bridge webhook redeliver --state dead
    """
    if not (ids or account or endpoint or state):
        raise Misuse("say which: ids, or for all that were given up: --state dead")
    filters = {name: value for name, value in (("state", state), ("endpoint", endpoint)) if value}
    if ids and filters:
        raise Misuse("ids do not go together with --state and --endpoint")
    # what has no other filter is everything since 1970
    body: dict[str, Any] = {"ids": list(ids)} if ids else dict(filters) or {"since": 0}

    async def requeue() -> int:
        async with product.door(wanted.find(), account) as bridge:
            return int((await bridge.post("/v1/ledger/redeliver", body, patience=_PATIENCE))["count"])

    count = product.finish(requeue())
    if ids and not count:
        raise Sentence("none of these deliveries is known; see: sms-bridge webhook ledger")
    if not count and endpoint and endpoint not in {each["id"] for each in product.listed(wanted.find(), "webhooks")}:
        raise Sentence(f"there is no webhook endpoint {endpoint!r}; see: sms-bridge webhook list")
    click.echo(f"{count} {'delivery' if count == 1 else 'deliveries'} requeued.")
