"""`user …`: people who sign in on the page."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from bridge.accounts.credentials import checked_name
from bridge.cli import place, product
from bridge.cli.advice import advising
from bridge.cli.output import Misuse, for_programs, json_line, json_lines, moment, table
from bridge.errors import NoSuchThing, NotPossible
from bridge.model.user import Role

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_role = click.Choice([each.value for each in Role])
#: what helps where a name is mistyped
_LIST = "see: sms-bridge user list"


@click.group()
def user() -> None:
    """Say who may sign in on the page: owners, operators and readers."""


@user.command()
@click.argument("name")
@click.option("--role", type=_role, default=Role.OPERATOR.value, show_default=True, help="What the user may do.")
@click.option("--link", "by_link", is_flag=True, help="Print a one-time link instead of asking for a password.")
@place.options
@_json
def add(name: str, role: str, by_link: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Let NAME sign in. The password is asked for, or read from standard input.

    With --link the user chooses it: the link is good once, for 24 hours.
    """
    where = wanted.find()
    body = {"name": name, "role": role}
    if not by_link:
        # both before anybody thinks of a password
        if checked_name(name) in _names(where):
            raise NotPossible(f"there is a user {name!r} already; to change it: sms-bridge user password {name}")
        body["password"] = _new_password()
    made = product.ask(where, "POST", "users", body=body)
    if as_json:
        json_line(for_programs(made | _absolute(wanted, made)))
        return
    click.echo(f"{made['name']} may sign in as {made['role']}.")
    if "link" in made:
        _show_link(_absolute(wanted, made)["link"], made["name"])


@user.command("list")
@place.options
@_json
def list_(wanted: place.Wanted, as_json: bool) -> None:
    """List the users."""
    found = product.listed(wanted.find(), "users")
    if as_json:
        json_lines(found)
    elif found:
        headings = ("user", "role", "", "one-time codes", "since", "last seen")
        table(headings, [_row(each) for each in found])
    else:
        click.echo("There is no user yet. Make the first owner with: sms-bridge user link")


@user.command("set")
@click.argument("name")
@click.option("--role", type=_role, help="What the user may do.")
@click.option("--disable/--enable", "disabled", default=None, help="Sign the user out and let nobody in by that name.")
@click.option("--no-totp", is_flag=True, help="Ask for no one-time code any more.")
@place.options
def set_(name: str, role: str | None, disabled: bool | None, no_totp: bool, wanted: place.Wanted) -> None:
    """Change what NAME may do. What is not named stays as it is."""
    asked: dict[str, Any] = {"role": role, "disabled": disabled, "totp": False if no_totp else None}
    body = {key: value for key, value in asked.items() if value is not None}
    if not body:
        raise Misuse("say what to change, for example: --role operator. The options are in: sms-bridge user set --help")
    with advising(_LIST):
        changed = product.ask(wanted.find(), "PATCH", "users", name, body=body)
    state = "is disabled" if changed["disabled"] else f"may sign in as {changed['role']}"
    click.echo(f"{changed['name']} {state}.")


@user.command()
@click.argument("name")
@place.options
def remove(name: str, wanted: place.Wanted) -> None:
    """Take NAME away, and end the sessions. The audit trail stays."""
    with advising(_LIST):
        product.ask(wanted.find(), "DELETE", "users", name)
    click.echo(f"{name} may not sign in any more.")


@user.command()
@click.argument("name")
@place.options
def password(name: str, wanted: place.Wanted) -> None:
    """Give NAME another password; it is asked for, or read from standard input. The user's sessions end."""
    where = wanted.find()
    if name not in _names(where):
        raise NoSuchThing(f"there is no user {name!r}; {_LIST}")
    with advising(_LIST):
        product.ask(where, "PATCH", "users", name, body={"password": _new_password()})
    click.echo(f"{name} has another password, and is signed out everywhere.")


@user.command()
@click.argument("name", default="")
@place.options
@_json
def link(name: str, wanted: place.Wanted, as_json: bool) -> None:
    """Print a one-time link by which NAME chooses a password, or by which a visitor becomes the first owner.

    It is good once, for 24 hours; it ends the one before.
    """
    with advising(_LIST):
        made = product.ask(wanted.find(), "POST", "user-links", body={"user": name} if name else {})
    made |= _absolute(wanted, made)
    if as_json:
        json_line(for_programs(made))
    else:
        _show_link(made["link"], name)


def _names(where: place.Place) -> set[str]:
    return {each["name"] for each in product.listed(where, "users")}


def _new_password() -> str:
    """Not as an argument: other users of the machine see those."""
    if not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            by_link = "`user add --link`, or `user link` for somebody who is there"
            raise click.UsageError(
                f"no password came on standard input; type it in a terminal, or make a link: {by_link}"
            )
        return given
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _absolute(wanted: place.Wanted, made: Mapping[str, Any]) -> dict[str, str]:
    """The link with the page's address: the configured one, else that at which this machine reaches the bridge.

    It stays without where this process has no page.
    """
    if not str(made.get("link", "")).startswith("/"):
        return {}
    return {"link": product.address(wanted.find()) + made["link"]}


def _show_link(link: str, name: str) -> None:
    whom = f"{name} chooses a password" if name else "the first owner chooses a name and a password"
    click.echo(f"By this link {whom}. It is good once, for 24 hours:")
    click.echo(f"  {link}")
    if link.startswith("/"):
        click.echo("This process has no page: put the address of one that has it (of role api) before the link.")
        click.echo("With http.public_url set, links are whole.")


def _row(user: Mapping[str, Any]) -> tuple[str, ...]:
    state = "disabled" if user["disabled"] else ""
    codes = f"yes, {user['recovery_codes_left']} recovery codes" if user["totp"] else "no"
    return user["name"], user["role"], state, codes, moment(user["created_at"])[:16], moment(user["seen_at"])[:16]
