"""The memories of modems: what is not deleted, not listed, not counted, or there twice."""

import asyncio
import math
import time

import pytest

from bridge.model.line import LineState
from bridge.model.radio import InboundPart, InboundReport
from bridge.tasks import Tasks
from device_drivers.gsm_modem import tries
from device_drivers.gsm_modem.keeping import EVERYWHERE
from device_drivers.gsm_modem.memories import Hint
from device_drivers.gsm_modem.pdu import encode_deliver, encode_report
from device_drivers.virtual.modem.profile import PROFILES, Profile
from tests.support.modem_site import OURS, THEIRS, Site, modem_site
from tests.support.waiting import until

NOW = 1_795_000_000_000


@pytest.fixture(autouse=True)
def _soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again within the patience of a test."""
    monkeypatch.setattr(tries, "AGAIN", 0.1)


def store(site: Site, *texts: str, memory: str = "ME") -> None:
    """Each a minute after the one before."""
    for number, text in enumerate(texts):
        site.modem.store(encode_deliver(THEIRS, text, sent_at=NOW + 60_000 * number), memory)


async def take_texts(site: Site, count: int) -> list[str]:
    return [item.text for item in await site.take(count) if isinstance(item, InboundPart)]


async def sweeps(site: Site, count: int) -> None:
    """So many looks into all memories have begun."""
    heard = site.modem.state.terminal.heard
    before = sum("+CPIN?" in line for line in heard)
    await until(lambda: sum("+CPIN?" in line for line in heard) >= before + count)


@pytest.mark.parametrize("fault", ["refused", "ERROR in it", "silent"])
async def test_as_many_sms_as_were_read_and_deleted_before_are_read_too_where_lists_fail(fault: str) -> None:
    """The places were read once for each count that the modem gave: two more after two came with the next list only."""
    async with modem_site() as site:
        await site.open(poll_interval=30.0)
        match fault:
            case "refused":
                site.modem.faults.refusals["+CMGL"] = "+CMS ERROR: 500"
            case "ERROR in it":
                site.modem.faults.behind["+CMGL"] = ["ERROR"] * 1000
            case "silent":
                site.modem.faults.silences["+CMGL"] = 1000
        for _ in range(3):
            store(site, "one", "two")
            site.modem.urc('+CMTI: "ME",1')
            assert sorted(await take_texts(site, 2)) == ["one", "two"]
            await until(lambda: site.stored() == 0)


async def test_where_lists_fail_a_place_is_read_that_was_named_as_all_memories_were_to_be_swept() -> None:
    """The sweep took the notification, and read no place while the modem counted as many SMS as were known."""
    async with modem_site() as site:
        site.modem.faults.refusals["+CMGL"] = "+CMS ERROR: 500"
        store(site, "once")
        await site.open(poll_interval=60.0)
        await site.take(1, acknowledge=False)
        await site.rested()
        site.modem.state.storage["ME"].delete(1)
        store(site, "instead of it")
        site.link._keeper.hint(EVERYWHERE, Hint("ME", 1))  # type: ignore[attr-defined]
        assert await take_texts(site, 1) == ["instead of it"]


# -- deletion ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["refused", "says OK", "silent and kept", "silent and done", "ERROR and done"])
async def test_what_is_not_deleted_is_given_out_once_and_deleted_later(how: str) -> None:
    """The same SMS was given out again at every poll."""
    async with modem_site() as site:
        await site.open(poll_interval=0.2)
        faults = site.modem.faults
        match how:
            case "refused":
                faults.answers["+CMGD"] = ["+CMS ERROR: 500"] * 3
            case "says OK":
                faults.undeleted = 3
            case "silent and kept":
                faults.undeleted, faults.silences["+CMGD"] = 1, 1
            case "silent and done":
                faults.silences["+CMGD"] = 1
            case "ERROR and done":
                faults.results["+CMGD"] = ["ERROR"]
        store(site, "once")
        (part,) = await site.take(1)
        await until(lambda: site.stored() == 0)
        await sweeps(site, 3)
        assert not site.waiting()
        store(site, "next")
        assert await take_texts(site, 1) == ["next"]
        assert isinstance(part, InboundPart)
        assert site.told_gone(part)


async def test_it_is_not_told_to_be_gone_before_it_was_seen_to_be() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=0.2)
        site.modem.faults.undeleted = 1000
        store(site, "stays")
        (part,) = await site.take(1)
        assert isinstance(part, InboundPart)
        await sweeps(site, 3)
        assert not site.waiting()
        assert not site.told_gone(part)
        assert "does not delete" in site.link.lines[0].reason
        assert site.link.lines[0].state is LineState.READY
        site.modem.faults.undeleted = 0
        await until(lambda: site.stored() == 0)
        await until(lambda: site.link.lines[0].reason == "")


async def test_the_slot_keeps_its_name_over_reopening_until_it_is_deleted() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.undeleted = 1000
        store(site, "stays")
        (first,) = await site.take(1)
        await site.open()
        (again,) = await site.take(1)
        assert isinstance(first, InboundPart)
        assert isinstance(again, InboundPart)
        assert first.slot == again.slot


async def test_an_unread_sms_in_the_place_of_one_whose_deletion_was_lost_is_not_deleted() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        site.modem.faults.silences["+CMGD"] = 1
        store(site, "first")
        site.modem.urc('+CMTI: "ME",1')
        assert await take_texts(site, 1) == ["first"]
        await until(lambda: site.stored() == 0)
        store(site, "second")  # in the same place, and nobody tells of it
        await until(lambda: not site.link._storage._deleting)
        assert site.stored() == 1
        site.modem.urc('+CMTI: "ME",1')
        assert await take_texts(site, 1) == ["second"]


async def test_an_sms_that_comes_into_a_freed_place_is_not_deleted_for_an_error_to_nothing() -> None:
    """The line that deleted was run once more, one command at a time, because an ERROR stood in front of its answer."""
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        heard = site.modem.state.terminal.heard
        await until(lambda: any('"SR"' in line and "+CMGL" in line for line in heard))  # the last of all memories
        store(site, "first")
        site.modem.urc('+CMTI: "ME",1')
        (first,) = await site.take(1, acknowledge=False)
        site.modem.faults.before["+CPMS"] = ["ERROR"]
        site.modem.faults.delays["+CMGF"] = 0.3  # behind the deletion, in the same line
        acknowledging = Tasks("test").start(site.link.acknowledge(first), "acknowledge")
        await until(lambda: site.stored() == 0)
        store(site, "second")
        await acknowledging
        site.modem.urc('+CMTI: "ME",1')
        assert await take_texts(site, 1) == ["second"]


@pytest.mark.parametrize("final", ["+CMS ERROR: 314", "+CMS ERROR: 500", "ERROR"])
@pytest.mark.parametrize("chains", [True, False])
async def test_a_place_that_cannot_be_read_after_a_deletion_is_not_told_to_be_empty(final: str, chains: bool) -> None:
    """It said OK, deleted nothing, and was busy when it was asked what is there: the SMS was received once more."""
    async with modem_site() as site:
        site.modem.faults.no_chaining = not chains
        await site.open(poll_interval=60.0)
        store(site, "stays")
        site.modem.urc('+CMTI: "ME",1')
        (part,) = await site.take(1, acknowledge=False)
        assert isinstance(part, InboundPart)
        site.modem.faults.undeleted, site.modem.faults.answers["+CMGR"] = 1, [final] * 2
        await site.link.acknowledge(part)
        assert not site.told_gone(part)
        assert site.stored() == 1
        await until(lambda: site.stored() == 0)
        assert not site.waiting()


@pytest.mark.parametrize("chains", [True, False])
async def test_a_place_is_seen_to_be_empty_where_a_modem_has_an_error_of_its_own_for_that(chains: bool) -> None:
    async with modem_site() as site:
        site.modem.faults.no_chaining = not chains
        await site.open(poll_interval=60.0)
        store(site, "once")
        site.modem.urc('+CMTI: "ME",1')
        (part,) = await site.take(1, acknowledge=False)
        assert isinstance(part, InboundPart)
        site.modem.faults.refusals["+CMGR"] = "+CMS ERROR: 500"
        await site.link.acknowledge(part)
        store(site, "next")
        site.modem.urc('+CMTI: "ME",1')
        assert await take_texts(site, 1) == ["next"]
        assert site.told_gone(part)


async def test_a_retried_deletion_is_put_off_further_and_further() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=0.05)
        site.modem.faults.refusals["+CMGD"] = "+CMS ERROR: 500"
        began = time.monotonic()
        store(site, "stays")
        await site.take(1)
        await sweeps(site, 20)
        deletions = sum("+CMGD=" in line for line in site.modem.state.terminal.heard)
        # one more in twice the time, on a machine that needs it
        assert deletions < 8 + math.log2(max(1.0, (time.monotonic() - began) / 6.0))


async def test_a_true_repeat_is_two_sms() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        for _ in range(2):  # the same to the second, in the same place
            store(site, "again")
            site.modem.urc('+CMTI: "ME",1')
            assert await take_texts(site, 1) == ["again"]
            await until(lambda: site.stored() == 0)


# -- one memory with two names ----------------------------------------------------------------------
@pytest.mark.parametrize("hint", ['+CMTI: "ME",1', '+CMTI: "SM",1', ""])
async def test_one_memory_with_two_names_gives_each_sms_once(hint: str) -> None:
    async with modem_site() as site:
        site.modem.faults.one_memory = True
        store(site, "before")
        await site.open(poll_interval=0.2)
        assert await take_texts(site, 1) == ["before"]
        store(site, "one", "two")
        if hint:
            site.modem.urc(hint)
        assert await take_texts(site, 2) == ["one", "two"]
        await until(lambda: site.stored() == 0)
        await sweeps(site, 3)
        assert not site.waiting()


@pytest.mark.parametrize("fault", ["badly read", "refused once", "refused under one name", "found out late"])
async def test_one_memory_whose_names_could_not_be_compared_gives_each_sms_once(fault: str) -> None:
    async with modem_site() as site:
        await site.open(poll_interval=0.2)
        await sweeps(site, 1)
        faults = site.modem.faults
        store(site, "once", "as well")
        match fault:
            case "badly read":
                faults.garbled = 5
            case "refused once":
                faults.answers["+CMGL"] = ["+CMS ERROR: 500"]
            case "refused under one name":
                faults.answers["+CMGL"] = ["+CMS ERROR: 500", "OK", "OK", "+CMS ERROR: 500"]
            case "found out late":
                faults.garbled = 2
                site.modem.urc('+CMTI: "ME",1')
                await until(lambda: faults.garbled == 0)
        faults.one_memory = True
        held = await site.take(2, acknowledge=False)
        await sweeps(site, 3)
        assert not site.waiting()
        for item in held:
            await site.link.acknowledge(item)
        await until(lambda: site.stored() == 0)
        await sweeps(site, 2)
        assert not site.waiting()


async def test_in_one_memory_with_two_names_a_slot_has_one_name_whatever_hints_at_it() -> None:
    async with modem_site() as site:
        site.modem.faults.one_memory = True
        await site.open(poll_interval=60.0)
        store(site, "hinted at by its other name")
        site.modem.urc('+CMTI: "ME",1')
        (first,) = await site.take(1, acknowledge=False)
        await site.open()
        (again,) = await site.take(1, acknowledge=False)
        assert isinstance(first, InboundPart)
        assert isinstance(again, InboundPart)
        assert first.slot == again.slot


async def test_the_same_in_two_memories_is_twice() -> None:
    async with modem_site() as site:
        for memory in ("SM", "ME"):
            store(site, "copied", memory=memory)
        await site.open()
        assert await take_texts(site, 2) == ["copied", "copied"]


# -- which form of AT+CPMS --------------------------------------------------------------------------
@pytest.mark.parametrize("names", [1, 2, 3])
async def test_reads_every_memory_whatever_form_of_the_command_the_modem_takes(names: int) -> None:
    """Some sticks take three names or nothing, and nothing was ever read from them."""
    async with modem_site() as site:
        site.modem.faults.memory_names = names
        for memory in ("SM", "ME"):
            store(site, f"in {memory}", memory=memory)
        await site.open(poll_interval=0.2)
        assert sorted(await take_texts(site, 2)) == ["in ME", "in SM"]
        sent = await site.send()
        assert (await site.take_report()).reference == sent.reference
        await until(lambda: site.stored() == 0)


async def test_receives_into_what_the_modem_offers_for_it() -> None:
    """Cinterion's MC75i does not receive into ME."""
    profile = Profile(memories=(("ME", "SM", "MT"), ("ME", "SM", "MT"), ("SM", "MT")), report_memory="SM")
    async with modem_site(profile=profile) as site:
        await site.open()
        site.far.send(OURS, "received")
        assert (await site.take_part()).text == "received"
        assert site.modem.state.settings.memories[1:] == ["ME", "SM"]


