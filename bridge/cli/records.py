"""`messages`, `inbox`, `show`, `cancel` and `stats`: what went out, what came in, and how it is going."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.advice import advising
from bridge.cli.metavars import Whole
from bridge.cli.output import for_programs, json_line, json_lines, moment, quoted, rfc3339, table, unix, whole
from bridge.messages.legible import plain
from bridge.model.message import State

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_account = click.option("--account", default="", help="Only this account's.")
_limit = click.option("--limit", type=Whole(1, 1000), default=20, show_default=True, help="Most rows to show.")
_line = click.option("--line", default="", help="Only what went or came by this line.")
_keyword = click.option("--keyword", default="", help="Only with this in the number or the text.")
_since = click.option("--since", default="", metavar="TIME", help="Only since then: 2h, 7d, or 2027-06-30.")
_COLOURS = {"delivered": "green", "sent": "green", "failed": "red", "expired": "red", "unknown": "yellow"}


def _of_list(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every list has."""
    for option in (_json, place.options, _account, _limit, _since, _line, _keyword):
        command = option(command)
    return command


@click.command()
@click.option(
    "--state", type=click.Choice([each.value for each in State]), multiple=True, help="Only in this state; repeatable."
)
@click.option("--to", default="", help="Only to this number.")
@_of_list
def messages(
    state: tuple[str, ...], limit: int, account: str, wanted: place.Wanted, as_json: bool, **filters: str
) -> None:
    """List messages, newest first.

    What needs a person: sms-bridge messages --state unknown --state failed
    """
    query = _query(limit, filters) | ({"state": ",".join(state)} if state else {})
    found = product.listed(wanted.find(), "messages", account=account, **query)
    _show_list(
        found,
        as_json,
        _nothing("There is no message yet. Send one: sms-bridge send NUMBER TEXT", "No message fits.", query, account),
        ("id", "accepted", "state", "to", "line", "text"),
        lambda row: (
            row["id"], moment(row["created_at"]), row["state"], row["to"], row["line"], quoted(row["text"]),
        ),
    )  # fmt: skip


@click.command()
@click.option("--from", "sender", default="", help="Only from this number.")
@click.option("--unread", is_flag=True, help="Only what this account has not read.")
@_of_list
def inbox(
    sender: str, unread: bool, limit: int, account: str, wanted: place.Wanted, as_json: bool, **filters: str
) -> None:
    """List received SMS, newest first. Looking does not mark them as read."""
    query = _query(limit, filters) | ({"from": sender} if sender else {}) | ({"unread": "true"} if unread else {})
    found = product.listed(wanted.find(), "inbox", account=account, **query)
    _show_list(
        found,
        as_json,
        _nothing("No SMS was received yet.", "No received SMS fits.", query, account),
        ("received", "from", "line", "text"),
        lambda row: (moment(row["received_at"]), plain(row["from"]), row["line"], quoted(row["text"])),
    )


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
    click.echo(whole(found["text"]))
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
@click.option("--days", type=Whole(1, 365), default=1, show_default=True, help="Of so many days, today included.")
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


def _nothing(yet: str, fits: str, query: Mapping[str, str | int], account: str) -> str:
    """The sentence of a list without rows: there is nothing `yet`, or nothing `fits` what was asked for."""
    return fits if account or query.keys() - {"limit"} else yet


def _show_list(
    found: Sequence[dict[str, Any]],
    as_json: bool,
    nothing: str,
    heads: Sequence[str],
    row: Callable[[dict[str, Any]], Sequence[str]],
) -> None:
    """As JSON, a line for each, or as a table; `nothing` where there is no row."""
    if as_json:
        json_lines(found)
    elif found:
        table(heads, [row(each) for each in found])
    else:
        click.echo(nothing)


def _query(limit: int, filters: Mapping[str, str]) -> dict[str, str | int]:
    """The filters that were given, as the API names them."""
    given: dict[str, str | int] = {name: value for name, value in filters.items() if value}
    if filters.get("since"):
        given["since"] = rfc3339(filters["since"])
    return given | {"limit": limit}


def _message(wanted: place.Wanted, method: str, id: str, *more: str) -> dict[str, Any]:
    """A message as the bridge shows it. Raises BridgeError for one that it does not have."""
    with advising("see: sms-bridge messages"):
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
