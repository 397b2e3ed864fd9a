"""`join` and `leave`: a site shares its lines with a hub, and ends that."""

import asyncio
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from bridge.cli import joined, place, product
from bridge.cli.joined import Joined
from bridge.cli.metavars import PathName
from bridge.cli.output import Misuse, Sentence
from bridge.config import hub_table, tables
from bridge.config.loader import read
from bridge.errors import BadRequest, BridgeError

if TYPE_CHECKING:
    from device_drivers.bridge_remote.enrolment import Code

#: seconds until the hub has looked for the site and answered
PATIENCE = 60.0
#: bytes of the longest answer of a hub that is read
LONGEST = 64 * 1024
_AGAIN = "a code is good once: the hub makes a new one by sms-bridge site add"
#: what the name of a hub's key begins with; as much of the hub's address as there is room for follows
_AT = "hub_at_"
#: limits of an account, in words
_WORDS = {"sends by": "lines", "receives on": "inbound_lines"}


@click.command()
@click.argument("code")
@click.option("--url", default="", help="Where the hub reaches this bridge.  [default: http.public_url]")
@click.option("--dial", is_flag=True, help="The hub cannot reach this bridge, which keeps a connection to it instead.")
@click.option(
    "--ca",
    type=PathName(exists=True, dir_okay=False, path_type=Path),
    help="File with the authorities that the hub's certificate may be of.  [default: the system's]",
)
@click.option("--line", "lines", multiple=True, help="A line or device to share; repeatable.  [default: all]")
@click.option("--account", default="hub", show_default=True, help="The account that the hub gets here.")
@place.options
def join(
    code: str, url: str, dial: bool, ca: Path | None, lines: Sequence[str], account: str, wanted: place.Wanted
) -> None:
    """Join the hub that made CODE: it sends and receives by the lines of this bridge.

    The hub gets an account of its own with a key for sending, reading and the inbox of these lines.
    """
    from device_drivers.bridge_remote import enrolment

    try:
        told = enrolment.read_code(code)
    except ValueError as error:
        raise Misuse(str(error)) from error
    where = wanted.find()
    path = _written_into(wanted, url) if dial else None
    way = {"dial_key": secrets.token_urlsafe(32)} if dial else {"url": url or where.config.http.public_url}
    if not dial and not way["url"].startswith(("http://", "https://")):
        raise Misuse(
            "say where the hub reaches this bridge: --url https://shop.example, or http.public_url; "
            "where it cannot, --dial"
        )
    authorities = str(ca.absolute()) if ca else ""
    hub = {"url": told.url, "site": told.name, **way, **({"ca": authorities} if ca else {})}
    if path is not None:  # refused before anything is made here or told there
        hub_table.with_hub(path.read_text(), account, hub)
    _look_at_home(wanted, told.secret, lines)
    shared = _enrol(where, told, account, lines, way, authorities)
    if path is not None:
        _dial(where, path, account, hub)
    else:
        click.echo(f"Joined {told.url} as {told.name}, with the lines {', '.join(shared)}.")
    click.echo(f"To end it: sms-bridge leave {account}")


def _enrol(
    where: place.Place, told: "Code", account: str, lines: Sequence[str], way: Mapping[str, str], authorities: str
) -> list[str]:
    """Make the hub's account and key, and tell the hub; the lines that it has. Raises Sentence, with nothing shared."""
    try:
        identity = product.finish(_identity(told.callback, authorities))
    except BridgeError as error:
        raise Sentence(f"{error.message}. Nothing is shared.") from error
    hubs, host = joined.known(where), _host(told.url)
    made = Joined(identity, told.url, told.name, f"{_AT}{host}-{secrets.token_hex(3)}", tuple(lines))
    joined.refuse_twice(hubs, made.identity, made.site, lines)
    key = _admit(where, account, made, hubs.get(account), host)
    try:
        body = {"secret": told.secret, "key": key, "site": joined.identity(where), **way}
        shared = product.finish(_tell(told.callback, body, authorities))
    except BridgeError as error:
        product.ask(where, "DELETE", "keys", made.key, account=account)
        raise Sentence(f"{error.message}. Nothing is shared.") from error
    _replace(where, account, made, hubs.get(account))
    return shared


