"""People are administered on a real store."""

from pathlib import Path

import pytest

from bridge.accounts.users import LINK_LIFE, Users
from bridge.errors import BadRequest, NotPossible
from bridge.model.user import Role
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store


@pytest.fixture
async def store(tmp_path: Path) -> SqliteStore:
    empty_store(tmp_path)
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open()
    return store


async def test_there_is_nobody_until_there_is_somebody(store: SqliteStore) -> None:
    users = Users(store, FakeClock())
    assert await users.are_there_none()
    made = await users.add("test", "anna", Role.OWNER, "correct horse battery")
    assert not await users.are_there_none()
    assert (await users.get("ANNA"), await users.get("bob")) == (made, None)
    await store.close()


async def test_who_watches_hears_of_changes_that_end_sessions(store: SqliteStore) -> None:
    changes: list[str] = []
    users = Users(store, FakeClock(), lambda: changes.append("changed"))
    for name in ("anna", "bob"):
        await users.add("test", name, Role.OWNER, "correct horse battery")
    await users.change("test", "bob", disabled=True)
    await users.remove("test", "bob")
    assert changes == ["changed"] * 2
    with pytest.raises(NotPossible):
        await users.remove("test", "anna")
    assert changes == ["changed"] * 2
    await store.close()


async def test_a_link_lasts_a_day(store: SqliteStore) -> None:
    users = Users(store, FakeClock())
    made = await users.add("test", "anna", Role.OWNER)
    secret, ends = await users.link("test", made)
    assert (len(secret) >= 32, ends) == (True, START + LINK_LIFE)
    await store.close()


async def test_the_name_of_the_command_line_is_nobodys(store: SqliteStore) -> None:
    with pytest.raises(BadRequest) as caught:
        await Users(store, FakeClock()).add("test", "operator", Role.OWNER, "correct horse battery")
    assert caught.value.field == "name"
    await store.close()
