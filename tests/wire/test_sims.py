"""What goes with a SIM that is moved between modems while something of it is under way."""

import asyncio
from pathlib import Path

import pytest

from bridge.model.line import Line
from bridge.model.message import State
from bridge.model.radio import Concat
from device_drivers.gsm_modem import tries
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.virtual.modem.faults import Faults
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.network.message import Posting, now
from device_drivers.virtual.world import World
from tests.support.running import SHOP, Bridge, config, on_modems, running
from tests.support.waiting import until

CUSTOMER = "+15550150"
LONG = "x" * 200  # two parts


def exchange_after_first_part(world: World, *more: object) -> asyncio.Event:
    """Exchange the SIMs of both modems, without a word, as soon as a part of LONG went on air."""
    exchanged = asyncio.Event()

    def exchange(_posting: Posting, _copies: int) -> None:
        if not exchanged.is_set():
            exchanged.set()
            world.modems[0].exchange_sims(world.modems[1])

    world.network.listen(exchange)
    return exchanged


def senders(world: World) -> list[str]:
    """By which numbers parts go on air, from now on."""
    numbers: list[str] = []
    world.network.listen(lambda posting, _copies: numbers.append(posting.sender))
    return numbers


def look(*modems: Modem) -> None:
    """Let the bridge look at these modems' SIMs."""
    for modem in modems:
        modem.urc("+CPIN: NOT READY")


async def moved(bridge: Bridge, line: str, modem: Modem) -> Line:
    """The line once it has this modem's SIM."""

    def has_sim() -> Line | None:
        lines = (each for each in bridge.gateway.lines() if each.name == line and each.state == "ready")
        return next((each for each in lines if each.imsi == modem.state.sim.imsi), None)

    found = await until(has_sim)
    assert found is not None
    return found


async def test_all_parts_of_a_text_go_by_one_sim_wherever_that_is(tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world):
        await bridge.ready("line0")
        await bridge.ready("line1")
        numbers_of = [modem.number for modem in world.modems]
        numbers, exchanged = senders(world), exchange_after_first_part(world)
        await bridge.send(CUSTOMER, LONG)
        await exchanged.wait()
        sender = int(numbers[0] == numbers_of[1])
        await moved(bridge, f"line{sender}", world.modems[sender])  # noticed when it was to send the second part
        look(world.modems[1 - sender])
        (message,) = await bridge.settled(State.SENT, State.DELIVERED)
        assert (len(numbers), len(set(numbers))) == (2, 1)
        (received,) = await world.network.handset(CUSTOMER).wait()
        assert (received.text, message.line) == (LONG, f"line{1 - sender}")


async def test_a_text_whose_sim_does_not_come_back_is_not_completed_by_another(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):
        await bridge.ready("line0")
        numbers = senders(world)

        def insert_another(_posting: Posting, _copies: int) -> None:
            world.modems[0].insert_sim("+15550149", "001010123499999", "89001012345699999991")

        world.network.listen(insert_another)
        await bridge.send(CUSTOMER, LONG)
        await moved(bridge, "line0", world.modems[0])
        await bridge.send(CUSTOMER, "by the other SIM")
        await until(lambda: len(numbers) == 2)
        (waiting,) = [
            each for each in await bridge.settled(State.SENT, State.DELIVERED, State.QUEUED) if each.parts > 1
        ]
        assert waiting.state is State.QUEUED
        world.modems[0].insert_sim()
        look(world.modems[0])
        await bridge.settled(State.SENT, State.DELIVERED)
        assert [number == numbers[0] for number in numbers] == [True, False, True]


@pytest.mark.parametrize("cause", [42, 500])
async def test_a_part_that_is_tried_again_goes_by_the_sim_of_the_others(tmp_path: Path, cause: int) -> None:
    """After a refusal for now; and after a result that leaves open what happened, where an operator sends it again."""
    async with on_modems(tmp_path, 2) as (bridge, world):
        await bridge.ready("line0")
        await bridge.ready("line1")
        numbers, refused = senders(world), asyncio.Event()

        def refuse_the_second(_posting: Posting, _copies: int) -> None:
            if not refused.is_set():
                world.network.rules.refuse_next.append(cause)
                refused.set()

        world.network.listen(refuse_the_second)
        made = await bridge.send(CUSTOMER, LONG)
        await until(lambda: refused.is_set() and not world.network.rules.refuse_next)
        if cause == 500:
            await bridge.settled(State.UNKNOWN)
        world.modems[0].exchange_sims(world.modems[1])
        if cause == 500:
            await bridge.gateway.resend(SHOP, made)
        look(*world.modems)
        await bridge.settled(State.SENT, State.DELIVERED)
        assert (len(numbers), len(set(numbers))) == (2, 1)


