"""The door: credentials, addresses and rates, over a real store, by a clock that tests set."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.accounts import digest
from bridge.admission import Admission, allowed
from bridge.errors import AccountDisabled, AddressRefused, TooManyRequests, UnknownCaller, WrongSecret
from bridge.model import Account, Terms
from bridge.ports import Credential, Store
from bridge.store import open_store
from tests.http_site import START, Hands

SHOP = Account("shop", START)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db")
    key, pair = Credential("apikey", "", digest("key")), Credential("client", "shop-id", digest("secret"))
    await store.add_account(SHOP, [key, pair])
    yield store
    await store.close()


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def door(store: Store, clock: Hands) -> Admission:
    return Admission(store, clock)


async def change(store: Store, clock: Hands, **terms: object) -> None:
    await store.change_account(replace(SHOP, terms=Terms(**terms)))  # type: ignore[arg-type]
    clock.at += 1001  # what the door remembers is over


async def knock(door: Admission, address: str = "192.0.2.1") -> Account:
    return await door.enter("apikey", "", "key", address)


async def test_lets_in_who_has_the_secret(door: Admission) -> None:
    assert await knock(door) == SHOP
    assert await door.enter("client", "shop-id", "secret", "") == SHOP


@pytest.mark.parametrize(
    ("kind", "ident", "secret", "refusal"),
    [
        ("apikey", "", "wrong", UnknownCaller),
        ("apikey", "", "", UnknownCaller),
        ("token", "", "key", UnknownCaller),
        ("client", "shop-id", "wrong", WrongSecret),
        ("client", "shop-id", "", WrongSecret),
        ("client", "nobody", "secret", UnknownCaller),
        ("client", "", "secret", UnknownCaller),
    ],
)
async def test_tells_a_wrong_secret_from_nobody(
    door: Admission, kind: str, ident: str, secret: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await door.enter(kind, ident, secret, "192.0.2.1")


async def test_notices_within_a_second_that_an_account_is_disabled(door: Admission, store: Store, clock: Hands) -> None:
    await knock(door)
    await store.change_account(replace(SHOP, disabled=True))
    clock.at += 1001
    with pytest.raises(AccountDisabled):
        await knock(door)
    with pytest.raises(WrongSecret):
        await door.enter("client", "shop-id", "wrong", "")


@pytest.mark.parametrize(
    ("address", "networks", "expected"),
    [
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.3.7", ["192.0.2.0/24"], False),
        ("192.0.3.7", ["192.0.2.0/24", "192.0.3.7"], True),
        ("192.0.2.7", ["192.0.2.99/24"], True),
        ("2001:db8::7", ["2001:db8::/32"], True),
        ("2001:db9::7", ["2001:db8::/32"], False),
        ("2001:0DB8:0::7", ["2001:db8::7"], True),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("::ffff:192.0.3.7", ["192.0.2.0/24"], False),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("192.0.2.7", ["2001:db8::/32"], False),
        ("192.0.2.7", ["0.0.0.0/0"], True),
        ("", ["0.0.0.0/0", "::/0"], False),
        ("localhost", ["127.0.0.1"], False),
    ],
)
def test_an_address_is_in_a_network_or_not(address: str, networks: list[str], expected: bool) -> None:
    assert allowed(address, networks) is expected


async def test_refuses_other_addresses(door: Admission, store: Store, clock: Hands) -> None:
    await change(store, clock, addresses=("192.0.2.0/24",))
    assert (await knock(door)).name == "shop"
    with pytest.raises(AddressRefused):
        await knock(door, "198.51.100.1")


async def test_a_minutes_worth_goes_at_once_and_then_one_as_each_is_due(
    door: Admission, store: Store, clock: Hands
) -> None:
    await change(store, clock, requests_per_minute=3)
    for _ in range(3):
        await knock(door)
    full = clock.at
    for wait, after in ((20, 0), (11, 9_500), (1, 19_999)):
        clock.at = full + after
        with pytest.raises(TooManyRequests) as caught:
            await knock(door)
        assert caught.value.retry_after == wait
    clock.at = full + 20_000
    await knock(door)
    with pytest.raises(TooManyRequests):
        await knock(door)
    clock.at += 3_600_000
    for _ in range(3):
        await knock(door)
    with pytest.raises(TooManyRequests):
        await knock(door)


async def test_callers_with_a_wrong_secret_use_up_nobodys_requests(door: Admission, store: Store, clock: Hands) -> None:
    await change(store, clock, requests_per_minute=1)
    for _ in range(5):
        with pytest.raises(WrongSecret):
            await door.enter("client", "shop-id", "wrong", "")
    assert (await knock(door)).name == "shop"


async def test_a_clock_set_back_lets_nobody_wait_longer_than_a_minute(
    door: Admission, store: Store, clock: Hands
) -> None:
    await change(store, clock, requests_per_minute=1)
    await knock(door)
    clock.at -= 3_600_000
    with pytest.raises(TooManyRequests):
        await knock(door)
    clock.at += 60_000
    assert (await knock(door)).name == "shop"
