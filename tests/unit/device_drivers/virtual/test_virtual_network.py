"""The service centre and other people's phones."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.model.radio import Concat
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.virtual.network.message import Accepted, Posting, Verdict
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.world import World
from tests.support.virtual_talk import CUSTOMER, LINE, Talk, attached

OTHER = "+15550151"


async def test_handsets_write_to_each_other(network: Network) -> None:
    network.handset(OTHER).send(CUSTOMER, "hi")
    network.handset(CUSTOMER)
    assert [(sms.sender, sms.text) for sms in await network.handset(CUSTOMER).wait()] == [(OTHER, "hi")]


@pytest.mark.parametrize("text", ["a" * 161, "€" * 400, "ж" * 300, "🙂" * 200, "x" * 152 + "[]" * 40])
async def test_a_long_text_arrives_as_one(network: Network, text: str) -> None:
    handset = network.handset(CUSTOMER)
    network.handset(OTHER).send(CUSTOMER, text)
    assert [sms.text for sms in await handset.wait()] == [text]


async def test_two_long_texts_at_once_are_not_mixed(network: Network) -> None:
    handset = network.handset(CUSTOMER)
    network.handset(OTHER).send(CUSTOMER, "a" * 300)
    network.handset(OTHER).send(CUSTOMER, "b" * 300)
    assert [sms.text for sms in await handset.wait(2)] == ["a" * 300, "b" * 300]


async def test_waiting_for_more_than_comes_ends(network: Network) -> None:
    with pytest.raises(TimeoutError):
        await network.handset(CUSTOMER).wait(1, 0.01)


@pytest.mark.parametrize("written", [LINE, "15550100", "0015550100", "5550100"])
async def test_finds_a_number_however_it_is_written(modem: Callable[..., Talk], written: str) -> None:
    talk = modem()
    await attached(talk)
    assert talk.network.find(written) == LINE


async def test_finds_no_number_that_nobody_has(network: Network) -> None:
    network.handset(CUSTOMER)
    assert [network.find(written) for written in ("+447700900123", "50", "0150", "")] == [None] * 4


async def test_a_modems_number_is_no_handset_even_when_it_is_off(modem: Callable[..., Talk]) -> None:
    talk = modem()
    await attached(talk)
    talk.state.power_off()
    with pytest.raises(ValueError, match="is a modem's number"):
        talk.network.handset(LINE)


def posting(report: bool = False) -> Posting:
    return Posting(OTHER, CUSTOMER, 0, report, encode_deliver(OTHER, "x", sent_at=0), 0)


async def test_takes_as_long_as_the_rules_say(network: Network) -> None:
    network.rules.send_latency = 0.02
    answered: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
    started = asyncio.get_running_loop().time()
    network.post(posting(), answered.set_result)
    assert await answered == Accepted()
    assert asyncio.get_running_loop().time() - started >= 0.02


async def test_loses_and_doubles_by_the_same_chance_each_time() -> None:
    async def arrived(seed: int) -> int:
        network = Network(seed)
        network.rules.loss, network.rules.duplicate = 0.3, 0.3
        handset = network.handset(CUSTOMER)
        for _ in range(100):
            network.carry(posting())
        network.rules.loss = network.rules.duplicate = 0.0
        network.carry(Posting(OTHER, CUSTOMER, 0, False, encode_deliver(OTHER, "last", sent_at=0), 0))
        while not handset.received or handset.received[-1].text != "last":
            await handset.wait(len(handset.received) + 1)
        network.close()
        return len(handset.received) - 1

    assert await arrived(1) == await arrived(1)
    assert 70 < await arrived(2) < 120


async def test_a_closed_network_delivers_nothing_more(network: Network) -> None:
    handset = network.handset(CUSTOMER)
    network.carry(posting())
    network.close()
    with pytest.raises(TimeoutError):
        await handset.wait(1, 0.01)


async def test_parts_of_two_texts_in_turn_find_their_own(network: Network) -> None:
    handset = network.handset(CUSTOMER)
    for index in (1, 2):
        for reference, text in ((7, "ab"), (8, "cd")):
            pdu = encode_deliver(OTHER, text[index - 1], sent_at=0, concat=Concat(reference, 2, index))
            network.carry(Posting(OTHER, CUSTOMER, 0, False, pdu, 0))
    assert [sms.text for sms in await handset.wait(2)] == ["ab", "cd"]


async def test_what_comes_for_a_phone_that_is_off_waits_in_order(network: Network) -> None:
    handset = network.handset(CUSTOMER)
    network.detach(handset)
    for text in ("first", "second"):
        network.handset(OTHER).send(CUSTOMER, text)
    async with asyncio.timeout(20):
        while network.held(CUSTOMER) != 2:
            await asyncio.sleep(0)
    assert handset.received == []
    network.attach(handset)
    assert [sms.text for sms in await handset.wait(2)] == ["first", "second"]


async def test_an_outage_refuses_everybody_for_so_long_and_ends_by_itself(network: Network) -> None:
    verdicts: list[Verdict] = []
    network.outage(0.05, 38)
    network.post(posting(), verdicts.append)
    async with asyncio.timeout(20):
        while network.rules.outage:
            await asyncio.sleep(0.01)
    network.post(posting(), verdicts.append)
    assert verdicts == [38, Accepted()]


async def test_an_outage_of_one_line_leaves_the_others_and_may_be_ended_early(network: Network) -> None:
    verdicts: list[Verdict] = []
    network.outage(60.0, number=LINE)
    network.post(posting(), verdicts.append)
    network.outage(60.0, number=OTHER)
    network.post(posting(), verdicts.append)
    network.outage(0.0, number=OTHER)
    network.post(posting(), verdicts.append)
    assert verdicts == [Accepted(), 331, Accepted()]


async def test_the_devices_of_two_networks_are_told_apart(tmp_path: Path) -> None:
    """A bridge that has both would take a modem or SIM that it has already for one that is configured twice."""
    worlds = World(tmp_path / "one", modems=3, phones=2), World(tmp_path / "other", modems=3, phones=2, first=3)
    states = [modem.state for world in worlds for modem in world.modems]
    assert len({state.imei for state in states}) == len({state.sim.iccid for state in states}) == 6
    assert len({phone.state.serial for world in worlds for phone in world.phones}) == 4