def _replace(where: place.Place, account: str, made: Joined, before: Joined | None) -> None:
    """Remember the hub, and revoke the key that it had before."""
    from bridge.host.client import Declined

    joined.keep(where, account, made)
    if before is not None and before.key:
        with suppress(Declined):  # somebody has revoked it
            product.ask(where, "DELETE", "keys", before.key, account=account)


def _written_into(wanted: place.Wanted, url: str) -> Path:
    """The configuration that a hub to dial stands in. Raises Misuse."""
    if url:
        raise Misuse("--url is where the hub reaches this bridge, --dial is for where it cannot: say one of them")
    path = None if wanted.data else place.configured(wanted.config)
    if path is None or not path.exists():
        raise Misuse("there is no configuration to write the hub into: write one with sms-bridge init")
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise Sentence(f"{path} cannot be changed by this user; as root, it can")
    return path


def _dial(where: place.Place, path: Path, account: str, hub: Mapping[str, str]) -> None:
    """Have this bridge keep a connection to the hub that took it. Raises Sentence when it cannot be opened."""
    tables.write(path, hub_table.with_hub(path.read_text(), account, hub))
    tried = product.finish(_try(hub))
    running = product.reload(where)
    if tried:
        raise Sentence(f"The hub takes this bridge as {hub['site']}, but {tried}. The bridge goes on trying.")
    click.echo(f"Joined {hub['url']} as {hub['site']}, over a connection that this bridge keeps: [hubs.{account}].")
    if not running:
        click.echo(f"The bridge does not run: start it ({where.start}).")


async def _try(hub: Mapping[str, str]) -> str:
    """Why the connection cannot be opened; "" when it can."""
    from device_drivers.bridge_remote import dialler

    try:
        async with asyncio.timeout(PATIENCE), dialler.client() as http:
            line = await dialler.dial(http, hub["url"], hub["site"], hub["dial_key"], hub.get("ca", ""))
            await line.close()
    except dialler.DialRefused as error:
        return str(error)
    except TimeoutError:
        return f"the hub at {hub['url']} does not answer"
    return ""


def _look_at_home(wanted: place.Wanted, secret: str, lines: Sequence[str]) -> None:
    """Raises Misuse for a code that this bridge made itself, and for a line of no device of its configuration."""
    from device_drivers.bridge_remote import enrolment

    path = None if wanted.data else place.configured(wanted.config)
    devices = read(path).get("devices", {}) if path else {}
    if any(enrolment.is_code_of(str(each.get("join", "")), secret) for each in devices.values()):
        raise Misuse("this bridge made the code itself, and is no site of its own: run sms-bridge join at the site")
    known = {name.casefold() for name in devices}
    missing = [line for line in lines if known and line.partition(":")[0].casefold() not in known]
    if missing:
        raise Misuse(f"there is no {', '.join(missing)} here to share; there are the devices {', '.join(devices)}")


def _host(url: str) -> str:
    """The hub's address as it may stand in a key's name."""
    return re.sub(r"[^a-z0-9.]+", "-", urlsplit(url).netloc.rpartition("@")[2].lower()).strip("-")[:18]


