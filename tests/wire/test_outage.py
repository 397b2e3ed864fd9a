"""When the network, the SIM or the operator refuses a line as a whole: nothing is lost, and nobody has to restart."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.devices import rest
from bridge.errors import Refusal
from bridge.model.line import Line, LineState
from bridge.model.message import Draft, Message, State
from bridge.model.query import MessageQuery
from bridge.retry import Backoff
from tests.support.running import SHOP, Bridge, on_modems
from tests.support.waiting import until

CUSTOMERS = [f"+1555015{digit}" for digit in range(8)]


async def submit(bridge: Bridge, recipients: Sequence[str], line: str = "", lifetime: int = 0) -> None:
    await bridge.gateway.submit(SHOP, [Draft(to, f"to {to}", line, ttl_ms=lifetime) for to in recipients])


async def line_is(bridge: Bridge, state: LineState, name: str = "line0") -> Line:
    async def look() -> Line | None:
        return next((line for line in bridge.gateway.lines() if line.name == name and line.state is state), None)

    found = await until(look)
    assert found is not None
    return found


async def queued(bridge: Bridge) -> Sequence[Message]:
    return (await bridge.gateway.messages(SHOP, MessageQuery(states=frozenset({State.QUEUED})))).rows


@pytest.mark.parametrize("cause", [331, 38, 17])
async def test_an_outage_of_the_network_costs_no_message_a_try(tmp_path: Path, cause: int) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.outage(3600.0, cause)
        await submit(bridge, CUSTOMERS)
        line = await line_is(bridge, LineState.OUT_OF_SERVICE)
        assert f"+CMS ERROR: {cause}" in line.reason
        await refused_again(bridge)
        world.network.outage(0.0)
        messages = await bridge.settled(State.DELIVERED)
        assert [message.attempts for message in messages] == [0] * len(CUSTOMERS)
        assert (await line_is(bridge, LineState.READY)).reason == ""


async def test_an_outage_is_found_out_with_few_messages_and_tried_ever_less_often(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        await bridge.ready("line0")
        world.network.outage(5.0)
        await submit(bridge, CUSTOMERS)
        await bridge.settled(State.DELIVERED)
        assert 2 <= await tries(bridge) - len(CUSTOMERS) <= 3  # at once and after 2 s; 4 s after that it is over


async def test_congestion_that_many_numbers_meet_is_an_outage_too(tmp_path: Path) -> None:
    async with on_modems(tmp_path, retries=1) as (bridge, world):
        world.network.outage(3600.0, 42)
        await submit(bridge, CUSTOMERS)
        await line_is(bridge, LineState.OUT_OF_SERVICE)
        await refused_again(bridge)
        world.network.outage(0.0)
        messages = await bridge.settled(State.DELIVERED)
        assert sum(message.attempts for message in messages) <= 2  # by which it was found out


async def test_a_number_that_alone_finds_the_network_out_of_order_fails_alone(tmp_path: Path) -> None:
    async with on_modems(tmp_path, retries=1) as (bridge, world):
        world.network.rules.refuse = {CUSTOMERS[0]: 38}
        await submit(bridge, CUSTOMERS)
        messages = await bridge.settled(State.DELIVERED, State.FAILED)
        failed = [message for message in messages if message.state is State.FAILED]
        assert [message.recipient for message in failed] == [CUSTOMERS[0]]
        assert "38" in failed[0].error


async def test_another_line_carries_what_a_line_without_network_cannot(tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world):
        world.modems[0].outage(60.0)
        await submit(bridge, CUSTOMERS)
        messages = await bridge.settled(State.DELIVERED)
        assert {message.line for message in messages} == {"line1"}
        assert {message.attempts for message in messages} == {0}


async def test_what_waits_for_a_line_expires_when_its_time_is_over(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.outage(60.0)
        await submit(bridge, CUSTOMERS[:2], lifetime=3000)
        messages = await bridge.settled(State.EXPIRED)
        assert all("time ran out" in message.error for message in messages)


@pytest.mark.parametrize(
    ("cause", "words"),
    [(330, "SMSC address unknown"), (310, "SIM not inserted"), (311, "SIM PIN required"), (313, "SIM failure")],
)
async def test_a_line_whose_sim_is_refused_is_parked_and_comes_back_by_itself(
    tmp_path: Path, cause: int, words: str
) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.outage(3600.0, cause)
        await submit(bridge, CUSTOMERS)
        line = await line_is(bridge, LineState.PARKED)
        assert words in line.reason
        await until(lambda: _all_wait(bridge))
        async with bridge.http.get(f"{bridge.url}/readyz") as answer:
            told = await answer.json()
        assert told["lines"]["ready"] == 0
        (trouble,) = told["lines_not_ready"]
        assert (trouble["line"], trouble["state"]) == ("line0", "parked")
        assert words in trouble["reason"]
        world.network.outage(0.0)
        messages = await bridge.settled(State.DELIVERED)
        assert [message.attempts for message in messages] == [0] * len(CUSTOMERS)
        await line_is(bridge, LineState.READY)
        async with bridge.http.get(f"{bridge.url}/metrics") as answer:
            metrics = await answer.text()
        assert 'sms_bridge_line_rests_total{line="line0",refusal="line"} 1.0' in metrics


async def test_a_line_that_finds_its_network_again_does_not_wait_out_its_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rest.SCHEDULES, Refusal.LINE, Backoff(first=600_000, ceiling=600_000))
    async with on_modems(tmp_path) as (bridge, world):
        modem = world.modems[0]
        modem.outage(600.0, 310)
        await submit(bridge, CUSTOMERS[:1])
        await line_is(bridge, LineState.PARKED)
        modem.set_registration(2)
        await until(lambda: _told(bridge, LineState.OUT_OF_SERVICE))
        modem.outage(0.0)
        modem.set_registration(1)
        await bridge.settled(State.DELIVERED)


async def test_messages_that_go_without_an_answer_do_not_drag_the_whole_queue_along(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.modems[0].faults.answers["+CMGS"] = ["+CMS ERROR: 332"] * 100
        await submit(bridge, CUSTOMERS)
        await line_is(bridge, LineState.OUT_OF_SERVICE)
        assert len(await queued(bridge)) >= len(CUSTOMERS) - 3
        world.modems[0].faults.answers.clear()
        await until(lambda: _none_waits(bridge))


async def tries(bridge: Bridge) -> int:
    """How often anything was handed to the modem."""
    rows = (await bridge.gateway.messages(SHOP, MessageQuery())).rows
    return sum([part.attempts for row in rows for part in await bridge.store.parts(row.id)])


async def refused_again(bridge: Bridge) -> None:
    """After its rest the line has tried once more, in vain."""
    before = await tries(bridge)

    async def look() -> bool:
        return await tries(bridge) > before and await _all_wait(bridge)

    await until(look)


async def _all_wait(bridge: Bridge) -> bool:
    return len(await queued(bridge)) == len(CUSTOMERS)


async def _told(bridge: Bridge, state: LineState) -> bool:
    return any(event.data.get("state") == state for event in await bridge.store.events("", 0, 100))


async def _none_waits(bridge: Bridge) -> bool:
    return not await queued(bridge)