# -- lists and counts -------------------------------------------------------------------------------
async def test_a_memory_that_counts_nothing_is_listed_all_the_same() -> None:
    async with modem_site() as site:
        site.modem.faults.counts = {"ME": 0, "SM": 0, "SR": 0}
        await site.open(poll_interval=0.2)
        store(site, "one", "two")
        assert await take_texts(site, 2) == ["one", "two"]
        await until(lambda: site.stored() == 0)


async def test_a_report_that_no_list_shows_is_read_from_the_place_that_was_told() -> None:
    """So on the DWM-156, in whose memory for reports the list is always empty."""
    async with modem_site() as site:
        site.modem.faults.unlisted = ["SR"]
        await site.open(poll_interval=60.0)
        sent = await site.send()
        assert (await site.take_report()).reference == sent.reference
        await until(lambda: site.stored() == 0)


async def test_receives_elsewhere_when_a_memory_counts_sms_and_shows_none() -> None:
    """So on the EC200A, whose own memory counts, and whose SIM works."""
    async with modem_site() as site:
        site.modem.faults.unreadable = ["ME"]
        store(site, "lost in there")
        await site.open(poll_interval=0.2)
        await until(lambda: site.modem.state.settings.memories[2] == "SM")
        site.far.send(OURS, "received")
        assert (await site.take_part()).text == "received"


