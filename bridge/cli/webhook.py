"""`webhook …`: where an account's events go, and what became of them. Works on the store, running or not."""

import secrets
from dataclasses import asdict
from typing import Any

import click

from bridge.accounts import credentials
from bridge.cli import place, product
from bridge.cli.output import Misuse, json_line, moment, table
from bridge.config.loader import nearest
from bridge.model.account import Account, Author
from bridge.model.event import NAMES
from bridge.model.payload_format import FORMATS
from bridge.model.query import LedgerQuery
from bridge.model.webhook import Delivery, DeliveryState, Endpoint
from bridge.ports.clock import SystemClock

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
    type=click.Choice(list(FORMATS)),
    default="v2",
    show_default=True,
    help="v1 flat, v2 signed; the others are the reports and SMS of those vendors' pages.",
)
@click.option("--events", default="*", show_default=True, help="Names with commas between them, * for all.")
@place.options
@_json
def add(account: str, url: str, format: str, events: str, wanted: place.Wanted, as_json: bool) -> None:
    """Post the events of ACCOUNT to URL from now on."""
    chosen = _events(events)
    where = wanted.find()
    product.checked_url(url, where)

    async def keep() -> Endpoint:
        async with product.opened(where) as store:
            found = await store.account(credentials.checked_name(account))
            endpoint = _endpoint(found, url, format, chosen)
            return await store.add_endpoint(endpoint, Author(product.WHO, endpoint.created_at))

    made = product.finish(keep())
    if as_json:
        json_line(_shape(made) | {"secret": made.secret})
        return
    click.echo(f"Events of {account} go to {url} from now on (webhook {made.id}).")
    click.echo(f"They are signed with the secret {made.secret}")


def _endpoint(account: Account, url: str, format: str, events: tuple[str, ...]) -> Endpoint:
    secret = account.webhook_secret or credentials.new_of_kind(account.name, "webhook")["webhook_secret"]
    attempts = FORMATS[format].attempts
    now = SystemClock().now()
    return Endpoint(
        secrets.token_hex(8), account.name, url, format, events, secret, created_at=now, max_attempts=attempts
    )


def _events(given: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in given.split(","))
    for name in names:
        if name != "*" and name not in NAMES:
            raise Misuse(f'there is no event "{name}"{nearest(name, NAMES)}')
    return names


@webhook.command("list")
@place.options
@_json
def list_(wanted: place.Wanted, as_json: bool) -> None:
    """List where events go."""

    async def read() -> list[Endpoint]:
        async with product.opened(wanted.find()) as store:
            return list(await store.endpoints())

    found = product.finish(read())
    if as_json:
        json_line([_shape(each) for each in found])
    elif found:
        rows = [(each.id, each.account, each.format, ",".join(each.events), each.url) for each in found]
        table(("id", "account", "format", "events", "url"), rows)
    else:
        click.echo("There is no webhook yet. Make one with: sms-bridge webhook add ACCOUNT URL")


@webhook.command()
@click.argument("id")
@place.options
def remove(id: str, wanted: place.Wanted) -> None:
    """Post nothing to a webhook any more; what is still owed to it is dropped."""

    async def drop() -> None:
        async with product.opened(wanted.find()) as store:
            await store.remove_endpoint("", id, Author(product.WHO, SystemClock().now()))

    product.finish(drop())
    click.echo(f"The webhook {id} is removed.")


@webhook.command()
@click.option("--account", default="", help="Only this account's.")
@_state
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@place.options
@_json
def ledger(account: str, state: str | None, limit: int, wanted: place.Wanted, as_json: bool) -> None:
    """Show the deliveries made and owed, newest first."""
    query = LedgerQuery(state=DeliveryState(state) if state else None, limit=limit)

    async def read() -> tuple[Delivery, ...]:
        async with product.opened(wanted.find()) as store:
            return (await store.ledger(account, query)).rows

    found = product.finish(read())
    if as_json:
        for each in found:
            json_line(asdict(each))
        return
    table(
        ("id", "event", "state", "tries", "status", "due", "error"),
        [
            (each.id, each.event, each.state.value, str(each.attempts), str(each.status or "-"), _due(each), each.error)
            for each in found
        ],
    )


def _due(delivery: Delivery) -> str:
    return moment(delivery.due_at) if delivery.state is DeliveryState.OWED else "-"


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
    query = LedgerQuery(state=DeliveryState(state) if state else None, endpoint=endpoint)

    async def owe() -> int:
        async with product.opened(wanted.find()) as store:
            return await store.redeliver(account, query, ids, SystemClock().now())

    count = product.finish(owe())
    click.echo(f"{count} {'delivery is' if count == 1 else 'deliveries are'} owed once more.")


def _shape(endpoint: Endpoint) -> dict[str, Any]:
    """What may be shown of an endpoint again and again: no secret."""
    return {key: value for key, value in asdict(endpoint).items() if key not in {"secret", "next_secret", "zone"}}
