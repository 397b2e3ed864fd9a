"""Whose result is it, and what does it prove? Late, doubtful and missing answers to a PDU."""

import asyncio

import pytest

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from bridge.model.message import State
from bridge.tasks import Tasks
from tests.support.clocks import skip
from tests.support.modem_site import OURS, Site, modem_site
from tests.support.waiting import until

#: after the PDU these leave it open whether the message went out
DOUBTFUL = ("+CMS ERROR: 332", "+CMS ERROR: 500", "+CMS ERROR: 300", "ERROR", "+CME ERROR: 31", "+CMS ERROR: 538")
#: these say that it did not
DEFINITE = {
    "+CMS ERROR: 38": Refusal.NETWORK,
    "+CMS ERROR: 42": Refusal.TEMPORARY,
    "+CMS ERROR: 21": Refusal.PERMANENT,
    "+CMS ERROR: 304": Refusal.PERMANENT,
    "+CMS ERROR: 310": Refusal.LINE,
    "+CMS ERROR: 331": Refusal.NETWORK,
}

HOUR = 3600.0  # s


async def give_up(site: Site, message: str) -> None:
    """A message whose result does not come in time."""
    with site.impatient(), pytest.raises(OutcomeUnknown, match="did not answer"):
        await site.send(message, message=message, report=False)


# -- whose result it is ---------------------------------------------------------------------------
async def test_a_result_that_comes_after_the_next_message_was_begun_belongs_to_the_first() -> None:
    """The first was carried and stayed unknown; the second was refused and told to be sent."""
    async with modem_site() as site:
        await site.open(send_timeout=3.0)
        site.modem.faults.late["+CMGS"] = [HOUR, 3 * HOUR]
        await give_up(site, "the first")
        site.network.rules.refuse_next = [38]
        sending = Tasks("test").start(site.send("the second", message="the second", report=False), "send")
        await until(lambda: not site.network.rules.refuse_next)
        skip(4 * HOUR)
        evidence = await site.take_evidence()
        assert (evidence.message, evidence.state, evidence.reference) == ("the first", State.SENT, 0)
        with pytest.raises(SendRefused, match="38"):
            await sending
        assert [sms.text for sms in site.far.received] == ["the first"]


async def test_two_results_that_come_late_settle_both_in_their_order() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.late["+CMGS"] = [HOUR, HOUR]
        await give_up(site, "the first")
        await give_up(site, "the second")
        await site.far.wait(2)
        skip(2 * HOUR)
        found = [await site.take_evidence(), await site.take_evidence()]
        assert [(one.message, one.reference) for one in found] == [("the first", 0), ("the second", 1)]


async def test_a_late_refusal_and_a_late_reference_are_not_exchanged() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.late["+CMGS"] = [HOUR, HOUR]
        site.network.rules.refuse_next = [21]
        await give_up(site, "the refused one")
        await give_up(site, "the carried one")
        await site.far.wait()
        skip(2 * HOUR)
        found = [await site.take_evidence(), await site.take_evidence()]
        assert [(one.message, one.state) for one in found] == [
            ("the refused one", State.FAILED),
            ("the carried one", State.SENT),
        ]


async def test_after_a_lost_result_the_next_reference_is_the_next_messages_own() -> None:
    """The references count up, so the modem's answer cannot be that to the message before."""
    async with modem_site() as site:
        await site.open(send_timeout=2.0)
        assert (await site.send("one", report=False)).reference == 0
        site.network.rules.lose_answer_next = 1
        await give_up(site, "lost")
        assert (await site.send("three", report=False)).reference == 2
        assert (await site.send("four", report=False)).reference == 3
        assert not site.waiting()


async def test_one_result_for_two_messages_is_neithers_where_references_tell_nothing() -> None:
    async with modem_site() as site:
        await site.open(send_timeout=2.0)
        site.network.rules.lose_answer_next = 1
        await give_up(site, "lost")
        with pytest.raises(OutcomeUnknown, match="no answer that is certainly"):
            await site.send("the next", report=False)
        assert (await site.send("and then", report=False)).reference == 2
        assert [sms.text for sms in await site.far.wait(3)] == ["lost", "the next", "and then"]
        assert not site.waiting()


# -- what it proves -------------------------------------------------------------------------------
@pytest.mark.parametrize("final", DOUBTFUL)
async def test_a_doubtful_error_behind_the_pdu_leaves_the_outcome_unknown(final: str) -> None:
    """Taken for a refusal, the message was sent again and went on air twice."""
    async with modem_site() as site:
        await site.open()
        site.modem.faults.results["+CMGS"] = [final]
        with pytest.raises(OutcomeUnknown, match=r"had the message and said"):
            await site.send("on air", report=False)
        assert (await site.send("next", report=False)).reference == 1
        assert [sms.text for sms in await site.far.wait(2)] == ["on air", "next"]


@pytest.mark.parametrize(("final", "refusal"), DEFINITE.items())
async def test_a_definite_error_behind_the_pdu_is_a_refusal(final: str, refusal: Refusal) -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.results["+CMGS"] = [final]
        with pytest.raises(SendRefused, match=final.rpartition(" ")[2]) as refused:
            await site.send(report=False)
        assert refused.value.refusal is refusal


