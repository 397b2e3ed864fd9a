"""Authenticates callers: credentials and scopes, network address, request rate.

Asked by every dialect before anything else.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache, partial

from bridge.accounts.credentials import OPERATOR, digest
from bridge.accounts.tallies import Tallies
from bridge.accounts.throttling import FailedLogins
from bridge.errors import (
    AccountDisabled,
    AddressRefused,
    BridgeError,
    KeyExpired,
    ScopeMissing,
    StoreUnavailable,
    TooManyRequests,
    UnknownCaller,
    WrongSecret,
)
from bridge.model.account import Account
from bridge.model.scope import ANY, Needs, written
from bridge.networks import Network, network, within
from bridge.ports.clock import Clock
from bridge.ports.store import CredentialStore

#: an account is read from the store again after this long; `forget` makes it at once
ACCOUNT_CACHE = 1000  # ms
#: callers remembered at a time
MOST_CALLERS = 1000
MINUTE, DAY = 60_000, 86_400_000  # ms

_TOO_MANY_WRONG = "Too many failed logins: correct the credentials, then wait."


class Authenticator:
    """Decides who may call the bridge (`gateway.authenticator`)."""

    def __init__(self, store: CredentialStore, clock: Clock, tallies: Tallies | None = None) -> None:
        self._store = store
        self._clock = clock
        self._callers: dict[tuple[str, str, str], tuple[Account, int]] = {}
        #: how often `forget` was called: an answer of the store from before one is not believed after it
        self.changes = 0
        self._changed = asyncio.Event()
        #: digest of the token of the command line; "" while there is none
        self._commands = ""
        #: account → requests that it may make at once, and when that was so
        self._buckets: dict[str, tuple[float, int]] = {}
        self._tallies = tallies or Tallies()
        #: its `wrong` and `paused` are read by metrics
        self.guesses = FailedLogins(partial(self._tallies.add, "failed logins"))
        self._tallies.on("failed logins", lambda of, count: self.guesses.hear(of, count, clock.monotonic()))
        self._tallies.on("requests", self._hear_requests)

    async def enter(
        self, kind: str, ident: str, secret: str, address: str, needs: Needs = ANY, other: str = ""
    ) -> Account:
        """Authenticate an identifier and secret from `address`; returns the account with the scopes of the key used.

        Kinds and identifiers are those of `credentials.KINDS`, and `token` for OAuth2's; `ident` is "" for a secret
        that stands alone, which may be of the kind `other` too. `needs` are the scopes of the call. Raises
        UnknownCaller, WrongSecret, KeyExpired, ScopeMissing, AccountDisabled, AddressRefused, TooManyRequests.
        """
        account = await self._known(kind, ident, secret, address, other)
        if account.disabled:
            raise AccountDisabled
        if account.terms.addresses and not allowed(address, account.terms.addresses):
            raise AddressRefused(address)
        if not needs <= account.grant.scopes:
            raise ScopeMissing(written(needs - account.grant.scopes))
        if account.terms.requests_per_minute:
            self._count(account.name, account.terms.requests_per_minute)
        return account

    def grant_to_commands(self) -> str:
        """Create the operator token of the command line; it is valid for this process and is never stored."""
        token = secrets.token_hex(24)
        self._commands = digest(token)
        return token

    def is_command(self, secret: str) -> bool:
        """Whether this is the token of the command line."""
        return bool(self._commands) and secrets.compare_digest(digest(secret), self._commands)

    def forget(self) -> None:
        """Drop cached authentications because accounts or credentials have changed."""
        self.changes += 1
        self._callers.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, seen: int) -> None:
        """Wait until an account or credentials have changed since there were `seen` changes."""
        while self.changes == seen:
            await self._changed.wait()

    async def stands(self, secret: str, address: str, *kinds: str) -> bool:
        """Whether a secret that was accepted from `address` still is; for long-lived calls. Counts against no rate."""
        if self.is_command(secret):
            return True
        now = self._clock.now()
        for kind in kinds:
            account = await self._store.account_for(kind, "", digest(secret), now)
            if account is not None:
                networks = account.terms.addresses
                return not account.disabled and (not networks or allowed(address, networks))
        return False

    async def _known(self, kind: str, ident: str, secret: str, address: str, other: str) -> Account:
        for each in (kind, other) if other else (kind,):
            cached = self._callers.get((each, ident, secret))
            if cached is not None and self._clock.monotonic() < cached[1]:
                return cached[0]
        now = self._clock.now()
        if kind == "apikey" and self.is_command(secret):
            return Account(OPERATOR, operator=True)
        hidden, changes = digest(secret) if secret else "", self.changes
        for each in (kind, other) if other else (kind,):
            account = await self._store.account_for(each, ident, hidden, now) if hidden else None
            if account is not None:
                await self._note_use(account, now)
                if changes == self.changes:
                    self._remember((each, ident, secret), account, now)
                return account
        raise await self._refusal(kind, ident, hidden, address)

    def _remember(self, key: tuple[str, str, str], account: Account, now: int) -> None:
        if key[0] == "client":  # it gets a token, which must not be made of what was revoked a moment ago
            return
        if len(self._callers) >= MOST_CALLERS:
            self._callers.clear()
        ends = account.grant.expires_at
        left = min(ACCOUNT_CACHE, ends - now) if ends else ACCOUNT_CACHE
        self._callers[key] = (account, self._clock.monotonic() + left)

    async def _note_use(self, account: Account, now: int) -> None:
        """Record the day on which a named key was last used, with one write a day at most."""
        today = now - now % DAY
        if account.grant.key and account.grant.used_at < today:
            with suppress(StoreUnavailable):  # a full disk must not keep anybody from reading
                await self._store.used(account.name, account.grant.key, today)

    async def _refusal(self, kind: str, ident: str, hidden: str, address: str) -> BridgeError:
        """Why these credentials are refused. Failures count against the sender, so that secrets cannot be guessed."""
        now = self._clock.now()
        # a token says what tokens say, whichever key it was given
        if hidden and kind != "token" and (ended := await self._store.ended(kind, ident, hidden, now)):
            return KeyExpired(ended)
        known = bool(ident) and await self._store.knows(kind, ident, now)
        wait = self.guesses.pause(address, (kind, ident) if known else None, self._clock.monotonic()) if hidden else 0
        if wait:
            return TooManyRequests(-(-wait // 1000), _TOO_MANY_WRONG)
        return WrongSecret() if known else UnknownCaller()

    def _count(self, name: str, per_minute: int) -> None:
        """Apply the request rate: a minute's worth may come at once, then one at a time as the rate allows."""
        now, left = self._clock.monotonic(), self._left(name, per_minute)
        if left < 1:
            self._buckets[name] = (left, now)
            wait = (1 - left) * 60 / per_minute  # s
            raise TooManyRequests(max(1, -int(-wait // 1)))
        self._buckets[name] = (left - 1, now)
        self._tallies.add("requests", name, str(per_minute))

    def _left(self, name: str, per_minute: int) -> float:
        """How many requests an account may make now."""
        now = self._clock.monotonic()
        left, since = self._buckets.get(name, (float(per_minute), now))
        return min(left + (now - since) * per_minute / MINUTE, per_minute)

    def _hear_requests(self, of: Sequence[str], count: int) -> None:
        """Another process has let so many requests of an account in; one that let in too many is not made up for."""
        name, per_minute = of
        left = self._left(name, int(per_minute)) - count
        self._buckets[name] = (max(left, 0.0), self._clock.monotonic())


def allowed(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of these networks; IPv4-mapped IPv6 addresses count as IPv4."""
    return within(address, _networks(tuple(networks)))


@lru_cache(maxsize=256)
def _networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(network(each) for each in written)
