"""Modems that close the gap when an SMS is deleted: what lay behind it lies one place further in front then."""

import asyncio
from pathlib import Path

import pytest

from bridge.model.radio import Inbound, InboundPart
from device_drivers.gsm_modem import tries
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.modem.profile import PROFILES
from device_drivers.virtual.modem.storage import Status
from device_drivers.virtual.world import World
from tests.support.modem_site import THEIRS, Site, modem_site
from tests.support.running import config, running
from tests.support.waiting import until

NOW = 1_795_000_000_000


@pytest.fixture(autouse=True)
def _soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again within the patience of a test."""
    monkeypatch.setattr(tries, "AGAIN", 0.1)


def store(site: Site, *texts: str, memory: str = "ME") -> None:
    for text in texts:
        site.modem.store(encode_deliver(THEIRS, text, sent_at=NOW), memory)


def texts_of(items: list[Inbound]) -> list[str]:
    return [item.text for item in items if isinstance(item, InboundPart)]


async def come_once(site: Site, given: list[str], *expected: str, memory: str = "ME") -> None:
    """Everything is given out once, and then the modem is empty."""
    while len(given) < len(expected):
        given += texts_of(await site.take(1))
    await until(lambda: site.stored() == 0)
    store(site, "the end", memory=memory)
    given += texts_of(await site.take(1))
    assert sorted(given) == sorted([*expected, "the end"])


@pytest.mark.parametrize("chains", [True, False])
@pytest.mark.parametrize("memory", ["ME", "SM"])
async def test_an_unread_sms_that_moved_up_is_not_deleted_and_none_comes_twice(memory: str, chains: bool) -> None:
    async with modem_site() as site:
        site.modem.faults.renumbers, site.modem.faults.no_chaining = True, not chains
        await site.open(poll_interval=0.3)
        await site.rested()
        store(site, "one", "two", "three", "four", memory=memory)
        items = await site.take(4, acknowledge=False)
        await site.link.acknowledge(items[0])
        store(site, "five", memory=memory)  # in the place from which the fourth moved
        for item in items[1:]:
            await site.link.acknowledge(item)
        await come_once(site, texts_of(items), "one", "two", "three", "four", "five", memory=memory)


@pytest.mark.parametrize("chains", [True, False])
@pytest.mark.parametrize("how", ["refused", "silent", "kept", "ERROR and done"])
async def test_what_moves_up_while_deletions_fail_is_given_out_once(how: str, chains: bool) -> None:
    async with modem_site() as site:
        faults = site.modem.faults
        faults.renumbers, faults.no_chaining = True, not chains
        await site.open(poll_interval=0.3)
        await site.rested()
        match how:
            case "refused":
                faults.answers["+CMGD"] = ["+CMS ERROR: 500"] * 5
            case "silent":
                faults.silences["+CMGD"] = 1
            case "ERROR and done":
                faults.results["+CMGD"] = ["ERROR"] * 2
            case "kept":
                faults.undeleted = 5
        store(site, "one", "two", "three")
        await come_once(site, texts_of(await site.take(3)), "one", "two", "three")


async def test_what_moves_up_while_there_are_no_lists_keeps_its_name() -> None:
    """Its old place was seen to be empty, and a list of another memory had been silent."""
    async with modem_site() as site:
        site.modem.faults.renumbers = True
        await site.open(poll_interval=60.0)
        await site.rested()
        store(site, "before", "that")
        site.modem.urc('+CMTI: "ME",1')
        await site.take(2)
        await until(lambda: site.stored() == 0)
        store(site, "one", "two")
        site.modem.urc('+CMTI: "ME",1')
        items = await site.take(2, acknowledge=False)
        site.modem.faults.silences["+CMGL"] = 1
        site.modem.urc('+CDSI: "SR",1')  # one silence, and no memory is listed for a minute
        await until(lambda: not site.modem.faults.silences["+CMGL"])
        for item in items:
            await site.link.acknowledge(item)
        store(site, "the end")
        site.modem.urc('+CMTI: "ME",1')
        while "the end" not in texts_of(items):
            items += await site.take(1)
        # what is read again has the name that it was first read under: the core knows it
        assert len({item.slot for item in items if isinstance(item, InboundPart)}) == 3


async def test_what_lies_behind_a_draft_moves_up_with_it() -> None:
    async with modem_site() as site:
        site.modem.faults.renumbers = True
        await site.open(poll_interval=0.3)
        await site.rested()
        store(site, "one")
        site.modem.state.incoming.store("ME", "0011000B915155150010F90000AA02E834", Status.STO_UNSENT)
        store(site, "two", "three")
        items = await site.take(3)
        await until(lambda: site.stored() == 1)
        store(site, "the end")
        items += await site.take(1)
        assert sorted(texts_of(items)) == ["one", "the end", "three", "two"]


async def test_the_same_sms_twice_stays_twice_where_it_moves_up() -> None:
    async with modem_site() as site:
        site.modem.faults.renumbers = True
        await site.open(poll_interval=0.3)
        await site.rested()
        store(site, "one", "again", "again", "two")
        await come_once(site, texts_of(await site.take(4)), "one", "again", "again", "two")


async def test_what_is_not_committed_yet_stays_while_what_lay_before_it_is_deleted() -> None:
    async with modem_site() as site:
        site.modem.faults.renumbers = True
        await site.open(poll_interval=0.2)
        await site.rested()
        store(site, "one", "two", "three")
        items = await site.take(3, acknowledge=False)
        await asyncio.gather(*(site.link.acknowledge(item) for item in items[:2]))
        await until(lambda: site.stored() == 1)
        await site.open()  # the bridge ended before it could commit the third
        assert texts_of(await site.take(1)) == ["three"]


# -- over a restart ---------------------------------------------------------------------------------
TEXTS = ["one", "two", "three", "again", "again"]


def ended_within_deletions(modem: Modem, memory: str, deleted: int) -> None:
    """So many were deleted when the bridge was killed: what lay behind them moved up, and nobody saw that."""
    places = modem.state.storage[memory]
    for _ in range(deleted):
        places.delete(1)
        places.close_up()


@pytest.mark.parametrize("lists", ["whole", "refused", "badly read"])
@pytest.mark.parametrize("memory", ["ME", "SM"])
@pytest.mark.parametrize("deleted", [1, 3])
async def test_what_moved_up_when_the_bridge_was_killed_is_received_once(
    tmp_path: Path, memory: str, deleted: int, lists: str
) -> None:
    # where there is no list, those that are alike cannot be told apart
    texts = TEXTS[:4] if lists == "refused" else TEXTS
    async with World(tmp_path / "world", [PROFILES["renumbering"]]) as world:
        (modem,) = world.modems
        settings = config(tmp_path, {"office": {"port": str(modem.port), "poll_interval": 0.3}})
        modem.faults.undeleted = 1000
        for number, text in enumerate(texts):
            modem.store(encode_deliver(THEIRS, text, sent_at=NOW + (text != "again") * number * 60_000), memory)
        async with running(settings) as bridge:
            await bridge.received(len(texts))
        ended_within_deletions(modem, memory, deleted)
        modem.faults.undeleted = 0
        match lists:
            case "refused":
                modem.faults.refusals["+CMGL"] = "+CMS ERROR: 500"
            case "badly read":
                modem.faults.garbled = 2
        async with running(settings) as bridge:
            await until(lambda: not len(modem.state.storage[memory]))
            modem.store(encode_deliver(THEIRS, "the end", sent_at=NOW + 3_600_000), memory)
            modem.urc(f'+CMTI: "{memory}",1')
            rows = await bridge.received(len(texts) + 1)
            assert sorted(row.text for row in rows) == sorted([*texts, "the end"])


async def test_what_came_while_the_bridge_was_away_is_received_among_what_moved_up(tmp_path: Path) -> None:
    async with World(tmp_path / "world", [PROFILES["renumbering"]]) as world:
        (modem,) = world.modems
        settings = config(tmp_path, {"office": {"port": str(modem.port), "poll_interval": 0.3}})
        modem.faults.undeleted = 1000
        for number, text in enumerate(("one", "two")):
            modem.store(encode_deliver(THEIRS, text, sent_at=NOW + number * 60_000), "ME")
        async with running(settings) as bridge:
            await bridge.received(2)
        ended_within_deletions(modem, "ME", 1)
        modem.faults.undeleted = 0
        modem.store(encode_deliver(THEIRS, "two", sent_at=NOW + 120_000), "ME")  # the same words, a minute later
        async with running(settings) as bridge:
            rows = await bridge.received(3)
            await until(lambda: not len(modem.state.storage["ME"]))
            assert [row.text for row in rows] == ["one", "two", "two"]
