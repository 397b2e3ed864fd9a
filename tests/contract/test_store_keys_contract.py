"""What every store must do about named keys."""

from dataclasses import replace

import pytest

from bridge.errors import NoSuchThing, NotPossible
from bridge.model.scope import EVERYTHING, FULL, Grant, Key, Scope
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential
from tests.support.store_rows import BY, NOW, Opener

DAY = 86_400_000
SEND = frozenset({Scope.SEND})
CRM = Credential("apikey", "", "d-crm", NOW + DAY, "crm", SEND, NOW, "abc123")


async def grant(store: Store, kind: str, digest: str, now: int = NOW) -> Grant | None:
    found = await store.account_for(kind, "", digest, now)
    return found and found.grant


async def test_a_key_opens_its_account_with_its_scopes_over_a_restart(store: Store, reopen: Opener) -> None:
    await store.add_key("shop", CRM, 9, BY)
    again = await reopen()
    assert await grant(again, "apikey", "d-crm") == Grant(SEND, "crm", NOW + DAY, 0)
    assert await again.keys("shop") == [Key("shop", "crm", "apikey", "abc123", SEND, NOW, NOW + DAY, 0)]
    assert await again.keys("cafe") == []
    assert (await again.audit("shop", 9, "")).rows[0].what == "add_key"


async def test_credentials_without_a_name_may_do_everything_and_are_no_keys(store: Store) -> None:
    await store.add_credential("shop", Credential("apikey", "", "own"))
    assert await grant(store, "apikey", "own") == FULL
    assert FULL.scopes == EVERYTHING
    assert await store.keys() == []


async def test_an_expired_key_is_known_as_such_until_it_is_revoked(store: Store) -> None:
    await store.add_key("shop", CRM, 9, BY)
    await store.forget_expired(NOW + 9 * DAY)
    assert await grant(store, "apikey", "d-crm", NOW + DAY) is None
    assert await store.ended("apikey", "", "d-crm", NOW + DAY) == NOW + DAY
    assert await store.ended("apikey", "", "d-crm", NOW) == 0
    assert await store.ended("apikey", "", "nobody", NOW + DAY) == 0
    assert len(await store.keys("shop")) == 1
    await store.revoke_key("shop", "crm", BY)
    assert await store.keys("shop") == []
    assert await store.ended("apikey", "", "d-crm", NOW + DAY) == 0
    assert (await store.audit("shop", 9, "")).rows[0].what == "revoke_key"


async def test_a_revoked_client_takes_its_tokens_with_it_and_no_other(store: Store) -> None:
    await store.add_key("shop", replace(CRM, kind="client", ident="", digest="d"), 9, BY)
    await store.add_credential("shop", Credential("token", "", "t1", NOW + 10, "crm", SEND))
    await store.add_credential("shop", Credential("token", "", "t2", NOW + 10))
    assert await grant(store, "token", "t1") == Grant(SEND, "crm", NOW + 10, 0)
    assert [key.name for key in await store.keys("shop")] == ["crm"]
    await store.revoke_key("shop", "crm", BY)
    assert (await grant(store, "token", "t1"), await grant(store, "client", "d")) == (None, None)
    assert await grant(store, "token", "t2") is not None


async def test_tokens_end_when_their_client_is_replaced(store: Store) -> None:
    await store.add_credential("shop", Credential("token", "", "t", NOW + DAY))
    await store.rotate("shop", [Credential("client", "b", "d")], NOW + 60, BY)
    assert await grant(store, "token", "t", NOW + 59) is not None
    assert await grant(store, "token", "t", NOW + 60) is None


async def test_replacing_the_accounts_own_leaves_its_keys(store: Store) -> None:
    await store.add_key("shop", CRM, 9, BY)
    await store.rotate("shop", [Credential("apikey", "", "new")], NOW, BY)
    await store.add_credential("shop", Credential("apikey", "", "newer"), replace=True)
    assert await grant(store, "apikey", "d-crm") is not None
    assert await grant(store, "apikey", "new") is None


async def test_names_are_used_once_in_an_account_and_there_are_not_too_many(store: Store) -> None:
    await store.add_key("shop", CRM, 2, BY)
    with pytest.raises(NotPossible, match="has a key 'crm'"):
        await store.add_key("shop", replace(CRM, digest="other", kind="client"), 2, BY)
    await store.add_key("cafe", replace(CRM, digest="other"), 2, BY)
    await store.add_key("shop", replace(CRM, name="till", digest="till"), 2, BY)
    with pytest.raises(NotPossible, match="as many as there may be"):
        await store.add_key("shop", replace(CRM, name="third", digest="third"), 2, BY)
    assert [(key.account, key.name) for key in await store.keys()] == [
        ("cafe", "crm"), ("shop", "crm"), ("shop", "till"),
    ]  # fmt: skip


async def test_nothing_is_changed_or_written_for_what_is_not_there(store: Store) -> None:
    with pytest.raises(NoSuchThing):
        await store.add_key("nobody", CRM, 9, BY)
    for name in ("crm", ""):
        with pytest.raises(NoSuchThing):
            await store.revoke_key("shop", name, BY)
    assert (await store.audit("", 9, "")).rows == ()


async def test_the_day_of_the_last_use_is_kept(store: Store) -> None:
    await store.add_key("shop", CRM, 9, BY)
    for day in (NOW, NOW - DAY):
        await store.used("shop", "crm", day)
    assert [key.used_at for key in await store.keys("shop")] == [NOW]


async def test_a_new_account_is_in_the_trail(store: Store) -> None:
    made = replace(await store.account("shop"), name="bakery")
    await store.add_account(made, [], BY)
    with pytest.raises(NotPossible):
        await store.add_account(made, [], BY)
    assert [row.what for row in (await store.audit("", 9, "")).rows] == ["add_account"]
