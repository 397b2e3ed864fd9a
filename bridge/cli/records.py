"""`messages`, `inbox`, `show`, `cancel` and `stats`: what went out, what came in, and how it is going."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.output import Misuse, for_programs, json_line, moment, plain, quoted, table, unix
from bridge.model.message import State

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_account = click.option("--account", default="", help="Only this account's.")
_limit = click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Most rows to show.")
_line = click.option("--line", default="", help="Only what went or came by this line.")
_keyword = click.option("--keyword", default="", help="Only with this in the number or the text.")
_since = click.option("--since", default="", metavar="TIME", help="Only since then: 2h, 7d, or 2027-06-30.")
_COLOURS = {"delivered": "green", "sent": "green", "failed": "red", "expired": "red", "unknown": "yellow"}
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command()
@click.option(
    "--state", type=click.Choice([each.value for each in State]), multiple=True, help="Only in this state; repeatable."
)
@click.option("--to", default="", help="Only to this number.")
@_keyword
@_line
@_since
@_limit
@_account
@place.options
@_json
def messages(
    state: tuple[str, ...], limit: int, account: str, wanted: place.Wanted, as_json: bool, **filters: str
) -> None:
    """List messages, newest first.

    What needs a person: sms-bridge messages --state unknown --state failed
    """
    query = _query(limit, filters) | ({"state": ",".join(state)} if state else {})
    found = product.listed(wanted.find(), "messages", account=account, **query)
    if as_json:
        for each in found:
            json_line(each)
        return
    rows = [
        (each["id"], moment(each["created_at"]), each["state"], each["to"], each["line"], quoted(each["text"]))
        for each in found
    ]
    table(("id", "accepted", "state", "to", "line", "text"), rows)


@click.command()
@click.option("--from", "sender", default="", help="Only from this number.")
@click.option("--unread", is_flag=True, help="Only what this account has not read.")
@_keyword
@_line
@_since
@_limit
@_account
@place.options
@_json
def inbox(
    sender: str, unread: bool, limit: int, account: str, wanted: place.Wanted, as_json: bool, **filters: str
) -> None:
    """List received SMS, newest first. Looking does not mark them as read."""
    query = _query(limit, filters) | ({"from": sender} if sender else {}) | ({"unread": "true"} if unread else {})
    found = product.listed(wanted.find(), "inbox", account=account, **query)
    if as_json:
        for each in found:
            json_line(each)
        return
    rows = [(moment(each["received_at"]), plain(each["from"]), each["line"], quoted(each["text"])) for each in found]
    table(("received", "from", "line", "text"), rows)


@click.command()
@click.argument("id")
@place.options
@_json
def show(id: str, wanted: place.Wanted, as_json: bool) -> None:
    """Show one message with what became of each of its parts."""
    found = _message(wanted, "GET", id)
    if as_json:
        json_line(found)
        return
    click.echo(f"{found['id']}  {click.style(found['state'], fg=_COLOURS.get(found['state']))}")
    by = f" on {found['line']}" if found["line"] else ""
    click.echo(f"to {found['to']} for {found['account']}{by}")
    click.echo(plain(found["text"]))
    for name in ("created_at", "not_before", "sent_at", "delivered_at", "expires_at"):
        if found[name]:
            click.echo(f"{_NAMES[name]:<10} {moment(found[name])}")
    if found["error"]:
        click.echo(f"{'reason':<10} {plain(found['error'])}")
    if found["tried"]:
        click.echo()
        table(
            ("part", "state", "line", "tries", "reference", "handed over", "error"),
            [_part(each) for each in found["tried"]],
        )


_NAMES = {
    "created_at": "accepted",
    "not_before": "scheduled",
    "sent_at": "sent",
    "delivered_at": "delivered",
    "expires_at": "expires",
}


@click.command()
@click.argument("id")
@place.options
@_json
def cancel(id: str, wanted: place.Wanted, as_json: bool) -> None:
    """Cancel a message that was not sent yet."""
    found = _message(wanted, "POST", id, "cancel")
    json_line(found) if as_json else click.echo(f"The message {id} to {found['to']} is {found['state']}.")


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 365), default=1, show_default=True, help="Of so many days, today included."
)
@_line
@_account
@place.options
@_json
def stats(days: int, line: str, account: str, wanted: place.Wanted, as_json: bool) -> None:
    """Count messages by state, and received SMS, a day at a time."""
    first = datetime.now(UTC) - timedelta(days=days - 1)
    query = {"step": "day", "since": first.isoformat(timespec="seconds"), **({"line": line} if line else {})}
    found = product.read(wanted.find(), "statistics", account=account, **query)
    if as_json:
        json_line(found)
        return
    states = [state for state in State if found["totals"]["states"].get(state)]
    rows = [
        (
            moment(unix(each["at"]))[:10],
            str(each["accepted"]),
            *(str(each["states"].get(state, 0)) for state in states),
            str(each["received"]),
        )
        for each in found["periods"]
    ]
    table(("day", "accepted", *states, "received"), rows)


def _query(limit: int, filters: Mapping[str, str]) -> dict[str, str | int]:
    """The filters that were given, as the API names them."""
    given: dict[str, str | int] = {name: value for name, value in filters.items() if value}
    if filters.get("since"):
        given["since"] = _moment(filters["since"])
    return given | {"limit": limit}


def _moment(written: str) -> str:
    """`2h` ago, or a day or moment in local time, as RFC 3339. Raises Misuse."""
    if written[:-1].isdecimal() and written[-1] in _UNITS:
        ago = timedelta(**{_UNITS[written[-1]]: min(int(written[:-1]), 100_000)})
        return (datetime.now(UTC) - ago).isoformat(timespec="seconds")
    try:
        return datetime.fromisoformat(written).astimezone().isoformat(timespec="seconds")
    except ValueError:
        raise Misuse(f'--since must be such as 2h, 7d, 2027-06-30 or "2027-06-30 12:00", not "{written}"') from None


def _message(wanted: place.Wanted, method: str, id: str, *more: str) -> dict[str, Any]:
    """A message as the bridge shows it. Raises BridgeError for one that it does not have."""
    found = for_programs(product.ask(wanted.find(), method, "messages", id, *more))
    return found | {"tried": [for_programs(each) for each in found.get("tried", ())]}


def _part(row: Mapping[str, Any]) -> tuple[str, ...]:
    reference = "-" if row["reference"] is None else str(row["reference"])
    return (
        str(row["index"]),
        row["state"],
        row["line"],
        str(row["attempts"]),
        reference,
        moment(row["intent_at"]),
        plain(row["error"]),
    )
