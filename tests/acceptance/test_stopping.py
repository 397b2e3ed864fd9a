"""SIGTERM and SIGINT to the real `serve` with an emulated modem: what is on the air ends, or is unknown, never lost."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.devices.device_worker import STOP_PATIENCE
from device_drivers.virtual.world import World
from tests.acceptance.conftest import Ended, Running, SmsBridge, Start

CUSTOMER = "+15550150"
#: seconds that a machine at work takes to end a process with nothing to wait for
SOON = 15.0
#: seconds until what must come has come
PATIENCE = 60.0
#: +CREG <stat> (3GPP TS 27.007 §7.2)
HOME, SEARCHING = 1, 2


class Bench:
    """A virtual network in this process, a bridge in another."""

    def __init__(self, world: World, start: Start, sms_bridge_process: SmsBridge, directory: Path) -> None:
        self.world = world
        self.directory = directory
        self._start = start
        self._command = sms_bridge_process

    async def serve(self, ready: bool = True) -> Running:
        lines = "".join(
            f'[devices.line{number}]\ndriver = "gsm_modem"\nport = "{modem.port}"\nsend_timeout = 100.0\n'
            for number, modem in enumerate(self.world.modems)
        )
        store = f'[http]\nport = 0\n[store]\nurl = "sqlite:///{self.directory}/sms.db"\n'
        (self.directory / "config.toml").write_text(store + lines)
        running = self._start("serve", "--config", "config.toml", together=True)
        await asyncio.to_thread(running.says, "INFO bridge.daemon.run: ready at ")
        if ready:
            await asyncio.to_thread(running.says, "INFO bridge.devices.device_worker: line0 is ready")
        return running

    async def serve_what_waits(self, *texts: str) -> Running:
        """A bridge with these, however long each command takes, before its line may send the first."""
        modem = self.world.modems[0]
        modem.set_registration(SEARCHING)
        running = await self.serve(ready=False)
        await asyncio.to_thread(running.says, "WARNING bridge.devices.device_worker: line0 is out_of_service")
        for text in texts:
            await self.send(text)
        modem.set_registration(HOME)
        return running

    async def send(self, text: str) -> None:
        done = await asyncio.to_thread(self._command, "send", CUSTOMER, text, "--config", "config.toml")
        assert done.code == 0, done.err

    async def on_air(self) -> None:
        """Once the modem has a PDU that the network has not answered."""
        async with asyncio.timeout(PATIENCE):
            while not self.states("sending"):
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)  # the intent comes before the PDU

    def states(self, *wanted: str) -> list[str]:
        """The states of all messages, oldest first; with `wanted` those of them alone."""
        with closing(sqlite3.connect(self.directory / "sms.db")) as store:
            found = [state for (state,) in store.execute("SELECT state FROM messages ORDER BY seq")]
        return [state for state in found if not wanted or state in wanted]


async def ended(running: Running) -> tuple[Ended, float]:
    """How it ended, and after how many seconds."""
    began = time.monotonic()
    return await asyncio.to_thread(running.end), time.monotonic() - began


@pytest.fixture
async def bench(tmp_path: Path, start: Start, sms_bridge_process: SmsBridge) -> AsyncIterator[Bench]:
    async with World(tmp_path / "world", modems=1) as world:
        world.network.rules.reports = False
        yield Bench(world, start, sms_bridge_process, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_what_is_on_the_air_is_waited_for_and_nothing_more_is_begun(bench: Bench, number: signal.Signals) -> None:
    bench.world.network.rules.send_latency = 8.0
    running = await bench.serve_what_waits("on the air", "next")
    await bench.on_air()
    running.process.send_signal(number)
    end, seconds = await ended(running)
    assert end.code == 0
    assert seconds < 8.0 + SOON
    assert [sms.text for sms in bench.world.network.handset(CUSTOMER).received] == ["on the air"]
    assert bench.states() == ["sent", "queued"]


@pytest.mark.long
async def test_what_takes_longer_than_half_a_minute_is_unknown(bench: Bench) -> None:
    bench.world.network.rules.send_latency = 90.0
    running = await bench.serve()
    await bench.send("on the air")
    await bench.on_air()
    running.process.send_signal(signal.SIGTERM)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.to_thread(running.process.wait), STOP_PATIENCE - 5)
    end, _ = await ended(running)
    assert end.code == 0
    assert bench.states() == ["unknown"]


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once_and_what_was_on_the_air_is_unknown_at_the_next_start(
    bench: Bench, second: signal.Signals
) -> None:
    bench.world.network.rules.send_latency = 10.0
    running = await bench.serve_what_waits("on the air", "next")
    await bench.on_air()
    running.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(running.says, "INFO bridge.host.stopping: stopping")
    running.process.send_signal(second)
    end, seconds = await ended(running)
    assert end.code == -second
    assert seconds < SOON
    assert bench.states() == ["sending", "queued"]
    bench.world.network.rules.send_latency = 0.0
    again = await bench.serve()
    await bench.world.network.handset(CUSTOMER).wait(1, 60)
    async with asyncio.timeout(PATIENCE):
        while bench.states() != ["unknown", "sent"]:
            await asyncio.sleep(0.05)
    assert again.stop(signal.SIGTERM).code == 0
    texts = [sms.text for sms in bench.world.network.handset(CUSTOMER).received]
    assert texts.count("next") == 1
    assert texts.count("on the air") <= 1


async def test_with_nothing_on_the_air_it_ends_at_once(bench: Bench) -> None:
    running = await bench.serve()
    running.process.send_signal(signal.SIGTERM)
    end, seconds = await ended(running)
    assert (end.code, seconds < SOON) == (0, True)


async def test_a_modem_that_never_answered_is_not_waited_for(bench: Bench) -> None:
    bench.world.modems[0].hang()
    running = await bench.serve(ready=False)
    running.process.send_signal(signal.SIGTERM)
    end, seconds = await ended(running)
    assert (end.code, seconds < SOON) == (0, True)


async def test_a_line_that_rests_is_not_waited_for(bench: Bench) -> None:
    bench.world.network.outage(100.0)
    running = await bench.serve()
    await bench.send("waits")
    await asyncio.to_thread(running.says, "WARNING bridge.devices.device_worker: line0 is out_of_service")
    bench.world.modems[0].hang()  # and does not even answer when it is asked for its health
    running.process.send_signal(signal.SIGTERM)
    end, seconds = await ended(running)
    assert (end.code, seconds < SOON, bench.states()) == (0, True, ["queued"])
