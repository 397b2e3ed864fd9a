"""Who comes in: credentials, the network address, the account's rate. Asked by every dialect before anything else."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from bridge.accounts import digest
from bridge.errors import AccountDisabled, AddressRefused, TooManyRequests, UnknownCaller, WrongSecret
from bridge.model import Account
from bridge.ports import Clock, Store

#: a changed or disabled account is noticed after this long at the latest
ACCOUNT_CACHE = 1000  # ms
#: callers remembered at a time
MOST_CALLERS = 1000
MINUTE = 60_000  # ms

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Admission:
    """The door. `gateway.admission` is the one of a bridge."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._callers: dict[tuple[str, str, str], tuple[Account, int]] = {}
        #: account → requests that it may make at once, and when that was so
        self._buckets: dict[str, tuple[float, int]] = {}

    async def enter(self, kind: str, ident: str, secret: str, address: str) -> Account:
        """The account behind an identifier and its secret, called from `address`.

        Kinds and identifiers are those of `bridge.accounts.KINDS`, and `token` for OAuth2's; `ident` is "" for a
        secret that stands alone. Raises UnknownCaller, WrongSecret, AccountDisabled, AddressRefused, TooManyRequests.
        """
        account = await self._known(kind, ident, secret)
        if account.disabled:
            raise AccountDisabled
        if account.terms.addresses and not allowed(address, account.terms.addresses):
            raise AddressRefused
        if account.terms.requests_per_minute:
            self._count(account.name, account.terms.requests_per_minute)
        return account

    async def _known(self, kind: str, ident: str, secret: str) -> Account:
        key, now = (kind, ident, secret), self._clock.now()
        cached = self._callers.get(key)
        # a clock that was set back must not keep anybody in
        if cached is not None and now < cached[1] <= now + ACCOUNT_CACHE:
            return cached[0]
        account = await self._store.account_for(kind, ident, digest(secret), now) if secret else None
        if account is None:
            if ident and await self._store.knows(kind, ident, now):
                raise WrongSecret
            raise UnknownCaller
        if len(self._callers) >= MOST_CALLERS:
            self._callers.clear()
        self._callers[key] = (account, now + ACCOUNT_CACHE)
        return account

    def _count(self, name: str, per_minute: int) -> None:
        """A minute's worth at once at most, then one each time that one is due."""
        now = self._clock.now()
        left, since = self._buckets.get(name, (float(per_minute), now))
        left = min(left + max(now - since, 0) * per_minute / MINUTE, per_minute)
        if left < 1:
            self._buckets[name] = (left, now)
            wait = (1 - left) * 60 / per_minute  # s
            raise TooManyRequests(max(1, -int(-wait // 1)))
        self._buckets[name] = (left - 1, now)


def allowed(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of these; an IPv4 address that came by IPv6 counts as what it is."""
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(here, ipaddress.IPv6Address) and here.ipv4_mapped is not None:
        here = here.ipv4_mapped
    return any(here in each for each in _networks(tuple(networks)))


@lru_cache(maxsize=256)
def _networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(network(each) for each in written)


def network(written: str) -> Network:
    """CIDR or a single address, host bits or not. Raises ValueError."""
    return ipaddress.ip_network(written.strip(), strict=False)
