"""A modem that hangs: it shows within seconds, and messages go by other lines."""

import time
from pathlib import Path

import pytest

from bridge.model.line import LineState
from bridge.model.message import Draft, State
from bridge.model.query import MessageQuery
from device_drivers.gsm_modem import sending
from device_drivers.virtual.world import World
from tests.support.running import SHOP, Bridge, config, on_modems, running, until

CUSTOMER, OTHER = "+15550150", "+15550151"


async def becomes(
    bridge: Bridge, state: LineState, name: str = "line0", patience: float = 30.0, saying: str = ""
) -> None:
    """Once the line is in this state, and says so."""

    async def look() -> bool:
        lines = [line for line in bridge.gateway.lines() if line.name == name]
        return any(line.state is state and saying in line.reason for line in lines)

    await until(look, patience)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modems count as quiet at once, and are asked for a sign of life before each message."""
    monkeypatch.setattr(sending, "GREET_AFTER", 0.0)


async def all_queued(bridge: Bridge) -> bool:
    rows = (await bridge.gateway.messages(SHOP, MessageQuery())).rows
    return all((row.state, row.attempts) == (State.QUEUED, 0) for row in rows)


async def test_a_message_for_any_line_moves_on_from_a_modem_that_hangs(tmp_path: Path, quiet: None) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world):
        for name in ("line0", "line1"):
            await becomes(bridge, LineState.READY, name)
        world.modems[0].hang()
        began = time.monotonic()
        # both lines are called, one for each
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, text) for text in ("one", "two")])
        messages = await bridge.settled(State.SENT, State.DELIVERED, patience=30.0)
        assert {message.line for message in messages} == {"line1"}
        assert {message.attempts for message in messages} == {0}
        assert time.monotonic() - began < 20
        await becomes(bridge, LineState.OUT_OF_SERVICE, saying="not answering AT")


async def test_a_modem_that_is_well_again_is_ready_and_sends_what_waited_for_it(tmp_path: Path, quiet: None) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        await becomes(bridge, LineState.READY)
        world.modems[0].hang()
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, "waits", route="line0")])
        await becomes(bridge, LineState.OUT_OF_SERVICE)
        await until(lambda: all_queued(bridge))
        world.modems[0].unhang()
        await bridge.settled(State.DELIVERED)
        await becomes(bridge, LineState.READY)
        assert len(world.network.handset(CUSTOMER).received) == 1


async def test_a_modem_that_hangs_with_a_message_in_its_hands_is_not_ready_for_two_minutes(tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world):
        for name in ("line0", "line1"):
            await becomes(bridge, LineState.READY, name)
        world.network.rules.lose_answer_next = 1
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, "in its hands", route="line0")])
        await world.network.handset(CUSTOMER).wait(1)
        world.modems[0].hang()
        await bridge.send(OTHER, "by the other line")
        await world.network.handset(OTHER).wait(1)
        await becomes(bridge, LineState.OUT_OF_SERVICE, patience=60.0, saying="not answering a message since ")
        world.modems[0].unplug()  # or the end would be waited for, with the message in its hands


async def test_a_modem_that_hangs_while_it_is_asked_for_its_health_shows_it(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=1) as world:
        options = {"port": world.modems[0].port, "poll_interval": 2.0, "command_timeout": 60.0}
        async with running(config(tmp_path, {"line0": options})) as bridge:
            await becomes(bridge, LineState.READY)
            world.modems[0].hang()
            await becomes(bridge, LineState.OUT_OF_SERVICE, patience=40.0, saying="not answering AT")


async def test_a_modem_that_takes_its_time_over_every_answer_is_not_taken_for_hanging(
    tmp_path: Path, quiet: None
) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        await becomes(bridge, LineState.READY)
        world.modems[0].faults.delays = {"": 1.5}  # longer than the greeting waits the first time
        await bridge.send(CUSTOMER, "slowly")
        await bridge.settled(State.DELIVERED, patience=30.0)
        await becomes(bridge, LineState.READY)