@pytest.mark.parametrize("fault", ["refused", "silent", "slow"])
async def test_a_list_that_cannot_be_had_never_holds_up_a_send_for_long(fault: str) -> None:
    """A send waited 11 s behind 255 places, at every poll."""
    async with modem_site() as site:
        site.modem.faults.delays["+CMGR"] = 0.04
        match fault:
            case "refused":
                site.modem.faults.refusals["+CMGL"] = "+CMS ERROR: 500"
            case "silent":
                site.modem.faults.silences["+CMGL"] = 1000
            case "slow":
                site.modem.faults.delays["+CMGL"] = 2.0
        site.modem.faults.counts = {"ME": 1}  # what is counted is not there
        await site.open(poll_interval=0.3)
        heard = site.modem.state.terminal.heard
        asked: dict[str, list[int]] = {"+CMGL": [], "+CMGR=": []}
        for number in range(12):
            begun = len(heard)
            await site.send(f"message {number}", report=False)
            for command, counts in asked.items():
                counts.append(sum(command in line for line in list(heard)[begun:]))
            await asyncio.sleep(0.1)
        # counted, not timed: a machine with other things to do is slow at all of it
        assert max(asked["+CMGL"]) <= 3
        assert max(asked["+CMGR="]) <= 64
        assert sum("+CMGR=" in line for line in heard) < 2 * 256 + 100


