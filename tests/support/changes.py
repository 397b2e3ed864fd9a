"""Two administrative changes at once: an account with something of everything, and what is there afterwards."""

import asyncio
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bridge.accounts.credentials import digest, kept
from bridge.bus import Bus
from bridge.errors import BridgeError, NoSuchThing
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account, AccountChange, Author, Template
from bridge.model.conversation import ContactQuery
from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.model.radio import InboundPart
from bridge.model.scope import Scope
from bridge.model.user import Role, User
from bridge.model.webhook import DeliveryState, Endpoint, EndpointChange
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential, Outcome
from tests.support.clocks import START, FakeClock
from tests.support.store_rows import message

NUMBER, BLOCKED = "+15550101", "+15550102"
AUTHORS = ("one", "other")


def names() -> Iterator[str]:
    """Names of accounts, each another one."""
    return (f"a{number:04}" for number in itertools.count())


class Site:
    """One account of a store, with something of everything that can be changed. `who` makes the changes."""

    def __init__(self, gateway: Gateway, store: Store, name: str, who: str) -> None:
        self.gateway = gateway
        self.store = store
        self.name = name
        self.who = who

    @property
    def account(self) -> Account:
        return Account(self.name)

    @property
    def hook(self) -> str:
        """The endpoint that is there, with a rotation begun."""
        return f"hook-{self.name}"

    @property
    def by(self) -> Author:
        return Author(self.who, START)

    async def hear(self, sender: str, text: str) -> None:
        """An SMS comes in on the account's line."""
        await self.store.receive(InboundPart(self.name, f"{self.who} {text}", sender, text), self.name, START)

    async def change_account(self, **named: Any) -> Account:
        return await self.gateway.administration.change_account(self.who, self.name, AccountChange(**named))

    async def change_endpoint(self, **named: Any) -> Endpoint:
        return await self.store.change_endpoint(self.name, self.hook, EndpointChange(**named), self.by)


@dataclass(frozen=True)
class Change:
    """One administrative call."""

    #: the method it is about
    method: str
    call: Callable[[Site], Awaitable[Any]]
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.detail}".strip()


async def furnish(store: Store, name: str) -> None:
    """An account with something of everything."""
    by = Author("setup", START)
    client = Credential("client", f"first-{name}", digest(f"first-secret-{name}"))
    await store.add_account(Account(name, START, webhook_secret="first"), [client])
    key = Credential("client", f"crm-{name}", digest(f"crm-secret-{name}"), 0, "crm", frozenset({Scope.SEND}), START)
    await store.add_key(name, key, 9, by)
    await store.top_up(name, 10, "", by)
    await store.keep_template(Template(name, "code", "Code {1}"), by)
    await store.suppress(name, BLOCKED, "by letter", by)
    await store.add_user(User(f"anna-{name}", Role.READER, START), "hash", by)
    hook = Endpoint(f"hook-{name}", name, "https://shop.example/", "v2", ("message.submitted",), "first", "second")
    await store.add_endpoint(hook, by)
    numbers = (int(digest(f"{name} {number}")[:12], 16) for number in range(2))
    sent, waiting = (message(number, account=name, recipient=NUMBER, route=name) for number in numbers)
    await store.submit([sent, replace(waiting, due_at=START + 1)])
    claim = await store.claim(name, (name,), sent.due_at)
    assert claim is not None
    await store.record(Outcome(sent.id, 1, State.SENT, 1), sent.due_at)
    owed = await store.owed(hook.id, 9)
    await store.record_attempts([replace(owed[0][0], attempts=1, state=DeliveryState.DELIVERED)])


class Secrets:
    """What calls printed, by the label that the same call has in another order."""

    def __init__(self) -> None:
        self.labels = {each: each for each in ("", "first", "second", "third", "fourth")}
        self.credentials: dict[str, tuple[str, str, str]] = {}

    def label(self, secret: str) -> str:
        """Who made it."""
        return self.labels.get(secret, "another")

    def take(self, label: str, change: Change, result: Any) -> str:
        """What a call gave back, in words that do not change."""
        if isinstance(result, BridgeError):
            return type(result).__name__
        if isinstance(result, BaseException):
            raise result
        if isinstance(result, tuple) and isinstance(result[-1], Mapping):
            result = result[-1]
        if isinstance(result, Mapping):
            for each in kept(result):
                self.credentials[f"{label} {each.kind}"] = (each.kind, each.ident, each.digest)
            self.labels.setdefault(result.get("webhook_secret", ""), label)
        elif isinstance(result, str):
            self.credentials[f"{label} token"] = ("token", "", digest(result))
        elif isinstance(result, Endpoint) and str(change) == "Endpoints.rotate":
            self.labels[result.next_secret] = label
        return "done"


