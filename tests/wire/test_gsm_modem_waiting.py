"""While the network takes its time over a message, what comes in is read all the same."""

import asyncio
import time

import pytest

from bridge.errors import OutcomeUnknown, SendRefused
from bridge.model.message import State
from bridge.model.radio import InboundPart
from bridge.tasks import Tasks
from device_drivers.gsm_modem.answer_times import FLOOR, UNKNOWN, AnswerTimes
from tests.support.modem_site import OURS, Site, modem_site
from tests.support.waiting import until

PATIENT = {"send_timeout": 60.0, "command_timeout": 3.0}


async def made_used_to_quick_answers(site: Site) -> None:
    """From five answers on the line's history counts."""
    await site.open(**PATIENT)
    for number in range(5):
        await site.send(f"quick {number}", report=False)


async def test_reads_what_arrives_while_the_network_takes_its_time() -> None:
    async with modem_site() as site:
        await made_used_to_quick_answers(site)
        site.modem.faults.late["+CMGS"] = [FLOOR + 4.0]
        sending = Tasks("test").start(site.send("slow", report=False), "send")
        await site.far.wait(6)
        for number in range(3):
            site.far.send(OURS, f"meanwhile {number}")
        items = await site.take(3, acknowledge=False)
        assert not sending.done()
        assert [item.text for item in items if isinstance(item, InboundPart)] == [f"meanwhile {n}" for n in range(3)]
        assert (await sending).reference == 5
        assert (await site.send("after it", report=False)).reference == 6
        await site.link.acknowledge(items[0])
        await until(lambda: site.stored() == 2)


async def test_a_modem_that_takes_no_command_meanwhile_loses_nothing() -> None:
    async with modem_site() as site:
        await made_used_to_quick_answers(site)
        site.modem.faults.delays["+CMGS"] = FLOOR + 3.0
        sending = Tasks("test").start(site.send("slow", report=False), "send")
        await site.far.wait(6)
        site.far.send(OURS, "meanwhile")
        assert (await sending).reference == 5
        del site.modem.faults.delays["+CMGS"]
        assert (await site.take_part()).text == "meanwhile"
        assert (await site.send("after it", report=False)).reference == 6
        assert [sms.text for sms in site.far.received][-2:] == ["slow", "after it"]


async def test_asks_nothing_beside_a_message_when_nothing_arrived() -> None:
    async with modem_site() as site:
        await made_used_to_quick_answers(site)
        site.modem.faults.late["+CMGS"] = [FLOOR + 2.0]
        assert (await site.send("slow", report=False)).reference == 5
        assert "+CMGS=" in site.modem.state.terminal.heard[-1]


async def test_a_late_no_is_a_no() -> None:
    async with modem_site() as site:
        await made_used_to_quick_answers(site)
        site.modem.faults.late["+CMGS"] = [FLOOR + 1.0]
        site.network.rules.refuse_next = [38]
        with pytest.raises(SendRefused):
            await site.send("refused", report=False)


async def test_an_answer_that_never_comes_is_waited_for_as_long_as_configured() -> None:
    async with modem_site() as site:
        await made_used_to_quick_answers(site)
        site.link._sender._timeout = FLOOR + 1.0
        site.modem.faults.late["+CMGS"] = [FLOOR + 2.0]
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match=f"within {FLOOR + 1:g} s"):
            await site.send("lost", report=False)
        assert time.monotonic() - began >= FLOOR + 1.0
        evidence = await site.take_evidence()  # what comes after that settles it
        assert (evidence.state, evidence.reference) == (State.SENT, 5)


@pytest.mark.parametrize("event", ["restart", "unplug"])
async def test_what_ends_the_waiting_is_noticed_at_once(event: str) -> None:
    async with modem_site() as site:
        await made_used_to_quick_answers(site)
        site.modem.faults.late["+CMGS"] = [50.0]
        sending = Tasks("test").start(site.send("slow", report=False), "send")
        await site.far.wait(6)
        await until(lambda: not site.link._session.in_step)  # the usual time has passed
        if event == "unplug":
            site.modem.unplug()
        else:
            site.modem.urc("RDY")
        with pytest.raises(OutcomeUnknown, match="anew" if event == "restart" else "lost"):
            async with asyncio.timeout(20):
                await sending


def test_holds_the_port_for_as_long_as_answers_usually_take() -> None:
    times = AnswerTimes()
    for _ in range(4):
        times.add(1.0)
    assert [times.hold(120.0), times.hold(5.0)] == [UNKNOWN, 5.0]
    times.add(1.0)
    assert times.hold(120.0) == FLOOR
    for _ in range(20):
        times.add(8.0)
    assert times.hold(120.0) == 16.0
    times.add(100.0)  # one of twenty is no rule
    assert times.hold(120.0) == 16.0
    for _ in range(50):
        times.add(90.0)
    assert times.hold(120.0) == 120.0