async def test_what_is_in_a_memory_without_a_list_is_found_wherever_it_lies() -> None:
    async with modem_site() as site:
        site.modem.faults.refusals["+CMGL"] = "ERROR"
        memory = site.modem.state.storage["ME"]
        for _ in range(60):
            site.modem.store("00")
        store(site, "in place 61")
        for index in range(1, 61):
            memory.delete(index)
        await site.open(poll_interval=0.3)
        assert await take_texts(site, 1) == ["in place 61"]
        site.far.send(OURS, "told of")
        assert await take_texts(site, 1) == ["told of"]
        await until(lambda: site.stored() == 0)


async def test_a_list_that_failed_is_asked_for_again() -> None:
    async with modem_site() as site:
        site.modem.faults.answers["+CMGL"] = ["+CMS ERROR: 314"] * 3
        await site.open(poll_interval=0.2)
        store(site, "a", "b", "c", memory="SM")
        assert await take_texts(site, 3) == ["a", "b", "c"]


# -- a bad line -------------------------------------------------------------------------------------
@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("lists", [True, False], ids=["lists", "places"])
async def test_an_sms_that_lost_octets_on_the_line_is_read_again(times: int, lists: bool) -> None:
    async with modem_site() as site:
        if not lists:
            site.modem.faults.refusals["+CMGL"] = "+CMS ERROR: 500"
        site.modem.faults.garbled = times
        store(site, "whole again")
        await site.open(poll_interval=60.0)
        assert await take_texts(site, 1) == ["whole again"]
        await until(lambda: site.stored() == 0)


