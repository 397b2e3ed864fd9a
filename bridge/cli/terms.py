"""`account set` and `account show`: what an account may do."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from bridge.cli import advice, place, product
from bridge.cli.metavars import Whole
from bridge.cli.output import Misuse, for_programs, json_line, moment
from bridge.model.account import Payment, UnknownPolicy, Verification

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
_number = Whole(0, 1_000_000_000)
#: how the command line and the API say that reports count what the line can tell
AUTO = "auto"


@click.command("set")
@click.argument("name")
@click.option("--prepaid", is_flag=True, help="Nothing is sent that its top-ups do not cover.")
@click.option("--postpaid", is_flag=True, help="Its credits may go below zero.")
@click.option("--address", "addresses", multiple=True, metavar="CIDR", help="It may call from here only; repeatable.")
@click.option("--any-address", is_flag=True, help="It may call from everywhere.")
@click.option("--requests-per-minute", type=_number, help="0 for any number.")
@click.option("--daily-per-recipient", type=_number, help="Messages a recipient may get a day, 0 for any number.")
@click.option("--zone", help="Time zone of its days and dates, such as Europe/Paris.")
@click.option("--country", metavar="CC", help='Country of numbers without a country code, such as GB; "" for none.')
@click.option("--verification", type=click.Choice([each.value for each in Verification]), help="Approved ones send.")
@click.option("--report-on", type=click.Choice(["sent", "delivered", AUTO]), help="What reports call a success.")
@click.option("--line", "lines", multiple=True, metavar="NAME", help="It may send by this line or device; repeatable.")
@click.option("--any-line", is_flag=True, help="It may send by every line.")
@click.option(
    "--inbound-line", "inbound_lines", multiple=True, metavar="NAME",
    help="It sees what comes to this line or device; repeatable.",
)  # fmt: skip
@click.option("--any-inbound-line", is_flag=True, help="It sees what comes to every line.")
@click.option(
    "--on-unknown",
    type=click.Choice([policy.value for policy in UnknownPolicy]),
    help="When nobody knows whether a message went out.",
)
@place.options
@_json
def set_(
    name: str,
    on_unknown: str | None,
    wanted: place.Wanted,
    as_json: bool,
    **given: Any,
) -> None:
    """Change what an account may do; the rest stays. It takes effect at once, also in a running bridge."""
    changes = _changes(given)
    body: dict[str, Any] = {"terms": changes} if changes else {}
    if on_unknown is not None:
        body["on_unknown"] = on_unknown
    if not body:
        raise Misuse("say what to change, for example: --prepaid. The options are in: sms-bridge account set --help")
    where = wanted.find()
    before = product.ask(where, "GET", "accounts", name)
    answer = product.ask(where, "PATCH", "accounts", name, body=body)
    named = [*changes.get("lines", ()), *changes.get("inbound_lines", ())]
    if named:
        _warn(named, product.read(where, "lines")["lines"])
    _tell(answer, as_json, before)
    if changes.get("payment") == Payment.PREPAID and answer["credits"] <= 0:
        words = f"{name} sends nothing until it has credits: sms-bridge account top-up {name} CREDITS"
        click.secho(f"sms-bridge: {words}", fg="yellow", err=True)


def _warn(named: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> None:
    """Say which line is not one of the running bridge's. It may be configured later; a stopped bridge has none."""
    there = sorted({line[each] for line in lines for each in ("name", "device")})
    for each in dict.fromkeys(named):
        if there and each not in there:
            words = advice.known(each, there, "sms-bridge devices")
            told = f"{each!r} is set, but there is no line or device of this name now; {words}"
            click.secho(f"sms-bridge: {told}", fg="yellow", err=True)


def _changes(given: dict[str, Any]) -> dict[str, Any]:
    """The terms given on the command line."""
    lists = {}
    prepaid, postpaid = given.pop("prepaid"), given.pop("postpaid")
    if prepaid and postpaid:
        raise Misuse("--prepaid and --postpaid do not go together")
    given["payment"] = "prepaid" if prepaid else "postpaid" if postpaid else None
    for name, word in (("addresses", "address"), ("lines", "line"), ("inbound_lines", "inbound-line")):
        values, every = given.pop(name), given.pop(f"any_{word.replace('-', '_')}")
        if values and every:
            raise Misuse(f"--{word} and --any-{word} do not go together")
        if values or every:
            lists[name] = list(values)
    return {term: value for term, value in given.items() if value is not None} | lists


@click.command()
@click.argument("name")
@place.options
@_json
def show(name: str, wanted: place.Wanted, as_json: bool) -> None:
    """Show an account: what it may do, and its credits."""

    _tell(product.ask(wanted.find(), "GET", "accounts", name), as_json)


def _tell(answer: Mapping[str, Any], as_json: bool, before: Mapping[str, Any] | None = None) -> None:
    """Print an account; behind what is another than `before`, what it was."""
    if as_json:
        json_line(shape(for_programs(answer)) | {"terms": answer["terms"]})
        return
    were = _rows(before or answer)
    for label, value in _rows(answer).items():
        click.echo(f"{label:<21}{value}{f' (was {were[label]})' if were[label] != value else ''}")


def _rows(answer: Mapping[str, Any]) -> Mapping[str, str]:
    account = shape(for_programs(answer))
    rows = {
        "account": account["account"],
        "state": "disabled" if account["disabled"] else "enabled",
        "since": moment(account["created_at"]),
        "credits": "not counted" if account["credits"] is None else str(account["credits"]),
        "on unknown": account["on_unknown"],
    }
    return rows | {term.replace("_", " "): _spoken(term, value) for term, value in answer["terms"].items()}


def shape(row: Mapping[str, Any]) -> dict[str, Any]:
    """An account as JSON output, without credentials."""
    shown = ("disabled", "on_unknown", "credits", "created_at")
    return {"account": row["name"], **{name: row[name] for name in shown}}


def _spoken(term: str, value: Any) -> str:
    if term in ("addresses", "lines", "inbound_lines"):
        return " ".join(value) or "any"
    if value == 0:
        return "any number"
    return str(value) or "none"
