"""What a modem's thread does, in what order, and how it ends."""

import asyncio
import gc
import threading

import pytest

from bridge.errors import DeviceLost
from device_drivers.gsm_modem.transport import PortLost
from device_drivers.gsm_modem.worker import Withdrawn, Worker


def worker(lost: list[str]) -> Worker:
    return Worker("office", "/dev/modem", lost.append)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "modem office"]


async def test_work_is_done_in_order_and_its_result_or_error_comes_back() -> None:
    office, done = worker([]), list[int]()

    def work(number: int) -> int:
        done.append(number)
        if number == 1:
            raise ValueError("one")
        return number

    results = await asyncio.gather(*(office.run(work, number) for number in range(3)), return_exceptions=True)
    assert done == [0, 1, 2]
    assert (results[0], str(results[1]), results[2]) == (0, "one", 2)
    await office.close(lambda: None)


async def test_a_port_that_is_gone_is_told_once_and_refuses_what_follows() -> None:
    lost: list[str] = []
    office = worker(lost)

    def unplugged() -> None:
        raise PortLost("unplugged")

    for work in (unplugged, lambda: None):
        with pytest.raises(DeviceLost, match="unplugged"):
            await office.run(work)
    assert lost == ["the modem on /dev/modem is gone: unplugged"]
    await office.close(lambda: None)


async def test_what_is_given_up_or_cancelled_before_its_turn_is_never_done() -> None:
    office, turn, done = worker([]), threading.Event(), list[str]()
    loop = asyncio.get_running_loop()
    first = loop.create_task(office.run(turn.wait))
    cancelled = loop.create_task(office.run(done.append, "cancelled"))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(Withdrawn):
        await office.run(done.append, "given up", give_up=lambda: True)
    turn.set()
    assert await first
    await office.close(lambda: done.append("last"))
    assert done == ["last"]


async def test_the_thread_ends_with_its_worker() -> None:
    office = worker([])
    (thread,) = threads()
    del office
    gc.collect()
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()
