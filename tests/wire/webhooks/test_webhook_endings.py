"""A full disk, a clean end and a kill: nothing owed is lost."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from aiohttp import web

from bridge.model.webhook import DeliveryState
from tests.support.receivers import DEADLINE, Heard, Receiver
from tests.support.webhook_site import SHOP, Bench, at_work, hang, numbered


class TestAStoreThatIsFull:
    async def test_stops_the_line_until_outcomes_can_be_written(
        self, bench: Bench, receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        await bench.endpoint(receiver)
        bench.store.full = True
        await bench.sms("first")
        async with asyncio.timeout(DEADLINE):
            while "not recorded yet: the disk is full" not in caplog.text:
                await asyncio.sleep(0.005)
        async with Receiver() as other:
            await bench.endpoint(other)
            await bench.sms("second")
            await other.has(1)  # which took longer, for it had no connection yet
            assert receiver.texts == ["first"]
            bench.store.full = False
            await bench.delivered(3)
        assert receiver.texts == ["first", "second"]
        assert other.texts == ["second"]


class TestTheEnd:
    async def test_waits_for_the_attempt_under_way(self, bench: Bench, receiver: Receiver) -> None:
        began = asyncio.Event()

        async def slow(heard: Heard, request: web.Request) -> web.Response:
            began.set()
            await asyncio.sleep(0.1)
            return web.Response(status=200)

        receiver.answer = slow
        await bench.endpoint(receiver)
        await bench.sms("first", "second")
        await began.wait()
        await bench.ledger.close()
        assert [row.state for row in await bench.rows()] == ["delivered", "owed"]

    async def test_leaves_a_hanging_attempt_owed(self, tmp_path: Path) -> None:
        async with Receiver(hang) as hanging, at_work(tmp_path / "bridge.db", grace=0.1) as bench:
            await bench.endpoint(hanging)
            await bench.sms("hello")
            await hanging.has(1)
            await bench.ledger.close()
            (row,) = await bench.rows()
            assert (row.state, row.attempts) == ("owed", 0)


BRIDGE_IN_A_PROCESS = """
import asyncio, sys
from api.webhooks.poster import Webhooks
from bridge.bus import Bus
from bridge.webhooks.deliverer import Deliverer
from bridge.ports.clock import SystemClock
from bridge.store.sqlite import SqliteStore

async def main():
    bus = Bus()
    store = SqliteStore(sys.argv[1], bus)
    await store.open()
    ledger = Deliverer(store, bus, SystemClock(), Webhooks())
    await ledger.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


class TestAKill:
    async def test_in_a_burst_loses_nothing_and_repeats_with_the_same_ids(self, tmp_path: Path) -> None:
        path = tmp_path / "bridge.db"
        async with Receiver() as receiver:
            async with at_work(path) as bench:
                await bench.gateway.endpoints.add("test", SHOP, receiver.url)
                await bench.ledger.close()
                await bench.sms(*numbered(200))
                events = {row.event_id for row in await bench.rows(DeliveryState.OWED)}
            victim = await asyncio.create_subprocess_exec(sys.executable, "-c", BRIDGE_IN_A_PROCESS, str(path))
            await receiver.has(60)
            victim.send_signal(signal.SIGKILL)
            assert await victim.wait() == -signal.SIGKILL
            before = len(receiver.heard)
            assert before < 200
            async with at_work(path) as bench:
                await bench.delivered(200)
            assert list(dict.fromkeys(receiver.texts)) == numbered(200)
            assert {heard.event_id for heard in receiver.heard} == events
            assert len({(heard.event_id, heard.raw) for heard in receiver.heard}) == 200
            again = [text for text, times in receiver.repeats.items() if times > 1]
            assert again == sorted(receiver.texts[:before])[before - len(again) :]
