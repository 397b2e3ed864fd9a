"""What every store must do about people and their sessions."""

from dataclasses import replace

import pytest

from bridge.errors import NoSuchThing, NotPossible, WrongSecret
from bridge.model.account import Author
from bridge.model.user import Link, Role, Session, User, UserChange
from bridge.ports.store import Store
from tests.support.store_rows import BY, NOW, Opener

DAY, IDLE = 86_400_000, 3_600_000
ANNA, BOB = User("anna", Role.OWNER, NOW), User("bob", Role.READER, NOW)
HERE = Session("s1", "anna", "192.0.2.7", "a browser", NOW, NOW, NOW + DAY)


@pytest.fixture
async def people(store: Store) -> Store:
    await store.add_user(ANNA, "hash-a", BY)
    await store.add_user(BOB, "hash-b", BY)
    return store


async def test_people_and_sessions_outlive_a_restart(people: Store, reopen: Opener) -> None:
    await people.begin_session("d1", HERE, BY)
    again = await reopen()
    assert await again.users() == [replace(ANNA, seen_at=NOW), BOB]
    found = await again.login("ANNA")
    assert found is not None
    assert (found.user.name, found.password, found.totp_secret) == ("anna", "hash-a", "")
    assert await again.session("d1", NOW, IDLE) == (HERE, replace(ANNA, seen_at=NOW))
    assert await again.login("nobody") is None


async def test_a_session_stands_until_it_is_idle_or_over(people: Store) -> None:
    await people.begin_session("d1", HERE, BY)
    assert await people.session("d1", NOW + IDLE - 1, IDLE) is not None
    assert await people.session("d1", NOW + IDLE, IDLE) is None
    await people.note_session("d1", NOW + IDLE)
    assert await people.session("d1", NOW + IDLE, IDLE) is not None
    await people.note_session("d1", NOW + DAY)
    assert await people.session("d1", NOW + DAY, IDLE) is None
    assert await people.sessions("", NOW + DAY, IDLE) == []
    assert await people.session("another", NOW, IDLE) is None


async def test_sessions_end_one_by_one_or_all_but_one(people: Store) -> None:
    for number in range(3):
        await people.begin_session(f"d{number}", replace(HERE, id=f"s{number}", created_at=NOW + number), BY)
    await people.begin_session("other", replace(HERE, id="other", user="bob"), BY)
    assert [each.id for each in await people.sessions("Anna", NOW, IDLE)] == ["s2", "s1", "s0"]
    with pytest.raises(NoSuchThing):
        await people.end_session("bob", "s0")
    await people.end_session("anna", "s0")
    assert await people.end_sessions("anna", keep="d2") == 1
    assert [each.id for each in await people.sessions("", NOW, IDLE)] == ["s2", "other"]
    await people.end_session("", "other")


@pytest.mark.parametrize("change", [UserChange(password="another"), UserChange(disabled=True)], ids=str)
async def test_a_change_of_who_may_come_in_ends_the_sessions(people: Store, change: UserChange) -> None:
    await people.add_user(User("carl", Role.OWNER, NOW), "hash-c", BY)
    for number in (1, 2):
        await people.begin_session(f"d{number}", replace(HERE, id=f"s{number}"), BY)
    await people.change_user("anna", change, BY, keep="d2")
    assert await people.session("d1", NOW, IDLE) is None
    assert (await people.session("d2", NOW, IDLE) is None) == bool(change.disabled)


@pytest.mark.parametrize("change", [UserChange(role=Role.OPERATOR), UserChange(disabled=True)], ids=str)
async def test_there_is_always_an_owner_who_can_sign_in(people: Store, change: UserChange) -> None:
    await people.add_user(User("carl", Role.OWNER, NOW), "", BY)
    before = await people.users()
    with pytest.raises(NotPossible):
        await people.change_user("anna", change, BY)
    with pytest.raises(NotPossible):
        await people.remove_user("anna", BY)
    assert await people.users() == before
    await people.change_user("carl", UserChange(password="hash-c"), BY)
    await people.change_user("anna", change, BY)
    await people.remove_user("anna", BY)


