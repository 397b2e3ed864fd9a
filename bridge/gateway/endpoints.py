"""Webhook endpoints and deliveries, as accounts see and change them."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bridge.accounts.credentials import new_webhook_secret
from bridge.errors import BadRequest, NotPossible
from bridge.gateway.searches import Searches
from bridge.model import event
from bridge.model.account import Account, Author
from bridge.model.payload_format import FORMATS
from bridge.model.query import LedgerQuery, Page
from bridge.model.webhook import Delivery, Endpoint, EndpointChange, Trial
from bridge.ports.clock import Clock
from bridge.ports.store import EndpointStore, LedgerStore


class WebhookStore(EndpointStore, LedgerStore, Protocol):
    """The parts of the store that webhook endpoints use."""


class Endpoints:
    """Manages webhook endpoints (`gateway.endpoints`): an account sees its own, an operator all.

    `who` is for the audit trail. `check_url` raises BadRequest for a URL that nothing may be posted to. `poke` is
    called with an endpoint's id (None: any) when its deliveries may have changed.
    """

    def __init__(
        self,
        store: WebhookStore,
        clock: Clock,
        check_url: Callable[[str], Awaitable[None]] | None = None,
        poke: Callable[[str | None], None] = lambda endpoint: None,
        searches: Searches | None = None,
        trial: Callable[[Endpoint], Awaitable[Trial]] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._check_url = check_url
        self._poke = poke
        self._searches = searches or Searches()
        self._trial = trial

    def _by(self, who: str) -> Author:
        return Author(who, self._clock.now())

    async def add(
        self,
        who: str,
        account: Account,
        url: str,
        format: str = "v2",
        names: Sequence[str] = ("*",),
        max_attempts: int = 0,
    ) -> Endpoint:
        """Add an endpoint with the account's webhook secret, else a new one.

        Raises BadRequest (field `url`, `format` or `events`).
        """
        if format not in FORMATS:
            raise BadRequest(f"there is no format {format!r}; known: {', '.join(FORMATS)}", "format")
        _check_names(names)
        if self._check_url is not None:
            await self._check_url(url)
        by = self._by(who)
        endpoint = Endpoint(
            id=secrets.token_hex(8),
            account=account.name,
            url=url,
            format=format,
            events=tuple(names),
            created_at=by.at,
            max_attempts=max_attempts or FORMATS[format].attempts,
        )
        return self._poked(await self._store.add_endpoint(endpoint, by, new_webhook_secret()))

    async def find(self, account: Account) -> Sequence[Endpoint]:
        """List endpoints, oldest first."""
        return await self._store.endpoints(scope(account))

    async def get(self, account: Account, id: str) -> Endpoint:
        """Return an endpoint. Raises NoSuchThing."""
        return await self._store.endpoint(scope(account), id)

    async def pause(self, who: str, account: Account, id: str, paused: bool) -> Endpoint:
        """Pause or resume an endpoint; while paused, deliveries wait in order. Raises NoSuchThing."""
        change = EndpointChange(paused=paused)
        return self._poked(await self._store.change_endpoint(scope(account), id, change, self._by(who)))

    async def rotate(self, who: str, account: Account, id: str, finish: bool = False) -> Endpoint:
        """Begin rotating the secret: `next_secret` signs too. With `finish`, it becomes the only one.

        Raises NoSuchThing, NotPossible when none was begun.
        """
        if finish:
            return self._poked(await self._store.finish_rotation(scope(account), id, self._by(who)))
        return self._poked(await self._store.begin_rotation(scope(account), id, new_webhook_secret(), self._by(who)))

    async def remove(self, who: str, account: Account, id: str) -> None:
        """Remove an endpoint and drop its waiting deliveries. Raises NoSuchThing."""
        await self._store.remove_endpoint(scope(account), id, self._by(who))
        self._poke(id)

    async def test(self, account: Account, id: str) -> Trial:
        """Make one request with a sample event now. Raises NoSuchThing, and NotPossible while no bridge runs."""
        endpoint = await self._store.endpoint(scope(account), id)
        if self._trial is None:
            raise NotPossible("the running bridge makes the request: start it first")
        return await self._trial(endpoint)

    def _poked(self, endpoint: Endpoint) -> Endpoint:
        self._poke(endpoint.id)
        return endpoint

    # -- deliveries -------------------------------------------------------------------------------
    async def ledger(self, account: Account, query: LedgerQuery) -> Page[Delivery]:
        """List deliveries, newest first."""
        async with self._searches.turn(account.name):
            return await self._store.ledger(scope(account), query)

    async def redeliver(self, account: Account, query: LedgerQuery, ids: Sequence[str] = ()) -> int:
        """Requeue deliveries (by id, or all that match) from attempt one; returns how many."""
        async with self._searches.turn(account.name):
            count = await self._store.redeliver(scope(account), query, ids, self._clock.now())
        self._poke(None)
        return count


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise BadRequest("no event", "events")
    if unknown := [name for name in names if name != "*" and name not in event.NAMES]:
        raise BadRequest(f"there is no event {unknown[0]!r}; known: *, {', '.join(event.NAMES)}", "events")


def scope(account: Account) -> str:
    """The account filter for queries: its own name, or "" (all) for an operator."""
    return "" if account.operator else account.name
