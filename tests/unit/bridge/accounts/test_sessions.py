"""Who is signed in: what is asked of the store, and how little of it is kept in memory."""

import asyncio
from pathlib import Path

import pytest

from bridge.accounts import sessions
from bridge.accounts.passwords import hashed
from bridge.accounts.sessions import MINUTE, MOST_WAITING, Origin, Sessions
from bridge.accounts.tallies import Tallies
from bridge.accounts.throttling import FREE
from bridge.errors import TooManyRequests, WrongSecret
from bridge.model.account import Author
from bridge.model.user import Role, User
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store

PASSWORD = "correct horse battery"
HERE = Origin("192.0.2.7", "x" * 500)


@pytest.fixture
async def store(tmp_path: Path) -> SqliteStore:
    empty_store(tmp_path)
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open()
    await store.add_user(User("anna", Role.OWNER, START), hashed(PASSWORD), Author("test", START))
    return store


async def test_nothing_on_disk_opens_anything(store: SqliteStore, tmp_path: Path) -> None:
    made = await Sessions(store, FakeClock()).sign_in("anna", PASSWORD, "", HERE)
    await store.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert made.session.id.encode() in kept
    for secret in (made.secret, made.proof, PASSWORD):
        assert secret.encode() not in kept


async def test_that_it_was_used_is_written_once_a_minute(store: SqliteStore) -> None:
    clock = FakeClock()
    people = Sessions(store, clock)
    made = await people.sign_in("anna", PASSWORD, "", HERE)
    seen = []
    for _ in range(3):
        clock.at += MINUTE - 1
        await people.find(made.secret)
        seen.append((await people.all("anna"))[0].seen_at)
    assert seen == [START, START + 2 * (MINUTE - 1), START + 2 * (MINUTE - 1)]
    assert len((await people.all(""))[0].agent) == sessions.LONGEST_AGENT
    await store.close()


async def test_watching_alone_does_not_keep_a_session(store: SqliteStore) -> None:
    clock = FakeClock()
    people = Sessions(store, clock)
    made = await people.sign_in("anna", PASSWORD, "", HERE)
    clock.at += sessions.IDLE - 1
    assert await people.stands(made.secret)
    clock.at += 1
    assert not await people.stands(made.secret)
    await store.close()


async def test_a_crowd_is_not_kept_waiting_without_end(store: SqliteStore) -> None:
    people = Sessions(store, FakeClock())
    crowd = [people.sign_in("anna", "wrong", "", Origin(f"192.0.2.{n}")) for n in range(3 * MOST_WAITING)]
    found = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(each) for each in found].count(WrongSecret) <= MOST_WAITING
    assert [type(each) for each in found].count(TooManyRequests) >= 2 * MOST_WAITING
    await store.close()


async def test_guesses_from_everywhere_for_one_name_have_to_wait_and_others_do_not(store: SqliteStore) -> None:
    people = Sessions(store, FakeClock())
    await store.add_user(User("bob", Role.READER, START), hashed(PASSWORD), Author("test", START))
    for number in range(10):
        with pytest.raises(WrongSecret):
            await people.sign_in("anna", "wrong", "", Origin(f"192.0.2.{number}"))
    with pytest.raises(TooManyRequests, match=r"try again in \d+ s"):
        await people.sign_in("anna", PASSWORD, "", HERE)
    assert (await people.sign_in("bob", PASSWORD, "", HERE)).user.name == "bob"
    await store.close()


async def test_wrong_passwords_at_another_process_make_their_sender_wait_here(store: SqliteStore) -> None:
    tallies = Tallies()
    people = Sessions(store, FakeClock(), tallies=tallies)
    tallies.hear([(("wrong passwords", HERE.address, "user", "anna"), FREE)])
    with pytest.raises(TooManyRequests, match=r"try again in \d+ s"):
        await people.sign_in("anna", PASSWORD, "", HERE)
    await store.close()