async def test_a_text_of_which_a_part_is_out_goes_on_by_its_sim_after_a_restart(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=2) as world:
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        numbers = senders(world)
        async with running(config(tmp_path, devices)) as bridge:
            await bridge.ready("line0")
            await bridge.ready("line1")
            world.network.listen(lambda _posting, _copies: world.network.outage(60))
            await bridge.send(CUSTOMER, LONG)
            await until(lambda: numbers)
        world.network.outage(0)
        world.modems[0].exchange_sims(world.modems[1])
        async with running(config(tmp_path, devices)) as bridge:
            await bridge.settled(State.SENT, State.DELIVERED)
        assert (len(numbers), len(set(numbers))) == (2, 1)


# -- what is received -----------------------------------------------------------------------------
@pytest.mark.parametrize("noticed_by", ["+CPIN: NOT READY", '+CMTI: "SM",200'])
async def test_an_sms_that_stays_on_a_sim_is_received_once_wherever_the_sim_is_put(
    tmp_path: Path, noticed_by: str
) -> None:
    """Its deletion fails; the SIM goes into another stick without a word, and comes back.

    The bridge looks at the SIM first, or at what the modem has in its memories: the other SIM's say nothing of it.
    """
    async with on_modems(tmp_path, 2) as (bridge, world):
        one, two = world.modems
        await bridge.ready("line0")
        await bridge.ready("line1")
        one.faults.undeleted = two.faults.undeleted = 1000
        one.store(encode_deliver(CUSTOMER, "stays on the SIM", sent_at=now()), "SM")
        one.urc('+CMTI: "SM",1')
        await bridge.received(1)
        await until(lambda: one.faults.undeleted < 1000)
        for holder in (two, one):
            before = holder.faults.undeleted
            one.exchange_sims(two)
            for modem in world.modems:
                modem.urc(noticed_by)
            await asyncio.sleep(0.2)
            look(one, two)
            for line, modem in (("line0", one), ("line1", two)):
                await moved(bridge, line, modem)
            # between what is read and its deletion no SIM can be exchanged: it is a matter of two seconds at most
            await until(lambda holder=holder, before=before: holder.faults.undeleted < before)
        world.network.handset(CUSTOMER).send(one.number, "the end")
        await until_received(bridge, "the end")
        assert [row.text for row in await bridge.received(2)] == ["stays on the SIM", "the end"]


