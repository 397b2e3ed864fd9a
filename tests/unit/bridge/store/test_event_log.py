"""Events on disk: positions that grow, and ids that no two have."""

import re
import uuid

import pytest

from bridge.bus import Bus
from bridge.model.event import Event
from bridge.store.event_log import new_uuid
from bridge.store.sqlite import SqliteStore


def test_an_id_is_a_random_uuid_as_the_standard_writes_it() -> None:
    made = {new_uuid() for _ in range(1000)}
    assert len(made) == 1000
    for each in made:
        assert (str(uuid.UUID(each)), uuid.UUID(each).version, uuid.UUID(each).variant) == (each, 4, uuid.RFC_4122)


async def test_what_is_told_is_what_was_written_with_its_position(store: SqliteStore, bus: Bus) -> None:
    heard: list[Event] = []
    bus.subscribe(heard.extend)
    for subject in ("office", "duo:1"):
        await store.note(Event(0, "", "line.changed", "", 7, subject, {"reason": "unplugged"}))
    await store.pulse()
    assert heard == await store.events("", after=0, limit=10)
    assert [event.seq for event in heard] == sorted({event.seq for event in heard})
    assert all(re.fullmatch(r"[0-9a-f-]{36}", event.id) for event in heard)
    assert await store.newest_event() == heard[-1].seq


async def test_an_account_reads_its_own_events_and_everybodys(store: SqliteStore) -> None:
    for account in ("shop", "cafe", ""):
        await store.note(Event(0, "", "line.changed", account, 7, f"of {account or 'everybody'}", {}))
    told = [event.subject for event in await store.events("shop", after=0, limit=10)]
    assert told == ["of shop", "of everybody"]
    assert len(await store.events("", after=0, limit=10)) == 3
    assert [event.subject for event in await store.events("shop", after=1, limit=1)] == ["of everybody"]


async def test_the_position_is_zero_while_nothing_has_happened(store: SqliteStore) -> None:
    assert await store.newest_event() == 0


@pytest.mark.parametrize(("at", "heard"), [(0, "abc"), (10, "abc"), (11, "bc"), (20, "bc"), (21, "c"), (31, "")])
async def test_finds_what_happened_from_a_moment_on(store: SqliteStore, at: int, heard: str) -> None:
    for when, subject in ((10, "a"), (20, "b"), (30, "c")):
        await store.note(Event(0, "", "line.changed", "", when, subject, {}))
    found = await store.events("", after=await store.event_position(at), limit=10)
    assert "".join(event.subject for event in found) == heard
