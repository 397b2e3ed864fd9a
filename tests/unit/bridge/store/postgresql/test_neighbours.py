"""Bridges that share a database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import psycopg
import pytest

from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.ports.store.neighbours import PlaceLost
from bridge.ports.store_rows import Claim, Outcome
from bridge.store.postgresql.connection import Connection
from bridge.store.postgresql.store import PostgresqlStore
from tests.support.empty_store import empty_store
from tests.support.store_rows import NOW, SHOP, message
from tests.support.waiting import until
from tests.unit.bridge.store.postgresql.test_place import opened

LEASE = 60.0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


@pytest.fixture
async def east(url: str) -> AsyncIterator[PostgresqlStore]:
    store = await opened(url, "east")
    await store.add_account(SHOP, [])
    assert not await store.hold(["modem"], LEASE, NOW)
    yield store
    await store.close()


@pytest.fixture
async def west(url: str) -> AsyncIterator[PostgresqlStore]:
    store = await opened(url, "west")
    yield store
    await store.close()


def silence(url: str, bridge: str = "east") -> None:
    """Let its last sign of life be long ago."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("UPDATE bridges SET seen = seen - make_interval(secs => 3600) WHERE name = %s", (bridge,))


async def claimed(store: PostgresqlStore, line: str, number: int = 1) -> Claim:
    await store.submit([message(number, route=line)])
    claim = await store.claim(line, [line], NOW)
    assert claim is not None
    return claim


async def state(store: PostgresqlStore, claim: Claim) -> State:
    return (await store.message(claim.message.id)).state