async def test_one_name_is_one_user_whatever_the_case(people: Store) -> None:
    with pytest.raises(NotPossible):
        await people.add_user(replace(BOB, name="ANNA"), "hash", BY)
    with pytest.raises(NotPossible):
        await people.add_user(replace(BOB, name="carl"), "hash", BY, first=True)
    with pytest.raises(NoSuchThing):
        await people.change_user("carl", UserChange(disabled=True), BY)


async def test_codes_are_good_once_and_only_after_one_was_shown(people: Store) -> None:
    with pytest.raises(NotPossible):
        await people.begin_totp("anna", 7, [], BY)
    await people.propose_totp("anna", "SECRET")
    assert not (await people.users())[0].totp
    await people.begin_totp("anna", 7, ["c1", "c2"], BY)
    found = await people.login("anna")
    assert found is not None
    assert (found.user.totp, found.user.recovery_codes_left, found.totp_secret) == (True, 2, "SECRET")
    with pytest.raises(NotPossible):
        await people.propose_totp("anna", "OTHER")
    assert [await people.use_totp("anna", step) for step in (7, 8, 8, 6)] == [False, True, False, False]
    assert [await people.use_recovery_code("anna", code) for code in ("c1", "c1", "c3")] == [True, False, False]
    assert not await people.use_recovery_code("bob", "c2")
    changed = await people.change_user("anna", UserChange(totp=False), BY)
    assert (changed.totp, changed.recovery_codes_left) == (False, 0)
    found = await people.login("anna")
    assert found is not None
    assert found.totp_secret == ""


async def test_a_link_is_good_once_until_it_ends_or_another_is_made(people: Store) -> None:
    await people.begin_session("d1", replace(HERE, user="bob"), BY)
    for digest in ("l1", "l2"):
        await people.add_link(digest, Link("bob", Role.READER, NOW + DAY), BY)
    assert await people.link("l1", NOW) is None
    assert await people.link("l2", NOW) == Link("bob", Role.READER, NOW + DAY)
    assert await people.link("l2", NOW + DAY) is None
    assert (await people.redeem("l2", "ignored", "hash-2", BY)).name == "bob"
    assert await people.session("d1", NOW, IDLE) is None
    with pytest.raises(NoSuchThing):
        await people.redeem("l2", "", "hash-3", BY)
    found = await people.login("bob")
    assert found is not None
    assert found.password == "hash-2"


async def test_a_link_without_a_name_makes_the_first_owner_and_no_other(store: Store) -> None:
    for digest in ("l1", "l2"):
        await store.add_link(digest, Link("", Role.OWNER, NOW + DAY), Author("the bridge", NOW))
    assert (await store.redeem("l2", "anna", "hash", BY)).role is Role.OWNER
    await store.add_link("l3", Link("", Role.OWNER, NOW + DAY), BY)
    with pytest.raises(NotPossible):
        await store.redeem("l3", "eve", "hash", BY)
    assert [user.name for user in await store.users()] == ["anna"]


async def test_who_is_removed_while_signing_in_is_not_signed_in(people: Store) -> None:
    await people.remove_user("bob", BY)
    with pytest.raises(WrongSecret):
        await people.begin_session("d1", replace(HERE, user="bob"), BY)
    assert await people.sessions("", NOW, IDLE) == []


async def test_who_is_removed_leaves_nothing_but_the_trail(people: Store) -> None:
    await people.begin_session("d1", replace(HERE, user="bob"), BY)
    await people.add_link("l1", Link("bob", Role.READER, NOW + DAY), BY)
    await people.remove_user("bob", BY)
    assert (await people.session("d1", NOW, IDLE), await people.link("l1", NOW)) == (None, None)
    trail = [(each.what, each.detail) for each in (await people.audit("", 9, "")).rows]
    assert trail == [
        ("remove_user", "bob"),
        ("link_user", "bob"),
        ("sign_in", "a browser"),
        ("add_user", "bob, reader"),
        ("add_user", "anna, owner"),
    ]
