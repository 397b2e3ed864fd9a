"""No two administrative changes at once lose one of them, on every store there is.

Each pair of `CHANGES` is made at once, in one process and in two on the same file, and must leave what one of the two
orders leaves. A new administrative call must be added to the table, or the test of the table fails.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest

from bridge.accounts.administration import Administration
from bridge.bus import Bus
from bridge.errors import BridgeError
from bridge.gateway.endpoints import Endpoints
from bridge.gateway.gateway import Gateway
from bridge.model.account import AccountChange, Payment, Template, UnknownPolicy, Verification
from bridge.model.attention import Verdict
from bridge.model.batch import Batch, BatchState, Plan
from bridge.model.conversation import Contact
from bridge.model.query import LedgerQuery
from bridge.model.scope import EVERYTHING
from bridge.model.user import Link, Role, Session, User, UserChange
from bridge.model.webhook import Endpoint, EndpointChange
from bridge.ports.store import Store
from bridge.store import STORES, open_store
from bridge.store.sqlite import SqliteStore
from tests.support.changes import BLOCKED, NUMBER, Bench, Change, Site, furnish, names
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store, shared_database

#: every field of `AccountChange` and of `EndpointChange`
ACCOUNT: Mapping[str, Any] = {
    "disabled": True, "on_unknown": UnknownPolicy.FAIL, "payment": Payment.PREPAID, "addresses": ("192.0.2.0/24",),
    "requests_per_minute": 5, "daily_per_recipient": 6, "zone": "Asia/Shanghai", "country": "GB",
    "verification": Verification.PENDING, "report_on": "sent",
    "lines": ("office",),
    "inbound_lines": ("office",),
}  # fmt: skip
ENDPOINT: Mapping[str, Any] = {
    "url": "https://other.example/", "events": ("message.sent",), "secret": "third", "next_secret": "fourth",
    "paused": True,
}  # fmt: skip


def _gone(site: Site) -> Awaitable[None]:
    return site.store.pause_endpoint(site.hook, "https://shop.example/", "410 Gone", START)


def _account(name: str) -> Change:
    return Change("Administration.change_account", lambda site: site.change_account(**{name: ACCOUNT[name]}), name)


def _endpoint(name: str) -> Change:
    return Change("EndpointStore.change_endpoint", lambda site: site.change_endpoint(**{name: ENDPOINT[name]}), name)


def _desk(method: str, *rest: Any, **named: Any) -> Change:
    """A call of the administration about the account by its name."""
    detail = " ".join(str(each) for each in rest if isinstance(each, str | int))
    return Change(
        f"Administration.{method}",
        lambda site: getattr(site.gateway.administration, method)(site.who, site.name, *rest, **named),
        detail,
    )


def _template(method: str, text: str, approved: bool) -> Change:
    def call(site: Site) -> Awaitable[Any]:
        wanted = Template(site.name, "code", text, approved)
        return getattr(site.gateway.administration, method)(site.who, wanted)  # type: ignore[no-any-return]

    return Change(f"Administration.{method}", call, f"{text} {approved}")


def _hook(method: str, *rest: Any, **named: Any) -> Change:
    """A call about the endpoint that is there."""
    return Change(
        f"Endpoints.{method}",
        lambda site: getattr(site.gateway.endpoints, method)(site.who, site.account, site.hook, *rest, **named),
        " ".join(map(str, (*rest, *named.values()))),
    )


def _token(ident: str, secret: str) -> Change:
    def call(site: Site) -> Awaitable[Any]:
        return site.gateway.issue_token(f"{ident}-{site.name}", f"{secret}-{site.name}")

    return Change("Gateway.issue_token", call, f"for {ident}")


def _people(method: str, *rest: Any) -> Change:
    """A call of the store about the user who is there."""
    return Change(
        f"UserStore.{method}",
        lambda site: getattr(site.store, method)(f"anna-{site.name}", *rest, site.by),
        " ".join(map(str, rest)),
    )


def _stored(method: str, wanted: Callable[[Site], tuple[Any, ...]]) -> Change:
    """A call of the store with what is made for the account."""
    return Change(f"Store.{method}", lambda site: getattr(site.store, method)(*wanted(site), site.by))


def _session(site: Site) -> tuple[Any, ...]:
    name = f"{site.who}-{site.name}"
    return f"digest-{name}", Session(name, f"anna-{site.name}", "192.0.2.7", "", START, START, START + 1)


def _link(site: Site) -> tuple[Any, ...]:
    return f"link-{site.who}-{site.name}", Link(f"anna-{site.name}", Role.READER, START + 1)


def _batch(site: Site) -> tuple[Any, ...]:
    return (Batch(f"{site.who}-{site.name}", site.name, Plan("x"), ("number",), "digest", site.who, START),)


OF_PEOPLE: tuple[Change, ...] = (
    _stored("add_user", lambda site: (User(f"bob-{site.name}", Role.READER, START), "hash")),
    _people("change_user", UserChange(role=Role.OPERATOR)),
    _people("change_user", UserChange(disabled=True)),
    _people("remove_user"),
    _people("begin_totp", 1, ()),
    _stored("add_link", _link),
    _stored("redeem", lambda site: (f"link-{site.who}-{site.name}", "", "hash")),
    _stored("begin_session", _session),
    _stored("keep_contact", lambda site: (Contact(site.name, NUMBER, site.who),)),
    _stored("keep_contacts", lambda site: ([Contact(site.name, NUMBER, note=site.who)],)),
    _stored("drop_contact", lambda site: (site.name, NUMBER)),
    _stored("decide", lambda site: ("0" * 40, Verdict.LEAVE)),
    _stored("add_batch", _batch),
    _stored("move_batch", lambda site: (f"none-{site.name}", BatchState.PAUSED)),
    _stored("drop_batch", lambda site: (f"none-{site.name}",)),
)
CHANGES: tuple[Change, ...] = (
    *(_account(field.name) for field in fields(AccountChange)),
    Change(
        "Administration.add_account", lambda site: site.gateway.administration.add_account(site.who, f"{site.name}-new")
    ),
    _desk("rotate", "client", 60),
    _desk("rotate", "client", 0),
    _desk("rotate", "apikey", 60),
    _desk("rotate", "webhook", 0),
    Change(
        "Administration.add_key",
        lambda site: site.gateway.administration.add_key(site.who, site.account, "till", EVERYTHING),
    ),
    _desk("revoke_key", "crm"),
    _desk("top_up", 5),
    _desk("top_up", -3),
    _template("add_template", "Code {1}", approved=False),
    _template("add_template", "Your code: {1}", approved=True),
    _template("propose_template", "Code {1}", approved=True),
    _template("propose_template", "Win {1}", approved=True),
    _desk("remove_template", "code"),
    _desk("suppress", NUMBER),
    _desk("suppress", "07700 900123"),
    _desk("allow", BLOCKED),
    Change("an SMS", lambda site: site.hear(NUMBER, "STOP"), "STOP"),
    Change("an SMS", lambda site: site.hear(NUMBER, "START"), "START"),
    Change("Endpoints.add", lambda site: site.gateway.endpoints.add(site.who, site.account, "https://new.example/")),
    _hook("pause", True),
    _hook("pause", False),
    _hook("rotate"),
    _hook("rotate", finish=True),
    _hook("remove"),
    *(_endpoint(field.name) for field in fields(EndpointChange)),
    Change("the endpoint's queue", _gone, "pause"),
    Change("Endpoints.redeliver", lambda site: site.gateway.endpoints.redeliver(site.account, LedgerQuery())),
    _token("first", "first-secret"),
    _token("crm", "crm-secret"),
    *OF_PEOPLE,
)


#: that nobody has yet in a store that all tests of the process share
_NAMES = names()


@pytest.fixture(params=sorted(STORES))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """One store, opened twice."""
    shares = request.param == "postgresql"
    url = shared_database() if shares else empty_store(tmp_path, request.param)
    opened = [await open_store(url) for _ in range(2)]
    yield Bench(opened, _NAMES if shares else names())
    for store in opened:
        await store.close()


@pytest.mark.parametrize("one", CHANGES, ids=str)
async def test_both_count(bench: Bench, one: Change) -> None:
    # people and their things have nothing in common with accounts
    others = [each for each in CHANGES[CHANGES.index(one) :] if (each in OF_PEOPLE) is (one in OF_PEOPLE)]
    if not isinstance(bench.stores[0], SqliteStore):
        others = others[:2]  # whose turn it is is the engine's business, and each pair asks it a thousand times
    lost = await asyncio.gather(*(bench.loses(one, other) for other in others))
    assert {str(other): where for other, where in zip(others, lost, strict=True) if where} == {}


def test_every_administrative_call_is_in_the_table() -> None:
    made = {
        f"{owner.__name__}.{name}"
        for owner in (Administration, Endpoints)
        for name, method in vars(owner).items()
        if inspect.iscoroutinefunction(method) and "who" in inspect.signature(method).parameters
    }
    assert made <= {change.method for change in CHANGES}


class Listening:
    """A store, and which of its methods were asked for."""

    def __init__(self, store: Store, heard: set[str]) -> None:
        self._store = store
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        self._heard.add(name)
        return getattr(self._store, name)


async def test_every_administrative_call_of_a_store_is_made_by_the_table(bench: Bench) -> None:
    """Those with an author, whichever way somebody may reach them."""
    heard: set[str] = set()
    listening = cast(Store, Listening(bench.stores[0], heard))
    for change in CHANGES:
        name = next(bench.names)
        await furnish(bench.stores[0], name)
        with suppress(BridgeError):
            await change.call(Site(Gateway(listening, Bus(), clock=FakeClock()), listening, name, "one"))
    administrative = {
        name
        for port in Store.__mro__
        for name, method in vars(port).items()
        if inspect.iscoroutinefunction(method) and "by" in inspect.signature(method).parameters
    }
    assert len(administrative) >= 15
    assert administrative <= heard


async def _pause_as_before(site: Site) -> Endpoint:
    """Reads an endpoint, alters one thing and writes everything back."""
    read = await site.store.endpoint(site.name, site.hook)
    return await _write_everything(site, replace(read, paused=True))


async def _rotate_as_before(site: Site) -> Endpoint:
    read = await site.store.endpoint(site.name, site.hook)
    return await _write_everything(site, replace(read, next_secret="third"))


async def _write_everything(site: Site, endpoint: Endpoint) -> Endpoint:
    return await site.change_endpoint(**{field.name: getattr(endpoint, field.name) for field in fields(EndpointChange)})


#: of both orders, until one loses a change
TRIES = 20


async def test_a_change_is_lost_when_everything_that_was_read_is_written_back(bench: Bench) -> None:
    """What is noticed here, so that the tests above are worth something."""
    one, other = Change("pause", _pause_as_before), Change("rotate", _rotate_as_before)
    assert [await bench.loses(each, each) for each in (one, other)] == [[], []]
    for _ in range(TRIES):  # which of the two writes first is for the engine to say
        if await bench.loses(one, other) or await bench.loses(other, one):
            return
    pytest.fail("no change was lost")