async def test_an_sms_that_would_not_go_has_not_gone_because_the_sim_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SIM is exchanged between the look at the SMS and its second deletion, which leaves an empty place."""
    monkeypatch.setattr(tries, "AGAIN", 0.3)
    async with on_modems(tmp_path, 2) as (bridge, world):
        one, two = world.modems
        await bridge.ready("line0")
        await bridge.ready("line1")
        one.faults.undeleted = two.faults.undeleted = 1000
        keeps = Faults.keeps

        def exchange_at_the_second(faults: Faults) -> bool:
            if faults is one.faults and faults.undeleted == 999:
                one.exchange_sims(two)
            return keeps(faults)

        monkeypatch.setattr(Faults, "keeps", exchange_at_the_second)
        one.store(encode_deliver(CUSTOMER, "stays on the SIM", sent_at=now()), "SM")
        one.urc('+CMTI: "SM",1')
        await moved(bridge, "line0", one)
        await until(lambda: one.faults.undeleted < 999)
        look(one, two)
        for line, modem in (("line0", one), ("line1", two)):
            await moved(bridge, line, modem)
        world.network.handset(CUSTOMER).send(one.number, "the end")
        await until_received(bridge, "the end")
        assert [row.text for row in await bridge.received(2)] == ["stays on the SIM", "the end"]


async def until_received(bridge: Bridge, text: str) -> None:
    async def came() -> bool:
        return any(row.text == text for row in await bridge.received(1))

    await until(came)


@pytest.mark.parametrize("digits", [0, 18])
@pytest.mark.parametrize("first", [0, 1])
async def test_a_sim_is_the_same_one_in_a_modem_that_tells_less_of_it(tmp_path: Path, digits: int, first: int) -> None:
    """It was another SIM there: what stays on it was received again, and a report was nobody's."""
    async with World(tmp_path / "world", modems=2) as world:
        world.modems[1].faults.iccid_digits = digits
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        async with running(config(tmp_path, devices)) as bridge:
            one, two = world.modems[first], world.modems[1 - first]
            await bridge.ready("line0")
            await bridge.ready("line1")
            one.faults.undeleted = two.faults.undeleted = 1000
            one.store(encode_deliver(CUSTOMER, "stays on the SIM", sent_at=now()), "SM")
            one.urc('+CMTI: "SM",1')
            await bridge.received(1)
            # between what is read and its deletion no SIM can be exchanged: it is a matter of two seconds at most
            await until(lambda: one.faults.undeleted < 1000)
            world.network.rules.reports = False
            postings: list[Posting] = []
            world.network.listen(lambda posting, _copies: postings.append(posting))
            await bridge.send(CUSTOMER, "who reports this?")
            await bridge.settled(State.SENT)
            one.exchange_sims(two)
            look(one, two)
            for number, modem in enumerate(world.modems):
                await moved(bridge, f"line{number}", modem)
            world.network.report(postings[0], 0)
            await bridge.settled(State.DELIVERED)
            world.network.handset(CUSTOMER).send(two.number, "the end")
            await until_received(bridge, "the end")
            assert [row.text for row in await bridge.received(2)] == ["stays on the SIM", "the end"]


async def test_parts_of_a_long_sms_that_come_by_two_modems_with_one_sim_are_joined(tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world):
        one, two = world.modems
        await bridge.ready("line0")
        await bridge.ready("line1")
        at = now()
        first, second = (
            encode_deliver(CUSTOMER, text, sent_at=at + index, concat=Concat(7, 2, index))
            for index, text in enumerate(("begun here, ", "ended there"), 1)
        )
        one.store(first, "SM")
        one.urc('+CMTI: "SM",1')

        async def taken() -> bool:
            return not len(one.state.storage["SM"])

        await until(taken)
        one.exchange_sims(two)
        look(one, two)
        await moved(bridge, "line1", two)
        two.store(second, "SM")
        two.urc('+CMTI: "SM",1')
        (received,) = await bridge.received(1)
        assert (received.text, received.line, received.device) == ("begun here, ended there", "line1", "line1")


# -- the modem's own memory ------------------------------------------------------------------------
async def test_an_sms_that_stays_in_a_modem_is_received_once_by_whatever_line(tmp_path: Path) -> None:
    """The sticks are plugged in the other way round."""
    async with World(tmp_path / "world", modems=2) as world:
        one, two = (str(modem.port) for modem in world.modems)
        world.modems[0].faults.undeleted = 1000
        world.modems[0].store(encode_deliver(CUSTOMER, "stays in the modem", sent_at=now()), "ME")
        for ports in ((one, two), (two, one)):
            devices = {f"line{number}": {"port": port} for number, port in enumerate(ports)}
            async with running(config(tmp_path, devices)) as bridge:
                await bridge.ready("line0")
                await bridge.ready("line1")
                before = world.modems[0].faults.undeleted
                await until(lambda: world.modems[0].faults.undeleted < before)  # noqa: B023 - awaited here
                assert [row.text for row in await bridge.received(1)] == ["stays in the modem"]


async def test_the_same_sms_to_two_modems_that_name_one_imei_is_received_twice(tmp_path: Path) -> None:
    """Makers give all their sticks the same, and a sender writes to both numbers in one second."""
    async with World(tmp_path / "world", modems=2) as world:
        one, two = world.modems
        two.state.imei = one.state.imei
        for modem in world.modems:
            modem.faults.undeleted = 1000
            modem.store(encode_deliver(CUSTOMER, "to everybody", sent_at=now() // 1000 * 1000), "ME")
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        async with running(config(tmp_path, devices)) as bridge:
            rows = await bridge.received(2)
            assert sorted(row.line for row in rows) == ["line0", "line1"]
