"""The machine's clock is set under a running bridge, or between two runs: nothing expires, nothing waits for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.model.message import Draft, Message, State
from bridge.model.query import MessageQuery
from bridge.ports.clock import SystemClock
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.world import World
from tests.support.running import SHOP, Bridge, config, running
from tests.support.waiting import until

CUSTOMER = "+15550150"
HOUR, DAY = 3_600_000, 86_400_000
YEARS = 3650 * DAY


class SetClock(SystemClock):
    """This machine's, set by somebody."""

    def __init__(self, moved: int = 0) -> None:
        self.moved = moved

    def now(self) -> int:
        """Unix milliseconds."""
        return super().now() + self.moved


@asynccontextmanager
async def site(
    directory: Path, machine: SetClock, world: World, **sending: float
) -> AsyncIterator[tuple[Bridge, Modem]]:
    """A bridge with one modem, by this machine's time."""
    (modem,) = world.modems
    settings = config(directory, {"office": {"port": f"{directory}/world/modem0", "poll_interval": 1.0}}, **sending)
    async with running(settings, machine) as bridge:
        yield bridge, modem


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A network with one modem."""
    async with World(tmp_path / "world", modems=1) as made:
        yield made


async def accepted(bridge: Bridge, *drafts: Draft) -> list[str]:
    return [message.id for message in (await bridge.gateway.submit(SHOP, list(drafts))).messages]


async def found(bridge: Bridge, *states: State) -> list[Message]:
    """All messages, once they are in these states."""
    return list(await bridge.settled(*states))


async def noticed(bridge: Bridge, machine: SetClock) -> None:
    """The bridge has followed the clock."""

    async def look() -> bool:
        return abs(bridge.gateway.now() - machine.now()) < 1000

    await until(look)


@pytest.mark.parametrize("step", [3 * DAY, YEARS, -HOUR, -DAY, -YEARS], ids=["+3d", "+10y", "-1h", "-1d", "-10y"])
async def test_what_waits_for_a_line_is_sent_when_the_line_is_back(tmp_path: Path, world: World, step: int) -> None:
    machine = SetClock(-step if step > 0 else 0)  # it starts behind, and hears of the right time; or right, and is set
    async with site(tmp_path, machine, world) as (bridge, modem):
        modem.unplug()
        await accepted(bridge, Draft(CUSTOMER, "an hour", ttl_ms=HOUR), Draft(CUSTOMER, "two days"))
        machine.moved += step
        await noticed(bridge, machine)
        states = {row.state for row in (await bridge.gateway.messages(SHOP, MessageQuery())).rows}
        assert states <= {State.QUEUED, State.SENDING}
        modem.replug()
        sent = await found(bridge, State.DELIVERED)
        assert {message.text for message in sent} == {"an hour", "two days"}
        # and what came before has the right time now
        assert all(abs(message.created_at - machine.now()) < HOUR for message in sent)


@pytest.mark.parametrize("step", [-HOUR, -YEARS], ids=["-1h", "-10y"])
async def test_a_retry_does_not_wait_for_the_clock_to_come_round_again(tmp_path: Path, world: World, step: int) -> None:
    machine = SetClock()
    async with site(tmp_path, machine, world, retry_interval=2.0) as (bridge, _):
        world.network.rules.refuse_next = [42]
        (name,) = await accepted(bridge, Draft(CUSTOMER, "hello"))

        async def refused() -> bool:
            return (await bridge.gateway.message(SHOP, name)).attempts == 1

        await until(refused)
        machine.moved += step
        await found(bridge, State.DELIVERED)


async def test_a_report_comes_across_a_step(tmp_path: Path, world: World) -> None:
    machine = SetClock(-3 * DAY)
    async with site(tmp_path, machine, world) as (bridge, _):
        world.network.rules.report_delay = 5.0
        await accepted(bridge, Draft(CUSTOMER, "hello"))
        await found(bridge, State.SENT)
        machine.moved = 0
        await noticed(bridge, machine)
        await found(bridge, State.DELIVERED)


@pytest.mark.parametrize("step", [-YEARS, 3 * DAY], ids=["-10y", "+3d"])
async def test_a_step_while_the_bridge_was_stopped_expires_nothing(tmp_path: Path, world: World, step: int) -> None:
    machine = SetClock()
    async with site(tmp_path, machine, world) as (bridge, modem):
        modem.unplug()
        await accepted(bridge, Draft(CUSTOMER, "hello", ttl_ms=HOUR))
    machine.moved += step
    async with site(tmp_path, machine, world) as (bridge, modem):
        modem.replug()
        await found(bridge, State.DELIVERED)


async def test_the_bridge_moves_on_while_its_clock_is_set_again_and_again(tmp_path: Path, world: World) -> None:
    machine = SetClock()
    async with site(tmp_path, machine, world) as (bridge, _):
        for number, step in enumerate((HOUR, -DAY, YEARS, -YEARS, DAY)):
            await accepted(bridge, Draft(CUSTOMER, f"before {number}", ttl_ms=HOUR))
            machine.moved += step
            await accepted(bridge, Draft(CUSTOMER, f"after {number}", ttl_ms=HOUR))
            await noticed(bridge, machine)
        await found(bridge, State.DELIVERED)
        texts = [sms.text for sms in await world.network.handset(CUSTOMER).wait(10)]
        assert sorted(texts) == sorted(f"{when} {number}" for number in range(5) for when in ("before", "after"))
