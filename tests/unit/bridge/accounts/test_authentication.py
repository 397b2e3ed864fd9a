"""The door: credentials, addresses and rates, over a real store, by a clock that tests set."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.accounts.authentication import Authenticator, allowed
from bridge.accounts.credentials import digest
from bridge.accounts.tallies import Tallies
from bridge.accounts.throttling import FREE
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
from bridge.model.account import Account, AccountChange, Author
from bridge.model.scope import EVERYTHING, INBOX, READ, SEND
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential
from bridge.store import open_store
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store

SHOP = Account("shop", START)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(empty_store(tmp_path))
    key, pair = Credential("apikey", "", digest("key")), Credential("client", "shop-id", digest("secret"))
    await store.add_account(SHOP, [key, pair])
    yield store
    await store.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def door(store: Store, clock: FakeClock) -> Authenticator:
    return Authenticator(store, clock)


async def change(store: Store, clock: FakeClock, **terms: object) -> None:
    await store.change_account("shop", AccountChange(**terms), Author("test", START))  # type: ignore[arg-type]
    clock.at += 1001  # what the door remembers is over


async def knock(door: Authenticator, address: str = "192.0.2.1") -> Account:
    return await door.enter("apikey", "", "key", address)


async def test_lets_in_who_has_the_secret(door: Authenticator) -> None:
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
    door: Authenticator, kind: str, ident: str, secret: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await door.enter(kind, ident, secret, "192.0.2.1")


async def test_notices_within_a_second_that_an_account_is_disabled(
    door: Authenticator, store: Store, clock: FakeClock
) -> None:
    await knock(door)
    await store.change_account("shop", AccountChange(disabled=True), Author("test", START))
    clock.at += 1001
    with pytest.raises(AccountDisabled):
        await knock(door)
    with pytest.raises(WrongSecret):
        await door.enter("client", "shop-id", "wrong", "")


async def test_notices_that_an_account_is_disabled_when_the_clock_was_set_back(
    door: Authenticator, store: Store, clock: FakeClock
) -> None:
    await knock(door)
    await store.change_account("shop", AccountChange(disabled=True), Author("test", START))
    clock.step(-3_600_000)
    clock.at += 1001
    with pytest.raises(AccountDisabled):
        await knock(door)


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


async def test_refuses_other_addresses(door: Authenticator, store: Store, clock: FakeClock) -> None:
    await change(store, clock, addresses=("192.0.2.0/24",))
    assert (await knock(door)).name == "shop"
    with pytest.raises(AddressRefused):
        await knock(door, "198.51.100.1")


async def test_a_minutes_worth_goes_at_once_and_then_one_as_each_is_due(
    door: Authenticator, store: Store, clock: FakeClock
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


async def test_requests_at_another_process_count_here_and_are_regained_as_ones_own(
    store: Store, clock: FakeClock
) -> None:
    here, there = Tallies(), Tallies()
    there.shared = True
    one, other = Authenticator(store, clock, here), Authenticator(store, clock, there)
    await change(store, clock, requests_per_minute=3)
    for _ in range(2):
        await knock(other)
    here.hear(there.take())
    await knock(one)
    with pytest.raises(TooManyRequests):
        await knock(one)
    here.hear([(("requests", "shop", "3"), 100)])  # too many elsewhere is nobody's debt
    clock.at += 20_000
    await knock(one)


async def test_wrong_secrets_at_another_process_make_their_sender_wait_here(store: Store, clock: FakeClock) -> None:
    here, there = Tallies(), Tallies()
    there.shared = True
    one, other = Authenticator(store, clock, here), Authenticator(store, clock, there)
    for _ in range(FREE):
        with pytest.raises(UnknownCaller):
            await other.enter("apikey", "", "wrong", "192.0.2.1")
    here.hear(there.take())
    with pytest.raises(TooManyRequests):
        await one.enter("apikey", "", "wrong", "192.0.2.1")


async def test_callers_with_a_wrong_secret_use_up_nobodys_requests(
    door: Authenticator, store: Store, clock: FakeClock
) -> None:
    await change(store, clock, requests_per_minute=1)
    for _ in range(5):
        with pytest.raises(WrongSecret):
            await door.enter("client", "shop-id", "wrong", "")
    assert (await knock(door)).name == "shop"


async def test_a_clock_set_back_lets_nobody_wait_longer_than_a_minute(
    door: Authenticator, store: Store, clock: FakeClock
) -> None:
    await change(store, clock, requests_per_minute=1)
    await knock(door)
    clock.step(-3_600_000)
    with pytest.raises(TooManyRequests):
        await knock(door)
    clock.at += 60_000
    assert (await knock(door)).name == "shop"


# -- scopes and ends ----------------------------------------------------------------------------
CRM = Credential("apikey", "", digest("crm"), START + 86_400_000, "crm", SEND, START, "crm")


async def add(store: Store, credential: Credential) -> None:
    await store.add_key("shop", credential, 9, Author("test", START))


async def test_a_key_is_for_its_scopes_and_says_which_one_is_missing(door: Authenticator, store: Store) -> None:
    await add(store, CRM)
    assert (await door.enter("apikey", "", "crm", "", SEND)).grant.key == "crm"
    assert (await door.enter("apikey", "", "crm", "")).name == "shop"
    for _ in range(2):  # from the store, and remembered
        with pytest.raises(ScopeMissing, match=r"it lacks the scope read inbox\.$"):
            await door.enter("apikey", "", "crm", "", SEND | READ | INBOX)
    assert (await door.enter("apikey", "", "key", "", EVERYTHING)).name == "shop"


async def test_a_key_ends_to_the_millisecond_and_says_when(door: Authenticator, store: Store, clock: FakeClock) -> None:
    await add(store, CRM)
    clock.at = CRM.expires_at - 1
    await door.enter("apikey", "", "crm", "")
    clock.at += 1
    with pytest.raises(KeyExpired, match=r"^The key expired on 2026-03-21 21:07 UTC: ask for a new one\.$"):
        await door.enter("apikey", "", "crm", "")
    for _ in range(50):  # whoever has an expired key is not guessing
        with pytest.raises(KeyExpired):
            await door.enter("apikey", "", "crm", "")


async def test_a_revoked_key_is_out_within_a_second(door: Authenticator, store: Store, clock: FakeClock) -> None:
    await add(store, CRM)
    await door.enter("apikey", "", "crm", "")
    await store.revoke_key("shop", "crm", Author("test", START))
    clock.at += 1001
    with pytest.raises(UnknownCaller):
        await door.enter("apikey", "", "crm", "")


async def test_the_day_of_a_keys_last_use_is_written_down_once(
    door: Authenticator, store: Store, clock: FakeClock
) -> None:
    await add(store, CRM)
    days = []
    for _ in range(3):
        await door.enter("apikey", "", "crm", "")
        days += [key.used_at for key in await store.keys("shop")]
        clock.at += 40_000_000
    midnight = START - START % 86_400_000
    assert days == [midnight, midnight + 86_400_000, midnight + 86_400_000]


class FullDisk(SqliteStore):
    """Can be read, and takes nothing more."""

    async def used(self, account: str, name: str, day: int) -> None:
        raise StoreUnavailable("the disk is full")


async def test_a_disk_that_is_full_keeps_no_key_out(tmp_path: Path, clock: FakeClock) -> None:
    store = FullDisk(f"{tmp_path}/bridge.db")
    await store.open()
    await store.add_account(SHOP, [])
    await add(store, CRM)
    assert (await Authenticator(store, clock).enter("apikey", "", "crm", "")).name == "shop"
    await store.close()


# -- guesses ------------------------------------------------------------------------------------
async def guess(door: Authenticator, times: int, address: str = "192.0.2.66", ident: str = "") -> list[type[Exception]]:
    told = []
    for number in range(times):
        try:
            await door.enter("client" if ident else "apikey", ident, f"guess {number}", address)
        except BridgeError as error:
            told.append(type(error))
    return told


async def test_who_guesses_hears_when_to_come_again(door: Authenticator, clock: FakeClock) -> None:
    assert await guess(door, 12) == [UnknownCaller] * 10 + [TooManyRequests] * 2
    with pytest.raises(TooManyRequests, match=r"^Too many failed logins") as caught:
        await door.enter("apikey", "", "guess", "192.0.2.66")
    assert caught.value.retry_after == 1
    clock.at += 1000
    assert await guess(door, 2) == [UnknownCaller, TooManyRequests]


async def test_guesses_lock_nobody_out_who_is_right(door: Authenticator) -> None:
    assert TooManyRequests in await guess(door, 30)
    assert TooManyRequests in await guess(door, 30, ident="shop-id")
    for address in ("192.0.2.66", "198.51.100.1"):  # even where the guesses come from, as behind one router
        assert await knock(door, address) == SHOP
        assert await door.enter("client", "shop-id", "secret", address) == SHOP


async def test_guesses_at_a_client_from_many_addresses_are_slowed_down_together(door: Authenticator) -> None:
    told = [await guess(door, 1, f"198.51.100.{number}", "shop-id") for number in range(12)]
    assert told == [[WrongSecret]] * 10 + [[TooManyRequests]] * 2
    assert await guess(door, 1, "198.51.100.99", "nobody") == [UnknownCaller]


async def test_calls_without_a_secret_are_no_guesses(door: Authenticator) -> None:
    for _ in range(30):
        with pytest.raises(UnknownCaller):
            await door.enter("apikey", "", "", "192.0.2.66")
    assert door.guesses.wrong == 0


async def test_a_secret_of_either_kind_is_one_guess(door: Authenticator) -> None:
    for _ in range(10):
        with pytest.raises(UnknownCaller):
            await door.enter("apikey", "", "guess", "", other="token")
    assert door.guesses.wrong == 10
    assert (await door.enter("token", "", "key", "", other="apikey")).name == "shop"


async def test_a_change_that_came_before_the_wait_for_it_is_not_missed(door: Authenticator) -> None:
    seen = door.changes
    door.forget()
    async with asyncio.timeout(20):
        await door.change(seen)
        waiting = asyncio.get_running_loop().create_task(door.change(door.changes))
        await asyncio.sleep(0)
        assert not waiting.done()
        door.forget()
        await waiting


async def test_what_lasts_ends_with_the_address_it_came_from(door: Authenticator, store: Store) -> None:
    assert await door.stands("key", "192.0.2.1", "apikey", "token")
    await store.change_account("shop", AccountChange(addresses=("192.0.2.0/24",)), Author("test", START))
    assert await door.stands("key", "192.0.2.1", "apikey", "token")
    assert not await door.stands("key", "198.51.100.1", "apikey", "token")
    assert not await door.stands("none", "192.0.2.1", "apikey", "token")