_ID = re.compile(r"\b[0-9a-f]{16}\b")


async def seen(store: Store, name: str, secrets: Secrets) -> str:
    """Everything that administration can change of an account, in words that do not change from one run to another."""
    account = await store.account(name)
    endpoints = [
        (each.url, each.events, each.paused, *(secrets.label(secret) for secret in (each.secret, each.next_secret)))
        for each in await store.endpoints(name)
    ]
    keys = [(key.name, key.kind, sorted(key.scopes)) for key in await store.keys(name)]
    first = ("client", f"first-{name}", digest(f"first-secret-{name}"))
    opens = {
        label: [await store.account_for(*each, START + later) is not None for later in (0, 61_000)]
        for label, each in {"first": first, **secrets.credentials}.items()
    }
    rows = [row for row in (await store.audit(name, 1000)).rows if row.account == name or name in row.detail]
    trail = [(row.who, row.what, _ID.sub("ID", row.detail)) for row in rows]
    messages = (await store.messages(name, MessageQuery())).rows
    found = {
        "account": asdict(replace(account, webhook_secret=secrets.label(account.webhook_secret))),
        "endpoints": endpoints,
        "keys": keys,
        "opens": opens,
        "movements": sorted((row.kind, row.amount) for row in (await store.movements(name)).rows),
        "templates": [(each.id, each.text, each.approved) for each in await store.templates(name)],
        # a STOP to another one's line is on every list
        "suppressed": sorted(
            (each.number, each.reason) for each in await store.suppressed(name) if each.line in ("", name)
        ),
        "messages": sorted((each.recipient, each.state) for each in messages),
        "owed": [(each.event, each.attempts) for each, _ in await store.owed(f"hook-{name}", 9)],
        "users": [(each.name, each.role, each.disabled) for each in await store.users() if each.name.endswith(name)],
        "contacts": [(each.number, each.name, each.note) for each in (await store.contacts(name, ContactQuery())).rows],
        "new account": await _is_there(store, f"{name}-new"),
        "trail": sorted(trail),
    }
    return json.dumps(found, default=sorted, sort_keys=True).replace(name, "NAME")


async def _is_there(store: Store, name: str) -> bool:
    try:
        await store.account(name)
    except NoSuchThing:
        return False
    return True


class Bench:
    """Makes changes one after the other and at once, each time in a fresh account."""

    def __init__(self, stores: Sequence[Store], names: Iterator[str]) -> None:
        self.stores = stores
        self.gateways = [Gateway(store, Bus(), clock=FakeClock()) for store in stores]
        self.names = names

    async def made(self, *changes: tuple[str, Change], at_once: bool = False, beside: bool = False) -> str:
        """What these changes, each with its author, gave back and leave; `beside`: from a process each."""
        name, secrets = next(self.names), Secrets()
        await furnish(self.stores[0], name)
        calls = []
        for who, change in changes:
            which = AUTHORS.index(who) if beside else 0
            calls.append(change.call(Site(self.gateways[which], self.stores[which], name, who)))
        if at_once:
            results = await asyncio.gather(*calls, return_exceptions=True)
        else:
            results = [(await asyncio.gather(call, return_exceptions=True))[0] for call in calls]
        told = {who: secrets.take(who, change, result) for (who, change), result in zip(changes, results, strict=True)}
        return json.dumps(told, sort_keys=True) + await seen(self.stores[0], name, secrets)

    async def loses(self, one: Change, other: Change) -> list[str]:
        """Where both at once leave what neither order leaves: in one process, in two."""
        changes = tuple(zip(AUTHORS, (one, other), strict=True))
        orders = [await self.made(*changes), await self.made(*reversed(changes))]
        at_once = {
            where: await self.made(*changes, at_once=True, beside=beside)
            for where, beside in (("in one process", False), ("in two", True))
        }
        return [where for where, left in at_once.items() if left not in orders]
