"""Delivery reports on the wire: each is of one part, and of that part alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.model.line import LineState
from bridge.model.message import Draft, Message, State
from bridge.model.query import MessageQuery
from device_drivers.virtual.modem.profile import GENERIC, SIMCOM, Profile
from device_drivers.virtual.network.message import Posting, now
from device_drivers.virtual.world import World
from tests.support.running import SHOP, Bridge, config, on_modems, running
from tests.support.waiting import until

CUSTOMER = "+15550150"
#: seconds of patience that a modem which says nothing gets here
IMPATIENT = {"send_timeout": 3.0, "command_timeout": 5.0}
HOUR = 3_600_000  # ms


@asynccontextmanager
async def at_a_modem(directory: Path, profile: Profile = GENERIC) -> AsyncIterator[tuple[Bridge, World]]:
    """A bridge whose modem is given up on soon."""
    async with World(directory / "world", modems=[profile]) as world:
        devices = {"line0": {"port": str(world.modems[0].port), **IMPATIENT}}
        async with running(config(directory, devices)) as bridge:
            yield bridge, world


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[tuple[Bridge, World]]:
    """A modem by the book."""
    async with at_a_modem(tmp_path) as made:
        yield made


async def state(bridge: Bridge, id: str) -> State:
    return (await bridge.gateway.message(SHOP, id)).state


async def reaches(bridge: Bridge, id: str, wanted: State) -> None:
    async def look() -> bool:
        return await state(bridge, id) is wanted

    await until(look)


async def ready(bridge: Bridge) -> None:
    async def look() -> bool:
        return all(line.state is LineState.READY for line in bridge.gateway.lines())

    await until(look)


async def heard(bridge: Bridge, world: World) -> None:
    """Every report that is on its way has been read and taken from the modem."""
    modem = world.modems[0]

    async def look() -> bool:
        stored = sum(len(modem.state.storage[name]) for name in modem.state.profile.sizes)
        return not world.network.held(modem.number) and not stored

    await until(look)


def foreign(world: World, reference: int, sent_at: int) -> None:
    """A report on a message that another program sent to the customer by this SIM."""
    posting = Posting(world.modems[0].number, CUSTOMER, reference, report=True, pdu="", sent_at=sent_at)
    world.network.report(posting, 0)


async def test_a_report_in_the_gap_before_the_answer_tells_nothing_of_the_message_before(tmp_path: Path) -> None:
    """This make hands reports over directly (+CDS), so they may come before +CMGS does."""
    async with at_a_modem(tmp_path, SIMCOM) as (bridge, world):
        # from here on the modem's references are known, so that a lost answer leaves no doubt about the next one
        await reaches(bridge, await bridge.send(CUSTOMER, "first"), State.DELIVERED)
        world.network.rules.loss, world.network.rules.lose_answer_next = 1.0, 1
        lost = await bridge.send(CUSTOMER, "never arrives")
        await reaches(bridge, lost, State.UNKNOWN)
        world.network.rules.loss = 0.0
        world.modems[0].faults.delays["+CMGS"] = 0.2
        carried = [await bridge.send(CUSTOMER, f"number {number}") for number in range(4)]
        for each in carried:
            await reaches(bridge, each, State.DELIVERED)
        assert await state(bridge, lost) is State.UNKNOWN
        arrived = [sms.text for sms in world.network.handset(CUSTOMER).received]
        assert arrived == ["first", *(f"number {number}" for number in range(4))]


async def test_of_300_messages_to_one_number_those_that_arrived_are_delivered(tmp_path: Path) -> None:
    """References begin again after 256, and some messages never arrive."""
    async with on_modems(tmp_path) as (bridge, world):
        world.network.rules.loss = 0.3
        world.network.rules.report_delay = 3.0
        # a stamp counts in seconds: 256 references must not be gone through within one, and no modem does
        world.network.rules.send_latency = 0.015
        drafts = [Draft(CUSTOMER, f"number {number}") for number in range(300)]
        accepted = (await bridge.gateway.submit(SHOP, drafts)).messages
        texts = {message.id: message.text for message in accepted}

        async def all_out() -> bool:
            page = await bridge.gateway.messages(SHOP, MessageQuery(limit=1000))
            return all(message.state in (State.SENT, State.DELIVERED) for message in page.rows)

        await until(all_out, patience=120.0)  # 300 of them, on whatever machine
        arrived = {sms.text for sms in world.network.handset(CUSTOMER).received}
        assert 150 < len(arrived) < 260

        async def delivered() -> list[Message]:
            found = await bridge.gateway.messages(SHOP, MessageQuery(states=frozenset({State.DELIVERED}), limit=1000))
            return list(found.rows) if len(found.rows) >= len(arrived) else []

        assert {texts[message.id] for message in await until(delivered)} == arrived


async def test_an_unknown_one_is_settled_by_its_report_after_256_others(site: tuple[Bridge, World]) -> None:
    bridge, world = site
    first = await bridge.send(CUSTOMER, "first")
    await reaches(bridge, first, State.DELIVERED)
    world.network.rules.lose_answer_next = 1
    world.network.rules.reports = False
    unknown = await bridge.send(CUSTOMER, "no answer came")
    await reaches(bridge, unknown, State.UNKNOWN)
    on_air = now()
    world.network.rules.reports = True
    others = [await bridge.send(CUSTOMER, f"number {number}") for number in range(260)]
    for each in others:
        await reaches(bridge, each, State.DELIVERED)
    assert await state(bridge, unknown) is State.UNKNOWN
    foreign(world, 1, on_air)  # its own, which was the second reference
    await reaches(bridge, unknown, State.DELIVERED)


@pytest.mark.parametrize("ago", [0, HOUR, 24 * HOUR], ids=["now", "an hour ago", "a day ago"])
async def test_a_report_on_a_reference_that_was_never_ours_settles_nothing(
    site: tuple[Bridge, World], ago: int
) -> None:
    bridge, world = site
    world.network.rules.reports = False
    sent = await bridge.send(CUSTOMER, "sent")
    await reaches(bridge, sent, State.SENT)
    world.network.rules.lose_answer_next = 1
    unknown = await bridge.send(CUSTOMER, "no answer came")
    await reaches(bridge, unknown, State.UNKNOWN)
    foreign(world, 99, now() - ago)
    await heard(bridge, world)
    assert [await state(bridge, each) for each in (sent, unknown)] == [State.SENT, State.UNKNOWN]


async def test_a_report_by_a_clock_that_is_off_is_not_of_the_nearest_where_references_are_all_the_same(
    site: tuple[Bridge, World],
) -> None:
    bridge, world = site
    world.modems[0].faults.reference = 0
    world.network.rules.reports = False
    on_air = now()
    sent = []
    for text in ("arrives", "never arrives"):
        sent.append(await bridge.send(CUSTOMER, text))
        await reaches(bridge, sent[-1], State.SENT)
    foreign(world, 0, on_air + 9_000)  # the first one's, by a clock nine seconds ahead
    await heard(bridge, world)
    assert [await state(bridge, each) for each in sent] == [State.SENT, State.SENT]


async def test_a_service_centre_whose_clock_is_off_still_reports(site: tuple[Bridge, World]) -> None:
    bridge, world = site
    world.network.rules.clock_ahead = -430.0
    sent = [await bridge.send(CUSTOMER, f"number {number}") for number in range(3)]
    for each in sent:
        await reaches(bridge, each, State.DELIVERED)


async def test_reports_follow_the_sim_into_another_stick(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=2) as world:
        first, second = world.modems
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        async with running(config(tmp_path, {"line0": devices["line0"]})) as bridge:
            world.network.rules.reports = False
            sent = await bridge.send(CUSTOMER, "sent from the first stick")
            await reaches(bridge, sent, State.SENT)
            on_air = now()
        # the same SIM, in the other stick from now on
        second.state.sim.iccid, second.state.sim.imsi = first.state.sim.iccid, first.state.sim.imsi
        async with running(config(tmp_path, {"line1": devices["line1"]})) as bridge:
            world.network.rules.reports = True
            posting = Posting(second.number, CUSTOMER, 0, report=True, pdu="", sent_at=on_air)
            await ready(bridge)
            world.network.report(posting, 0)
            await reaches(bridge, sent, State.DELIVERED)
