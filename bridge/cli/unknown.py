"""`unknown` and `settle`: messages of which nobody knows whether they were sent, and a person's word on them."""

from typing import Any

import click

from bridge.cli import place, product
from bridge.cli.advice import advising
from bridge.cli.metavars import Whole
from bridge.cli.output import counted, json_line, json_lines, moment, quoted, table

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
#: as people say it → as the API says it
_WORDS = {"arrived": "arrived", "send-again": "again", "leave": "leave"}
_SAID = {
    "arrived": "{to} has the message {id}: it counts as delivered, by your word.",
    "send-again": "The message {id} to {to} is queued again; should it have been sent, {to} gets it twice.",
    "leave": "Nothing more is done about the message {id} to {to}.",
}


@click.command()
@click.option("--limit", type=Whole(1, 1000), default=50, show_default=True, help="Most rows to show.")
@click.option("--account", default="", help="Only this account's.")
@place.options
@_json
def unknown(limit: int, account: str, wanted: place.Wanted, as_json: bool) -> None:
    """List messages of which nobody can know whether they were sent.

    The device had them and gave no answer. A report that comes later settles them; so does your word.
    """
    found = product.listed(wanted.find(), "messages", account=account, state="unknown", limit=limit)
    if as_json:
        json_lines(found)
        return
    if not found:
        click.echo("There is none: what became of every message is known.")
        return
    rows = [(each["id"], moment(each["updated_at"]), each["to"], each["line"], quoted(each["text"])) for each in found]
    table(("id", "since", "to", "line", "text"), rows)
    click.echo(
        f"\n{counted(len(rows), 'message')}. Ask the recipient, then: sms-bridge settle ID arrived|send-again|leave"
    )


@click.command()
@click.argument("id")
@click.argument("verdict", type=click.Choice(list(_WORDS)))
@place.options
@_json
def settle(id: str, verdict: str, wanted: place.Wanted, as_json: bool) -> None:
    """Say what became of an unknown message.

    \b
    arrived      the recipient has it
    send-again   send it once more, although the recipient may get it twice
    leave        do nothing more about it
    """
    with advising("see: sms-bridge unknown"):
        found: dict[str, Any] = product.ask(
            wanted.find(), "POST", "messages", id, "settle", body={"as": _WORDS[verdict]}
        )
    json_line(found) if as_json else click.echo(_SAID[verdict].format(id=id, to=found["to"]))
