"""The position in a site's events follows what the core has, and nothing else."""

import asyncio

from bridge.model.radio import InboundPart
from bridge.ports.driver import VolatileMemory
from device_drivers.bridge_remote.position import Position


def sms(slot: str) -> InboundPart:
    return InboundPart("shop2:office", slot, "+15550123", "hi")


async def test_it_moves_only_past_what_is_acknowledged_in_order() -> None:
    memory = VolatileMemory()
    position = Position(memory)
    first, second = sms("a"), sms("b")
    position.came(5, first)
    position.came(6, second)
    position.came(7)
    position.acknowledge(second)
    await position.flush()
    assert (memory.get("position"), position.read) == (None, 7)
    position.acknowledge(first)
    position.acknowledge(first)
    held = await position.keep()
    assert memory.get("position") == "7 0"
    assert [each.place for each in held] == ["a", "b"]
    assert Position(memory).read == 7


async def test_equal_items_are_told_apart() -> None:
    position = Position(VolatileMemory())
    one, other = sms("a"), sms("a")
    position.came(1, one)
    position.came(2, other)
    position.acknowledge(other)
    await position.flush()
    position.acknowledge(one)
    assert len(await position.keep()) == 2


async def test_nothing_is_kept_before_something_moves() -> None:
    position = Position(VolatileMemory())
    keeping = asyncio.get_running_loop().create_task(position.keep())
    position.came(3)
    assert await keeping == []


async def test_a_site_with_an_older_store_is_read_from_after_the_last_event_on() -> None:
    memory = VolatileMemory()
    position = Position(memory)
    await position.begin("shop of 1", "2026-11-20T22:48:32Z")
    position.came(9, at=1_795_215_712_123)
    position.came(10)
    await position.flush()
    assert memory.get("position") == "10 1795215712123"
    again = Position(memory)
    await again.rewind()
    assert (again.read, again.since) == (0, "2026-11-20T23:01:52.124000+00:00")
    assert Position(memory).read == 0


async def test_another_site_begins_now_and_the_same_one_where_it_was() -> None:
    memory = VolatileMemory()
    position = Position(memory)
    await position.begin("shop of 1", "2026-11-20T22:48:32Z")
    position.came(9)
    await position.flush()
    again = Position(memory)
    await again.begin("shop of 1", "2026-11-21T00:00:00Z")
    assert (again.read, again.since) == (9, "2026-11-20T22:48:32Z")
    other = Position(memory)
    await other.begin("shop of 2", "2026-11-21T00:00:00Z")
    assert (other.read, other.since) == (0, "2026-11-21T00:00:00Z")


async def test_a_backup_that_has_gone_on_is_seen_by_the_event_that_was_read_last() -> None:
    hour, at = 3_600_000, 1_795_215_712_123
    position = Position(VolatileMemory())
    assert not position.is_of_another_store(5, at, at)  # nothing was read yet
    position.came(9, at=at)
    assert not position.is_of_another_store(9, at, at + hour)
    assert position.is_of_another_store(9, at + 1, at + hour)
    assert position.is_of_another_store(11, at + 5, at + hour)  # it is gone, and cannot be forgotten yet
    assert not position.is_of_another_store(11, at + 5, at + 24 * hour)