@pytest.mark.parametrize("final", [*DEFINITE, *DOUBTFUL])
async def test_an_error_of_something_else_in_front_of_the_result_refuses_nothing(final: str) -> None:
    """Taken for a refusal, the message was called failed, or sent again, and was on air."""
    async with modem_site() as site:
        await site.open()
        site.modem.faults.amid["+CMGS"] = [final]
        assert (await site.send("on air", report=False)).reference == 0
        assert (await site.send("next", report=False)).reference == 1
        assert [sms.text for sms in await site.far.wait(2)] == ["on air", "next"]
        assert not site.waiting()


@pytest.mark.parametrize("final", [*DEFINITE, *DOUBTFUL])
async def test_an_error_of_something_else_behind_the_reference_refuses_nothing(final: str) -> None:
    """Between `+CMGS: 17` and its OK: the message was on air and was sent again, or left unknown."""
    async with modem_site() as site:
        await site.open()
        site.modem.faults.inside["+CMGS"] = [final]
        assert (await site.send("on air", report=False)).reference == 0
        assert (await site.send("next", report=False)).reference == 1
        assert [sms.text for sms in await site.far.wait(2)] == ["on air", "next"]
        assert not site.waiting()


@pytest.mark.parametrize("final", DOUBTFUL)
async def test_an_ok_to_nothing_in_front_of_a_doubtful_error_is_no_yes(final: str) -> None:
    async with modem_site() as site:
        await site.open()
        site.network.rules.send_latency = 1.5  # the information may come within a second of its OK
        site.modem.faults.after_text = ["OK"]
        site.modem.faults.results["+CMGS"] = [final]
        with pytest.raises(OutcomeUnknown, match="said OK, and then something else"):
            await site.send("nobody knows", report=False)
        assert (await site.send("next", report=False)).reference == 1


async def test_a_refusal_with_an_ok_behind_it_is_of_something_else() -> None:
    """The reference got lost on the line, and its OK did not."""
    async with modem_site() as site:
        await site.open()
        site.modem.faults.misread["+CMGS"] = ["+CM\r\n+CMS ERROR: 38\r\nGS: 0"]
        with pytest.raises(OutcomeUnknown, match="CMS ERROR: 38, and then something else"):
            await site.send("on air", report=False)
        assert (await site.send("next", report=False)).reference == 1
        assert [sms.text for sms in await site.far.wait(2)] == ["on air", "next"]


@pytest.mark.parametrize(("takes", "settled"), [(3.0, True), (1000.0, False)])
async def test_an_error_long_before_the_result_refuses_nothing(takes: float, settled: bool) -> None:
    """While the modem said nothing more it was believed, and the message, on its way, was sent again."""
    async with modem_site() as site:
        await site.open(send_timeout=2.0)
        site.network.rules.send_latency = takes
        site.modem.faults.after_text = ["+CMS ERROR: 42"]
        if settled:
            assert (await site.send("on air", report=False)).reference == 0
        else:
            with pytest.raises(OutcomeUnknown, match="no answer that is certainly"):
                await site.send("on air", report=False)


@pytest.mark.parametrize("final", [*DOUBTFUL, "COMMAND NOT SUPPORT"])
async def test_the_same_error_in_place_of_the_prompt_is_a_refusal(final: str) -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.refusals["+CMGS"] = final
        with pytest.raises(SendRefused):
            await site.send(report=False)
        site.modem.faults.refusals.clear()
        assert (await site.send("taken", report=False)).reference == 0
        assert [sms.text for sms in await site.far.wait()] == ["taken"]


async def test_an_error_in_words_that_nobody_knows_leaves_the_outcome_unknown() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.results["+CMGS"] = ["+CMS ERROR: Something went wrong"]
        with pytest.raises(OutcomeUnknown, match="Something went wrong"):
            await site.send("on air", report=False)
        assert [sms.text for sms in await site.far.wait()] == ["on air"]


async def test_a_reference_behind_an_error_to_nothing_is_believed() -> None:
    async with modem_site() as site:
        await site.open()
        site.network.rules.send_latency = 0.5
        site.modem.faults.after_text = ["ERROR"]
        assert (await site.send("taken", report=False)).reference == 0
        assert [sms.text for sms in site.far.received] == ["taken"]


async def test_the_error_of_another_command_that_is_out_of_step_settles_no_message() -> None:
    """`invalid memory index` behind a stray ERROR was taken for the late refusal of a message that was on air."""
    async with modem_site() as site:
        await site.open()
        site.network.rules.lose_answer_next = 1
        await give_up(site, "on air")
        site.modem.faults.before["+CMGD"] = ["ERROR"]
        site.far.send(OURS, "to be deleted")
        assert (await site.take_part()).text == "to be deleted"
        await until(lambda: site.stored() == 0)
        await site.link.refresh()
        assert not site.waiting()
        assert [sms.text for sms in site.far.received] == ["on air"]


async def test_a_doubtful_late_error_settles_nothing() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.silences["+CMGS"] = 1
        await give_up(site, "nobody knows")
        site.modem.urc("+CMS ERROR: 332")
        await until(lambda: not site.link._sender._outstanding)
        await asyncio.sleep(0)
        assert not site.waiting()