async def test_a_bridge_settles_what_it_had_in_hand_and_nothing_of_another(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    await west.hold(["phone"], LEASE, NOW)
    hers, his = await claimed(east, "modem"), await claimed(west, "phone", 2)
    await east.close()
    again = await opened(url, "east")
    assert await again.recover(NOW) == 1
    assert (await state(again, hers), await state(again, his)) == (State.UNKNOWN, State.SENDING)
    await again.close()


async def test_what_is_in_the_hand_of_a_line_that_is_nobodys_is_settled_by_the_first(east: PostgresqlStore) -> None:
    claim = await claimed(east, "of the time before")
    assert await east.recover(NOW) == 1
    assert await state(east, claim) is State.UNKNOWN


async def test_a_device_of_a_bridge_that_lives_is_not_given_to_another(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    refused = await west.hold(["modem", "phone"], LEASE, NOW)
    assert list(refused) == ["modem"]
    assert "the bridge 'east' has a device of this name" in refused["modem"]
    silence(url)
    assert await west.hold(["modem"], LEASE, NOW)  # its session has the name still
    await east.close()
    await until(lambda: free(west))  # once the server knows


async def free(store: PostgresqlStore) -> bool:
    return not await store.hold(["modem"], LEASE, NOW)


async def test_a_device_of_a_bridge_that_is_gone_is_left_to_it_until_its_time_is_up(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    await east.close()
    assert await west.hold(["modem"], LEASE, NOW)
    silence(url)
    await until(lambda: free(west))


async def test_a_device_of_a_bridge_that_said_that_it_ends_is_free_at_once(
    east: PostgresqlStore, west: PostgresqlStore
) -> None:
    await east.leave()
    await east.close()
    await until(lambda: free(west))


async def test_devices_that_are_not_held_any_more_are_free(east: PostgresqlStore, west: PostgresqlStore) -> None:
    await east.hold(["other"], LEASE, NOW)
    assert not await west.hold(["modem"], LEASE, NOW)


async def test_a_late_outcome_of_what_another_bridge_settled_is_evidence(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    await east.hold(["modem", "kept"], LEASE, NOW)
    late, held = await claimed(east, "modem"), await claimed(east, "kept", 2)
    await taken_over(url, east, west)
    assert (await state(west, late), await state(west, held)) == (State.UNKNOWN, State.SENDING)
    with pytest.raises(PlaceLost):
        await east.beat(LEASE, {})
    await east.take_again()
    for claim in (late, held):
        await east.record(Outcome(claim.message.id, 1, State.SENT, 7), NOW)
    assert (await state(west, late), await state(west, held)) == (State.SENT, State.SENT)


async def test_a_late_outcome_that_says_nothing_sure_changes_nothing(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    claim = await claimed(east, "modem")
    await taken_over(url, east, west)
    await west.resend(claim.message.id, NOW)
    again = await west.claim("modem", ["", "modem"], NOW + 1)
    assert again is not None
    await east.take_again()
    await east.record(Outcome(claim.message.id, 1, State.QUEUED, unsure=True), NOW)
    assert await state(west, claim) is State.SENDING  # the try of the other bridge
    await west.record(Outcome(claim.message.id, 1, State.SENT, 8), NOW)
    assert await state(west, claim) is State.SENT


async def taken_over(url: str, east: PostgresqlStore, west: PostgresqlStore) -> None:
    """Another bridge takes the modem, once the server lost sight of the first."""
    silence(url)
    session = cast(Connection, east._write_connection)._session
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (session.info.backend_pid,))
    assert not await west.hold(["modem"], LEASE, NOW)


async def test_the_duties_are_of_one_until_its_time_is_up_or_it_is_gone(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    assert (await east.beat(LEASE, {})).on_duty
    assert not (await west.beat(LEASE, {})).on_duty
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("UPDATE duties SET until = until - make_interval(secs => 3600)")
    assert (await west.beat(LEASE, {})).on_duty
    assert not (await east.beat(LEASE, {})).on_duty
    await west.close()  # as a bridge that is killed

    async def taken() -> bool:
        return (await east.beat(LEASE, {})).on_duty

    await until(taken)


async def test_who_does_not_ask_for_the_duties_leaves_them_to_who_does(
    east: PostgresqlStore, west: PostgresqlStore
) -> None:
    assert not (await east.beat(LEASE, {}, asks=False)).on_duty
    assert (await east.beat(LEASE, {})).on_duty
    assert not (await east.beat(LEASE, {}, asks=False)).on_duty
    assert (await west.beat(LEASE, {})).on_duty
    assert not (await east.beat(LEASE, {}, asks=False)).on_duty
    assert (await west.beat(LEASE, {})).on_duty


async def test_each_knows_how_the_lines_of_the_others_are(east: PostgresqlStore, west: PostgresqlStore) -> None:
    line = Line("modem", "modem", "gsm_modem", LineState.READY, number="+15550100", signal_dbm=-70)
    await east.beat(LEASE, {"modem": [line], "nobody's": [line]})
    [found] = await west.neighbours()
    assert (found.name, found.ended, found.lines) == ("east", False, (line,))
    assert 0 <= found.silent_ms < 60_000
    assert (found.role, found.on_duty) == ("", True)
    await east.beat(LEASE, {}, asks=False, role="api")
    [found] = await west.neighbours()
    assert (found.role, found.on_duty) == ("api", False)
    await east.leave()
    [found] = await west.neighbours()
    assert found.ended
    assert [each.name for each in await east.neighbours()] == ["west"]


async def test_the_lines_of_a_device_stay_known_while_it_changes_hands(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    line = Line("modem", "modem", "gsm_modem", LineState.READY)
    await east.beat(LEASE, {"modem": [line]})
    await taken_over(url, east, west)
    [found] = await east.neighbours()
    assert (found.name, found.lines) == ("west", (line,))


async def test_a_bridge_that_does_not_come_back_is_forgotten(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    line = Line("modem", "modem", "gsm_modem", LineState.READY)
    await east.beat(LEASE, {"modem": [line]})
    silence(url)
    [found] = await west.neighbours()
    assert (found.silent_ms >= 3_600_000, found.lines) == (True, (line,))
    for _ in range(7 * 24):
        silence(url)
    assert await west.neighbours() == ()
    await east.beat(LEASE, {})
    await east.leave()
    assert len(await west.neighbours()) == 1
    silence(url)
    assert await west.neighbours() == ()


async def test_the_time_is_the_servers(url: str, east: PostgresqlStore) -> None:
    with psycopg.connect(url) as other:
        row = other.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone()
    assert row is not None
    assert (await east.moment()) - int(row[0]) in range(60_000)
    assert (await east.beat(LEASE, {})).at - int(row[0]) in range(60_000)