def _admit(where: place.Place, account: str, made: Joined, before: Joined | None, host: str) -> str:
    """Make the hub's account, or take its own with the same lines, and a key of it. Raises Misuse for another's."""
    from bridge.host.client import Declined

    limits = {"lines": list(made.lines), "inbound_lines": list(made.lines)}
    try:
        product.ask(where, "POST", "accounts", body={"name": account})
        product.ask(where, "PATCH", "accounts", account, body={"terms": limits})
    except Declined as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
        if before is None or not (before.identity and before.identity == made.identity):
            _refuse_other_hub(product.listed(where, "keys", account=account), account, host, before)
        if before is not None and not before.key:  # it was left, and is begun anew
            again = {"terms": {**limits, "verification": "approved"}, "disabled": False}
            product.ask(where, "PATCH", "accounts", account, body=again)
        _refuse_others(product.ask(where, "GET", "accounts", account), account, limits)
    scopes = ["send", "read", "inbox"]
    found = product.ask(where, "POST", "keys", body={"name": made.key, "scopes": scopes}, account=account)
    return str(found["credentials"]["apikey"])


def _refuse_others(found: Mapping[str, Any], account: str, limits: Mapping[str, Sequence[str]]) -> None:
    """Leave an account as it is that is there for something else. Raises Misuse."""
    has = {each: sorted(found["terms"][each]) for each in limits}
    if has == {each: sorted(names) for each, names in limits.items()}:
        return
    lines = " and ".join(f"{word} {', '.join(has[each]) or 'all lines'}" for word, each in _WORDS.items())
    raise Misuse(
        f"there is an account {account} already, which {lines}. Give the hub another one (--account NAME), or let this "
        f"one have these lines first: sms-bridge account set {account} --line … --inbound-line …"
    )


def _refuse_other_hub(keys: Sequence[Mapping[str, Any]], account: str, host: str, before: Joined | None) -> None:
    """Leave an account to the hub that has it: two would see each other's messages and spend each other's limits."""
    if before is not None and before.identity:
        raise Misuse(
            f"the account {account} is that of the hub at {before.url}, which is another one: one of the two would see "
            f"the other's messages. Give this one another (--account NAME){_end(account, before.key)}"
        )
    for key in keys:
        name = str(key["name"])
        at = name.removeprefix(_AT).rpartition("-")[0]
        if name.startswith(_AT) and at != host:
            raise Misuse(
                f"the account {account} is that of the hub at {at}, which would see the messages of this one. Give "
                f"this one another (--account NAME){_end(account, name)}"
            )


def _end(account: str, key: str) -> str:
    return f", or end that first: sms-bridge leave {account}" if key else ""


async def _identity(url: str, ca: str) -> str:
    """What the hub is, by whatever address. Raises BadRequest where it expects no site there."""
    status, found = await _call(url, None, ca)
    if status == HTTPStatus.OK and found.get("hub"):
        return str(found["hub"])
    raise BadRequest(f"the hub refuses ({status}): {found.get('detail')}")


async def _tell(url: str, told: dict[str, str], ca: str) -> list[str]:
    """Tell the hub; the lines that it has of this bridge. Raises BadRequest with the hub's words."""
    status, found = await _call(url, told, ca)
    if status == HTTPStatus.OK:
        return [str(each) for each in found.get("lines", ())]
    raise BadRequest(f"the hub refuses ({status}): {found.get('detail')}")


async def _call(url: str, told: dict[str, str] | None, ca: str) -> tuple[int, Mapping[str, Any]]:
    """What the hub answers to this, or says of itself. Raises BadRequest where nobody answers who may be the hub."""
    import aiohttp

    from bridge import http_answers
    from device_drivers import _trust
    from device_drivers.bridge_remote import dialler

    timeout, method = aiohttp.ClientTimeout(total=PATIENCE), "GET" if told is None else "POST"
    try:
        # no redirect is followed, by which the secret and the key would go to somebody else
        how: dict[str, Any] = {"json": told, "ssl": _trust.context(ca), "allow_redirects": False}
        async with (
            aiohttp.ClientSession(connector=http_answers.BoundedConnector(), timeout=timeout) as http,
            http.request(method, url, **how) as answer,
        ):
            text = (await http_answers.read_short(answer.content, LONGEST)).decode(errors="replace")
            status, elsewhere = answer.status, answer.headers.get("Location", "")
    except _trust.NoAuthority as error:
        raise BadRequest(f"--{error}") from error
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        raise BadRequest(f"the hub at {url} is told nothing: {_trust.why_not(error, dialler.UNKNOWN)}") from error
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise BadRequest(f"the hub cannot be reached at {url}: {error or type(error).__name__}") from error
    if 300 <= status < 400:
        there = elsewhere.partition("/callbacks/")[0]
        raise BadRequest(f"the hub sends this bridge on to {there}: sms-bridge site add … --url {there} there")
    with suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict):
            return status, found
    return status, {"detail": f"{text.strip()[:200]} ({_AGAIN})"}


