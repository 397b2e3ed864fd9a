"""The whole bridge on the wire: HTTP in, SMS out through a modem, and back."""

import asyncio
import time
from pathlib import Path

import pytest

from bridge.model.account import UnknownPolicy
from bridge.model.line import LineState
from bridge.model.message import Draft, State
from bridge.model.query import MessageQuery
from device_drivers.virtual.world import World
from tests.support.running import SHOP, config, on_modems, running
from tests.support.waiting import until

CUSTOMER = "+15550150"


async def test_a_message_goes_out_and_its_delivery_comes_back(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        submitted = await bridge.send(CUSTOMER, "Your table is ready, ¥€ and all")
        (sms,) = await world.network.handset(CUSTOMER).wait(1)
        assert (sms.sender, sms.text) == ("+15550100", "Your table is ready, ¥€ and all")
        (message,) = await bridge.settled(State.DELIVERED)
        assert message.id == submitted


async def test_in_the_demo_every_number_has_a_phone(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        await bridge.send("+447700900123", "nobody has this number")
        (message,) = await bridge.settled(State.FAILED)
        assert "0x43" in message.error
        world.network.rules.everybody = True
        await bridge.send("+447700900123", "and now somebody has")
        (sms,) = await world.network.handset("+447700900123").wait(1)
        assert sms.text == "and now somebody has"


async def test_a_long_text_in_another_alphabet_arrives_as_one(tmp_path: Path) -> None:
    text = "Ваш стол готов 😀 " * 20
    async with on_modems(tmp_path) as (bridge, world):
        await bridge.send(CUSTOMER, text)
        (sms,) = await world.network.handset(CUSTOMER).wait(1)
        assert sms.text == text
        (message,) = await bridge.settled(State.DELIVERED)
        assert message.parts == 6
        parts = await bridge.store.parts(message.id)
        assert [part.state for part in parts] == [State.DELIVERED] * 6


@pytest.mark.parametrize("text", ["x" * 67 + "你", "你" + "x" * 80, "x" * 67 + "你" * 67 + "x" * 9])
async def test_all_parts_of_a_text_travel_in_one_alphabet(tmp_path: Path, text: str) -> None:
    """Some phones never put together what comes in two, and here one part alone would fit the smaller one."""
    async with on_modems(tmp_path) as (bridge, world):
        await bridge.send(CUSTOMER, text)
        (sms,) = await world.network.handset(CUSTOMER).wait(1)
        assert sms.text == text


async def test_what_a_customer_writes_is_in_the_inbox_once(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.handset(CUSTOMER).send("+15550100", "long " * 100)
        world.network.handset(CUSTOMER).send("+15550100", "and a short one")
        found = await bridge.received(2)
        assert [row.text for row in found] == ["long " * 100, "and a short one"]
        assert {row.sender for row in found} == {CUSTOMER}


async def test_a_temporary_refusal_is_retried_and_then_sent_once(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.rules.refuse_next = [42, 42]
        await bridge.send(CUSTOMER, "hi")
        (message,) = await bridge.settled(State.DELIVERED)
        assert message.attempts == 2
        assert len(await world.network.handset(CUSTOMER).wait(1)) == 1


async def test_a_number_that_is_always_refused_holds_nobody_up(tmp_path: Path) -> None:
    async with on_modems(tmp_path, retries=1) as (bridge, world):
        world.network.rules.refuse = {"+15550159": 42, "+15550158": 1}
        for recipient in ("+15550159", "+15550158", CUSTOMER, "+15550151"):
            await bridge.send(recipient, "hi")
        states = {m.recipient: (m.state, m.error) for m in await bridge.settled(State.DELIVERED, State.FAILED)}
        assert states[CUSTOMER][0] is states["+15550151"][0] is State.DELIVERED
        assert states["+15550158"][0] is State.FAILED
        assert "42" in states["+15550159"][1]


async def test_a_barred_number_does_not_stop_the_line_and_an_empty_account_does(tmp_path: Path) -> None:
    async with on_modems(tmp_path, retries=0) as (bridge, world):
        world.network.rules.refuse = {"+15550159": 8}
        await bridge.send("+15550159", "barred")
        await bridge.send(CUSTOMER, "goes on")
        states = {message.recipient: message.state for message in await bridge.settled(State.DELIVERED, State.FAILED)}
        assert states == {"+15550159": State.FAILED, CUSTOMER: State.DELIVERED}

        world.network.rules.refuse = dict.fromkeys(world.customers, 8)
        for recipient in world.customers[:6]:
            await bridge.send(recipient, "no credit")

        async def parked() -> bool:
            return bridge.gateway.lines()[0].state is LineState.PARKED

        await until(parked)
        assert "credit" in bridge.gateway.lines()[0].reason

        async def waiting() -> bool:
            queued = await bridge.gateway.messages(SHOP, MessageQuery(states=frozenset({State.QUEUED})))
            return len(queued.rows) == 4  # two found out, the others wait for somebody to top up

        await until(waiting)


async def test_only_the_refused_part_of_a_long_message_is_sent_again(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.rules.send_latency = 0.2
        await bridge.send(CUSTOMER, "x" * 400)

        async def first_part_is_out() -> bool:
            (message,) = (await bridge.gateway.messages(SHOP, MessageQuery())).rows
            return any(part.sent_at for part in await bridge.store.parts(message.id))

        await until(first_part_is_out)
        world.network.rules.refuse_next = [42]
        (message,) = await bridge.settled(State.DELIVERED)
        assert message.attempts == 1
        assert sorted(part.attempts for part in await bridge.store.parts(message.id)) == [1, 1, 2]
        (sms,) = await world.network.handset(CUSTOMER).wait(1)
        assert sms.text == "x" * 400


async def test_a_modem_unplugged_before_its_answer_leaves_the_message_unknown_and_the_line_goes_on(
    tmp_path: Path,
) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.rules.reports = False
        world.network.rules.lose_answer_next = 1
        await bridge.send(CUSTOMER, "hi")
        await world.network.handset(CUSTOMER).wait(1)
        world.modems[0].unplug()
        (message,) = await bridge.settled(State.UNKNOWN)
        world.modems[0].replug()
        await bridge.send("+15550151", "the line goes on")
        await world.network.handset("+15550151").wait(1)
        assert (await bridge.gateway.message(SHOP, message.id)).state is State.UNKNOWN
        assert len(world.network.handset(CUSTOMER).received) == 1


async def test_a_report_settles_what_was_unknown(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.network.rules.lose_answer_next = 1
        world.network.rules.report_delay = 3.0  # the modem is back by then
        await bridge.send(CUSTOMER, "hi")
        await world.network.handset(CUSTOMER).wait(1)
        world.modems[0].unplug()
        await bridge.settled(State.UNKNOWN)
        world.modems[0].replug()
        await bridge.settled(State.DELIVERED)
        assert len(world.network.handset(CUSTOMER).received) == 1


@pytest.mark.parametrize("policy", [UnknownPolicy.RESEND, UnknownPolicy.FAIL])
async def test_a_report_settles_what_was_to_be_sent_again_or_to_be_called_failed(
    tmp_path: Path, policy: UnknownPolicy
) -> None:
    """It went out a second time, or stayed failed."""
    async with on_modems(tmp_path) as (bridge, world):
        world.network.rules.lose_answer_next = 1
        world.network.rules.report_delay = 3.0  # the modem is back by then, and has no service yet
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, "hi", on_unknown=policy)])
        await world.network.handset(CUSTOMER).wait(1)
        modem = world.modems[0]
        searching = {name: [f"{name}: 1,2"] * 1000 for name in ("+CREG", "+CGREG", "+CEREG", "+C5GREG")}
        modem.faults.misread.update(searching)
        modem.unplug()
        await bridge.settled(State.QUEUED, State.FAILED)
        modem.replug()
        (message,) = await bridge.settled(State.DELIVERED)
        assert message.error == ""
        assert await bridge.store.claim("line0", [""], time.time_ns() // 1_000_000) is None
        assert len(world.network.handset(CUSTOMER).received) == 1


async def test_a_scheduled_message_waits_for_its_moment(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        moment = time.time_ns() // 1_000_000 + 1200
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, "later", not_before=moment)])
        await world.network.handset(CUSTOMER).wait(1)
        assert time.time_ns() // 1_000_000 >= moment


async def test_what_waits_for_a_device_that_is_away_goes_when_it_comes(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        world.modems[0].unplug()

        async def away() -> bool:
            return bridge.gateway.lines()[0].state is LineState.ABSENT

        await until(away)
        await bridge.send(CUSTOMER, "hi")
        world.modems[0].replug()
        (message,) = await bridge.settled(State.DELIVERED)
        assert message.attempts == 0


async def test_another_line_carries_what_the_lost_one_cannot(tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world):
        world.modems[0].unplug()
        for number in range(10):
            await bridge.send(CUSTOMER, f"text {number}")
        found = await bridge.settled(State.DELIVERED)
        assert {message.line for message in found} == {"line1"}


async def test_a_message_keeps_to_the_line_it_was_given(tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world):
        for _ in range(6):
            await bridge.send(CUSTOMER, "hi", sIdentifiant="line1")
        await bridge.settled(State.DELIVERED)
        assert {sms.sender for sms in world.network.handset(CUSTOMER).received} == {"+15550101"}


async def test_a_stopped_bridge_finishes_what_is_in_hand_and_another_goes_on_from_there(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=1) as world:
        settings = config(tmp_path, {"line0": {"port": str(world.modems[0].port)}})
        world.network.rules.send_latency = 0.05
        async with running(settings) as bridge:
            await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, f"text {number}") for number in range(20)])
            await world.network.handset(CUSTOMER).wait(3)
        left = len(world.network.handset(CUSTOMER).received)
        assert 3 <= left < 20
        async with running(settings) as bridge:
            await bridge.settled(State.DELIVERED)
        texts = [sms.text for sms in world.network.handset(CUSTOMER).received]
        assert sorted(texts) == sorted(f"text {number}" for number in range(20))


