"""Two bridges whose PostgreSQL dies, and whose standby takes its place: they find it by the URL, and lose nothing."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.model.message import State
from device_drivers.virtual.world import World
from tests.acceptance.test_power_cut import received, settled
from tests.acceptance.test_several_bridges import NAMES, on_duty, two
from tests.support.postgresql import Server, Standby
from tests.support.waiting import until


@pytest.fixture
def primary() -> Iterator[Server]:
    """The server that writes at first."""
    made = Server(durable=True)
    yield made
    made.stop()


@pytest.fixture
def standby(primary: Server) -> Iterator[Standby]:
    """The one that follows it."""
    made = Standby(primary)
    yield made
    made.stop()


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "lives and says nothing"])
async def test_bridges_go_over_to_the_standby_and_lose_and_double_nothing(
    primary: Server, standby: Standby, tmp_path: Path, end: signal.Signals
) -> None:
    database = primary.create()
    async with (
        World(tmp_path / "world", modems=2) as world,
        two(world, tmp_path, standby.either(database)) as both,
    ):
        world.network.rules.send_latency = 0.1
        texts = [f"before {number}" for number in range(20)]
        for number, text in enumerate(texts):
            await both.submit(NAMES[number % 2], text)
        primary.signal(end)
        world.network.handset("+15550150").send("+15550100", "while no server writes")
        await both.until_refused(NAMES[0])
        standby.promote()
        await both.until_both_send()
        for number in range(10):
            texts.append(f"after {number}")
            await both.submit(NAMES[number % 2], texts[-1])
        states = await settled(both.http, both.bridges["west"], both.key, set(texts))
        assert sorted(states) == sorted(texts)
        assert set(states.values()) <= {State.SENT, State.DELIVERED}
        assert both.arrived() == Counter(texts)
        assert await received(both.http, both.bridges["west"], both.key, 1) == ["while no server writes"]
        await until(lambda: on_duty(standby.url(database)) in NAMES)
        await both.bridges["east"].kill(signal.SIGTERM)
        await both.bridges["east"].start()
        await both.until_both_send()