# -- the end --------------------------------------------------------------------------------------
#: seconds for what a device has in hand, seconds between two looks, and seconds for the hub to hear of the last of it
IN_HAND, LOOK, HEARD = 60.0, 0.5, 2.0
_OPEN = "scheduled,queued,sending"


@click.command()
@click.argument("hub", default="hub")
@place.options
def leave(hub: str, wanted: place.Wanted) -> None:
    """Leave the hub whose account here is HUB ("hub" where left out): it has no line of this bridge any more.

    It may send nothing more from then on. What waits here for it is taken back, so that it can go by another line
    there; what a device has in hand is waited for. Then its keys are revoked, its account is disabled, and [hubs.HUB]
    is taken out of the configuration.
    """
    where, hubs = wanted.find(), joined.known(wanted.find())
    path = None if wanted.data else place.configured(wanted.config)
    tabled = read(path).get("hubs", {}) if path is not None and path.exists() else {}
    if hub not in hubs and hub not in tabled:
        there = ", ".join(sorted({*hubs, *tabled})) or "none"
        raise Misuse(f"no hub has the account {hub} here; the accounts of hubs: {there}")
    # refused before anything is ended
    without = tables.without(_written_into(wanted, "").read_text(), "hubs", hub) if hub in tabled else ""
    running = bool(product.running_at(where.config.directory))
    # it may have thousands more that wait there for these lines, and hands over the next as soon as one is gone
    product.ask(where, "PATCH", "accounts", hub, body={"terms": {"verification": "rejected"}})
    taken, late = product.finish(_let_go(where, hub, running))
    for key in product.listed(where, "keys", account=hub):
        product.ask(where, "DELETE", "keys", str(key["name"]), account=hub)
    product.ask(where, "PATCH", "accounts", hub, body={"disabled": True})
    if path is not None and without:
        tables.write(path, without)
        product.reload(where)
    before = hubs.get(hub) or Joined("", str(tabled[hub].get("url", "")), str(tabled[hub].get("site", "")), "")
    joined.keep(where, hub, replace(before, key=""))
    click.echo(f"Left {before.url}. The account {hub} is closed. Taken back, as they waited here: {taken} messages.")
    if late:
        click.echo(f"In a device's hands still, and what becomes of them is known here alone: {late} messages.")
    click.echo(f"At the hub: sms-bridge site remove {before.site}")


async def _let_go(where: place.Place, account: str, running: bool) -> tuple[int, int]:
    """Take back what waits, and wait for the rest: how many messages were taken back, and are in hand still."""
    from bridge.host.client import Declined

    taken, looks = set[str](), round(IN_HAND / LOOK) if running else 1
    async with product.door(where, account) as client:
        for look in range(looks):
            rows = (await client.get("/v1/messages", {"state": _OPEN, "limit": 500}))["messages"]
            for row in rows:
                with suppress(Declined):  # a device has it meanwhile
                    await client.call("POST", product.path("messages", row["id"], "cancel"))
                    taken.add(row["id"])
            if not rows:
                if look and running:
                    await asyncio.sleep(HEARD)
                return len(taken), 0
            await asyncio.sleep(LOOK)
    return len(taken), len({row["id"] for row in rows} - taken)
