"""What webhooks bring, on its way into the core."""

import asyncio

import pytest

from bridge.errors import DeviceLost
from bridge.model.radio import Held, InboundPart
from bridge.tasks import Tasks
from device_drivers._intake import DAY, Intake

NOW = 1_790_164_800_000  # 2026-09-23T12:00:00Z
FIRST, SECOND = (
    InboundPart("shop", "20260923:a", "+15550150", "one"),
    InboundPart("shop", "20260923:b", "+15550150", "two"),
)


async def test_a_webhook_is_answered_once_all_that_it_brought_is_acknowledged() -> None:
    intake = Intake("shop", DAY)
    bringing = Tasks("a test").start(intake.bring([FIRST, SECOND]), "bring")
    assert [await intake.take(1, NOW), await intake.take(1, NOW)] == [FIRST, SECOND]
    intake.acknowledge(FIRST, NOW)
    assert not bringing.done()
    intake.acknowledge(SECOND, NOW)
    async with asyncio.timeout(20):
        await bringing


async def test_what_is_brought_twice_before_it_is_acknowledged_is_given_out_once() -> None:
    intake, tasks = Intake("shop", DAY), Tasks("a test")
    both = [tasks.start(intake.bring([FIRST]), "bring") for _ in range(2)]
    assert await intake.take(1, NOW) == FIRST
    assert await intake.take(0.01, NOW) is None
    intake.acknowledge(FIRST, NOW)
    intake.acknowledge(FIRST, NOW)
    async with asyncio.timeout(20):
        await asyncio.gather(*both)


async def test_who_gives_up_waiting_leaves_the_others_waiting() -> None:
    intake, tasks = Intake("shop", DAY), Tasks("a test")
    impatient, patient = (tasks.start(intake.bring([FIRST]), "bring") for _ in range(2))
    assert await intake.take(1, NOW) == FIRST
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    intake.acknowledge(FIRST, NOW)
    async with asyncio.timeout(20):
        await patient


async def test_a_message_is_forgotten_when_meta_repeats_it_no_more() -> None:
    intake = Intake("shop", 8 * DAY)
    Tasks("a test").start(intake.bring([FIRST]), "bring")
    await intake.take(1, NOW)
    intake.acknowledge(FIRST, NOW)
    assert await intake.take(0.01, NOW + 8 * DAY - 1) is None
    assert await intake.take(1, NOW + 8 * DAY) == Held("shop", FIRST.slot)


async def test_what_earlier_runs_remembered_is_forgotten_by_its_day() -> None:
    places = [held.place for held in Intake("shop", 8 * DAY).old_days(NOW)]
    assert places[0] == "20260914:"
    assert places[-1] == "20260815:"


async def test_closing_tells_all_who_wait() -> None:
    intake = Intake("shop", DAY)
    bringing = Tasks("a test").start(intake.bring([FIRST]), "bring")
    await intake.take(1, NOW)
    intake.close()
    intake.close()
    with pytest.raises(DeviceLost):
        await bringing
    for call in (intake.bring([SECOND]), intake.take(1, NOW)):
        with pytest.raises(DeviceLost):
            await call