@pytest.mark.timeout(240)
async def test_500_out_and_500_in_at_once_over_one_modem_with_reports(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        customers = [world.network.handset(number) for number in world.customers]

        async def out() -> None:
            drafts = [Draft(world.customers[n % 10], f"out {n}") for n in range(500)]
            await bridge.gateway.submit(SHOP, drafts)

        async def write_in() -> None:
            for number in range(500):
                customers[number % 10].send("+15550100", f"in {number}")
                if number % 20 == 0:
                    await asyncio.sleep(0)

        await asyncio.gather(out(), write_in())
        found = await bridge.received(500, patience=100.0)
        await bridge.settled(State.DELIVERED, patience=100.0)
        assert sorted(row.text for row in found) == sorted(f"in {n}" for n in range(500))
        texts = [sms.text for customer in customers for sms in customer.received]
        assert sorted(texts) == sorted(f"out {n}" for n in range(500))


async def test_nothing_is_accepted_into_a_store_whose_file_was_removed_until_it_is_back(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        form = {"apikey": bridge.keys["apikey"], "recipients": CUSTOMER, "message": "hi"}
        (file,) = tmp_path.glob("**/*.db")
        file.rename(aside := tmp_path / "aside")
        async with bridge.http.post(f"{bridge.url}/sendsms", data=form) as answer:
            assert (answer.status, "was removed" in await answer.text()) == (503, True)
        async with bridge.http.get(f"{bridge.url}/readyz") as answer:
            assert answer.status == 503
        assert not world.network.handset(CUSTOMER).received
        aside.rename(file)
        await bridge.send(CUSTOMER, "hi")
        await bridge.settled(State.DELIVERED)
