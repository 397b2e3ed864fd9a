"""Long SMS on the wire: a sender who never changes the reference, and a network that delivers in any order."""

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.model.radio import Concat
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.gsm_modem.pdu.timestamp import SIZE, timestamp
from device_drivers.virtual.network.message import Posting, now
from device_drivers.virtual.world import World
from tests.support.running import on_modems
from tests.support.waiting import until

CUSTOMER, REFERENCE = "+15550150", 7
MINUTE, SECOND = 60_000, 1000


def parts_of(name: str, to: str, sent_at: int) -> list[Posting]:
    """A message of three parts."""
    return [
        Posting(
            CUSTOMER, to, 0, report=False, sent_at=sent_at,
            pdu=encode_deliver(
                CUSTOMER, f"{name} {index} ", sent_at=sent_at + index * SECOND, concat=Concat(REFERENCE, 3, index)
            ),
        )
        for index in (1, 2, 3)
    ]  # fmt: skip


async def deliver(world: World, posting: Posting) -> None:
    """Let it arrive and be taken from the modem, before anything else does."""
    storage, sizes = world.modems[0].state.storage, world.modems[0].state.profile.sizes
    came = asyncio.Event()
    world.network.carry(posting)
    asyncio.get_running_loop().call_soon(came.set)
    await came.wait()

    async def taken() -> bool:
        return not world.network.held(posting.recipient) and not any(len(storage[name]) for name in sizes)

    await until(taken)


@pytest.mark.parametrize(
    "order", [(0, 3, 1, 4, 2, 5), (5, 0, 4, 1, 3, 2), (0, 5, 1, 3, 4, 2), (3, 4, 0, 1, 2, 5)], ids=str
)
async def test_two_long_messages_under_one_reference_are_two(tmp_path: Path, order: tuple[int, ...]) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        us, at = world.modems[0].number, now() - 10 * MINUTE
        parts = [*parts_of("early", us, at), *parts_of("late", us, at + MINUTE)]
        for place in order:
            await deliver(world, parts[place])
        found = await bridge.received(2)
        assert {(row.text, row.partial) for row in found} == {
            ("early 1 early 2 early 3 ", False),
            ("late 1 late 2 late 3 ", False),
        }


async def test_every_part_delivered_twice_is_one_message(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        us, at = world.modems[0].number, now() - MINUTE
        early, late = parts_of("early", us, at), parts_of("late", us, at + 30 * SECOND)
        for posting in itertools.chain(early, early, late, late):
            await deliver(world, posting)
        await bridge.received(2)
        world.network.handset(CUSTOMER).send(us, "the end")
        found = await bridge.received(3)
        assert [row.text for row in found] == ["early 1 early 2 early 3 ", "late 1 late 2 late 3 ", "the end"]


async def test_the_same_text_twice_from_a_centre_that_stamps_nothing_is_received_twice(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        us, at = world.modems[0].number, now()
        parts = [
            replace(posting, pdu=posting.pdu.replace(timestamp(at + place * SECOND).hex().upper(), "00" * SIZE))
            for place, posting in enumerate(parts_of("alarm", us, at), 1)
        ]
        for posting in [*parts, *parts]:
            await deliver(world, posting)
        found = await bridge.received(2)
        assert [(row.text, row.partial) for row in found] == [("alarm 1 alarm 2 alarm 3 ", False)] * 2
