"""Background tasks: one that dies is logged and takes its owner down, one that is cancelled does not."""

import asyncio
import logging
import threading

import pytest

from bridge.errors import DeviceLost
from bridge.tasks import BITE, Tasks, let_go
from tests.support.freed import Text
from tests.support.waiting import until


async def fail(error: Exception) -> None:
    raise error


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_task_that_dies_is_logged_by_its_name_and_told_to_its_owner(caplog: pytest.LogCaptureFixture) -> None:
    deaths: list[BaseException] = []
    error = ZeroDivisionError()
    task = Tasks("line office", deaths.append).start(fail(error), "health")
    await asyncio.wait([task])
    assert deaths == [error]
    (record,) = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, "line office: health died")
    assert record.exc_info is not None


async def test_a_device_that_goes_is_no_mistake(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    deaths: list[BaseException] = []
    task = Tasks("line office", deaths.append).start(fail(DeviceLost("unplugged")), "inbox")
    await asyncio.wait([task])
    assert [type(death) for death in deaths] == [DeviceLost]
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.INFO, "line office: inbox ended: unplugged")
    ]


async def test_a_task_that_ends_or_is_cancelled_takes_nobody_down(caplog: pytest.LogCaptureFixture) -> None:
    deaths: list[BaseException] = []
    tasks = Tasks("owner", deaths.append)
    done, cancelled = tasks.start(asyncio.sleep(0), "done"), tasks.start(for_ever(), "cancelled")
    await done
    cancelled.cancel()
    await asyncio.wait([cancelled])
    assert (deaths, caplog.records) == ([], [])


async def test_closing_waits_until_each_has_ended() -> None:
    ended: list[str] = []

    async def tidy(name: str) -> None:
        try:
            await for_ever()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    tasks = Tasks("owner")
    for name in ("one", "two"):
        tasks.start(tidy(name), name)
    await asyncio.sleep(0)
    await tasks.close()
    assert sorted(ended) == ["one", "two"]


async def test_a_task_may_close_its_owner() -> None:
    tasks = Tasks("owner")
    other = tasks.start(for_ever(), "other")

    async def closing() -> str:
        await tasks.close()
        return "closed"

    assert await tasks.start(closing(), "closing") == "closed"
    assert other.cancelled()


async def test_very_many_objects_are_freed_where_they_hold_nobody_up() -> None:
    freed: list[int] = []
    many = [Text.noting(freed, str(number)) for number in range(2 * BITE + 1)]
    let_go(many)
    assert len(many) == 2 * BITE + 1
    del many
    await until(lambda: len(freed) == 2 * BITE + 1)
    assert threading.get_ident() not in freed