async def test_a_report_that_lost_octets_on_the_line_is_no_sms() -> None:
    async with modem_site() as site:
        site.modem.faults.garbled = 3
        site.modem.store(encode_report(THEIRS, 7, 0, sent_at=NOW, done_at=NOW), "ME")
        await site.open(poll_interval=60.0)
        assert (await site.take_report()).reference == 7


@pytest.mark.parametrize("kept", [2, 20], ids=["not as long as announced", "says nothing"])
async def test_an_sms_that_is_stored_with_octets_missing_is_handed_on_as_it_is(kept: int) -> None:
    async with modem_site() as site:
        site.modem.store(encode_deliver(THEIRS, "cut", sent_at=NOW)[:kept], "ME")
        await site.open(poll_interval=60.0)
        (part,) = await site.take(1)
        assert isinstance(part, InboundPart)
        assert part.error
        await until(lambda: site.stored() == 0)


@pytest.mark.parametrize("lists", [True, False], ids=["lists", "places"])
async def test_an_sms_that_is_read_badly_later_has_not_gone(lists: bool) -> None:
    async with modem_site() as site:
        if not lists:
            site.modem.faults.refusals["+CMGL"] = "+CMS ERROR: 500"
        store(site, "once")
        await site.open(poll_interval=0.2)
        (part,) = await site.take(1, acknowledge=False)
        assert isinstance(part, InboundPart)
        for _ in range(3):
            site.modem.faults.garbled = 1
            site.modem.urc('+CMTI: "ME",1')
            await until(lambda: site.modem.faults.garbled == 0)
            await sweeps(site, 2)
        assert not site.waiting()
        await site.link.acknowledge(part)
        await until(lambda: site.stored() == 0)
        store(site, "next")
        assert await take_texts(site, 1) == ["next"]
        assert site.told_gone(part)


@pytest.mark.parametrize("chains", [True, False])
async def test_a_deletion_that_was_not_done_is_not_believed_for_a_bad_reading(chains: bool) -> None:
    async with modem_site() as site:
        site.modem.faults.no_chaining = not chains
        store(site, "once")
        await site.open(poll_interval=0.2)
        (part,) = await site.take(1, acknowledge=False)
        assert isinstance(part, InboundPart)
        site.modem.faults.undeleted, site.modem.faults.garbled = 1, 1
        await site.link.acknowledge(part)
        await until(lambda: site.stored() == 0)
        await sweeps(site, 2)
        assert not site.waiting()


async def test_two_sms_in_one_place_of_a_list_are_a_list_that_was_read_badly() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        pdus = [encode_deliver(THEIRS, text, sent_at=NOW) for text in ("first", "second")]
        for pdu in pdus:
            site.modem.store(pdu, "ME")
        twice = [f"+CMGL: 1,0,,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}\r\n{pdu}" for pdu in pdus]  # that was 12, or 21
        site.modem.faults.misread["+CMGL"] = ["\r\n".join(twice)]
        site.modem.urc('+CMTI: "ME",2')
        assert sorted(await take_texts(site, 2)) == ["first", "second"]
        await until(lambda: site.stored() == 0)


async def test_a_deletion_of_what_cannot_even_be_read_is_not_tried_without_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tries, "AGAIN", 0.5)
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        site.modem.faults.refusals["+CMGD"] = "+CMS ERROR: 500"
        store(site, "stays")
        site.modem.urc('+CMTI: "ME",1')
        await site.take(1)
        heard, faults = site.modem.state.terminal.heard, site.modem.faults
        faults.refusals["+CMGR"] = "+CMS ERROR: 500"
        await until(lambda: sum("+CMGR" in line for line in heard) >= 3)
        before = len(heard)
        await asyncio.sleep(0.4)  # nothing tells that nothing happens
        assert len(heard) - before < 10
        faults.refusals.clear()
        await until(lambda: site.stored() == 0)


# -- not as it was set up ---------------------------------------------------------------------------
@pytest.mark.parametrize("times", [2, 4, 1000])
async def test_what_could_not_be_read_for_a_modem_that_does_not_stay_set_up_is_read_later(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """It was set up ten times a second, without a pause, for as long as its lists were in text mode."""
    monkeypatch.setattr(tries, "AGAIN", 1.0)
    async with modem_site() as site:
        store(site, "read at first")
        await site.open(poll_interval=60.0)
        assert await take_texts(site, 1) == ["read at first"]
        await until(lambda: site.stored() == 0)
        heard, faults = site.modem.state.terminal.heard, site.modem.faults
        faults.misread["+CMGL"] = ['+CMGL: 1,"REC UNREAD","+15550150",,"26/11/20,10:11:12+04"'] * times
        site.modem.urc('+CMTI: "ME",1')
        if times == 1000:
            await asyncio.sleep(2)  # nothing tells that nothing happens
            assert sum("+CMEE=1" in line for line in heard) < 5
            faults.misread.clear()
        store(site, "read later")
        assert await take_texts(site, 1) == ["read later"]


# -- filling up -------------------------------------------------------------------------------------
async def test_says_that_a_memory_fills_up_and_is_full() -> None:
    async with modem_site(profile=PROFILES["huawei"], storage_size=10) as site:
        await site.open(poll_interval=0.2)
        store(site, *"12345678")
        held = await site.take(8, acknowledge=False)
        await until(lambda: "nearly full (ME)" in site.link.lines[0].reason)
        store(site, "9", "10")
        held += await site.take(2, acknowledge=False)
        await until(lambda: "is full (ME holds 10 of 10)" in site.link.lines[0].reason)
        for item in held:
            await site.link.acknowledge(item)
        await until(lambda: site.link.lines[0].reason == "")


async def test_reports_in_a_full_memory_are_taken_in_and_make_room() -> None:
    async with modem_site(storage_size=3) as site:
        for reference in range(3):
            site.modem.store(encode_report(THEIRS, reference, 0, sent_at=NOW, done_at=NOW), "SR")
        await site.open(poll_interval=60.0)
        items = await site.take(3)
        assert [item.reference for item in items if isinstance(item, InboundReport)] == [0, 1, 2]
        await until(lambda: site.stored() == 0)


async def test_an_unplug_during_a_deletion_gives_the_sms_out_again_under_its_name() -> None:
    async with modem_site() as site:
        await site.open()
        store(site, "kept")
        (first,) = await site.take(1, acknowledge=False)
        site.modem.faults.delays["+CMGD"] = 60.0
        site.modem.faults.undeleted = 1
        forgetting = Tasks("test").start(site.link.acknowledge(first), "acknowledge")
        await until(lambda: "+CMGD=" in site.modem.state.terminal.heard[-1])
        site.modem.unplug()
        await asyncio.wait([forgetting])
        site.modem.faults.delays.clear()
        site.modem.replug()
        await site.open()
        (again,) = await site.take(1)
        assert isinstance(first, InboundPart)
        assert isinstance(again, InboundPart)
        assert first.slot == again.slot


# -- another program chooses another memory between two commands ------------------------------------
@pytest.mark.parametrize("chains", [True, False])
@pytest.mark.parametrize("command", ["+CMGL", "+CMGD"])
async def test_what_was_done_in_another_memory_says_nothing_of_ours(command: str, chains: bool) -> None:
    """What lay in ME was taken to have gone when SM had been listed, or deleted from, and came once more."""
    async with modem_site() as site:
        site.modem.faults.no_chaining = not chains
        await site.open(poll_interval=0.3)
        await sweeps(site, 1)
        site.modem.faults.undeleted = 2
        store(site, "once")
        (part,) = await site.take(1)
        assert isinstance(part, InboundPart)
        site.modem.faults.typed_elsewhere[command] = ['AT+CPMS="SM"'] * 3
        await until(lambda: site.stored() == 0)
        store(site, "next")
        more = [await site.take_part()]
        assert (more[0].text, [item for item in site.waiting() if isinstance(item, InboundPart)]) == ("next", [])
