"""The modem driver when something breaks into the dialogue: a caller who hangs up, an OK or an ERROR to nothing."""

import asyncio

import pytest

from bridge.errors import LinkError, OutcomeUnknown, Refusal, SendRefused
from bridge.model.line import LineState
from bridge.model.message import State
from bridge.model.radio import InboundPart
from bridge.tasks import Tasks
from device_drivers.gsm_modem.pdu import encode_deliver
from tests.support.modem_site import THEIRS, Site, modem_site
from tests.support.waiting import until

NOW = 1_795_000_000_000
CALLS = ("NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE")
#: answers to nothing
STRAYS = ("OK", "ERROR")
#: what a line at work asks its modem
ASKED = ("+CPMS", "+CMGL", "+CMGD", "+CMGF", "+CNMI", "+CREG", "+CSQ", "+COPS")
PLACES = ("before", "amid", "inside", "behind")


async def send_until_taken(site: Site, text: str) -> State:
    """As the core does: a temporary refusal is tried again, anything else is the end of it."""
    for _ in range(5):
        try:
            await site.send(text, message=text, report=False)
            return State.SENT
        except OutcomeUnknown:
            return State.UNKNOWN
        except SendRefused as refused:
            if refused.refusal not in (Refusal.TEMPORARY, Refusal.NETWORK):
                raise
    raise AssertionError("never taken")


async def at_work(site: Site) -> None:
    """Two SMS come, each is taken in once; two go out, none twice; then the line is in service."""
    before = len(site.far.received)
    for number in range(2):
        site.modem.store(encode_deliver(THEIRS, f"in {number}", sent_at=NOW + number * 60_000))
    site.modem.urc('+CMTI: "ME",1')
    parts = await site.take(2)
    assert [part.text for part in parts if isinstance(part, InboundPart)] == ["in 0", "in 1"]
    await site.link.refresh()
    states = [await send_until_taken(site, f"out {number}") for number in range(2)]
    await until(lambda: site.stored() == 0)
    (line,) = await site.link.refresh()
    assert (line.state, line.registration) == (LineState.READY, "home")
    texts = [sms.text for sms in site.far.received[before:]]
    for number, state in enumerate(states):
        assert texts.count(f"out {number}") == 1 or (state is State.UNKNOWN and not texts.count(f"out {number}"))
    assert not site.waiting()


@pytest.mark.parametrize("word", CALLS)
@pytest.mark.parametrize("place", PLACES)
async def test_a_caller_may_hang_up_during_any_command(place: str, word: str) -> None:
    async with modem_site() as site:
        await site.open(poll_interval=30.0)
        getattr(site.modem.faults, place).update({name: [word] * 3 for name in (*ASKED, "+CMGS")})
        await at_work(site)


@pytest.mark.parametrize("word", [*CALLS, *STRAYS])
@pytest.mark.parametrize("place", ["before_prompt", "after_prompt", "after_text"])
async def test_whatever_breaks_in_around_the_prompt_opens_none_that_stays_open(place: str, word: str) -> None:
    async with modem_site() as site:
        await site.open()
        site.network.rules.send_latency = 0.05
        faults, tell = site.modem.faults, site.far.received
        for number in range(5):
            setattr(faults, place, word if place == "after_prompt" else [word])
            state = await send_until_taken(site, f"message {number}")
            faults.after_prompt = ""
            expected = (State.SENT, State.UNKNOWN) if word == "ERROR" else (State.SENT,)
            assert state in expected
        await until(lambda: len(tell) == 5)
        assert [sms.text for sms in tell] == [f"message {number}" for number in range(5)]


@pytest.mark.parametrize("word", STRAYS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [*ASKED, "+CMGS"])
async def test_an_answer_to_nothing_costs_no_sms_and_none_is_told_twice(name: str, place: str, word: str) -> None:
    async with modem_site() as site:
        await site.open(poll_interval=30.0)
        getattr(site.modem.faults, place)[name] = [word]
        await at_work(site)
        await at_work(site)


@pytest.mark.parametrize("word", [*CALLS, *STRAYS])
async def test_whatever_is_said_while_nothing_is_asked_answers_nothing(word: str) -> None:
    async with modem_site() as site:
        await site.open(poll_interval=30.0)
        for _ in range(3):
            site.modem.urc(word)
        await at_work(site)


async def test_a_modem_that_is_out_of_step_is_not_asked_without_end() -> None:
    """It was asked 20 times a second, and never came into step."""
    async with modem_site() as site:
        await site.open(poll_interval=30.0)
        for _ in range(3):
            site.modem.faults.before["+CREG"] = ["OK"] * 50
            site.modem.urc("+CREG: 1")
        heard = site.modem.state.terminal.heard
        before = len(heard)
        await asyncio.sleep(1.0)  # a rate has no event to wait for
        assert len(heard) - before < 20
        site.modem.faults.before.clear()
        await until(lambda: site.link.lines[0].state is LineState.READY)
        await at_work(site)


async def test_news_of_the_registration_without_end_is_not_followed_without_end() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=30.0)
        heard = site.modem.state.terminal.heard
        before = len(heard)
        for number in range(200):
            site.modem.urc(f"+CREG: {1 + number % 2}")
            await asyncio.sleep(0.005)
        assert len(heard) - before < 30
        await at_work(site)


async def test_a_prompt_that_stands_open_is_left_before_the_next_command() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=30.0, command_timeout=30.0)
        await site.rested()
        site.modem.state.terminal.feed(b"AT+CMGS=17\r")
        await until(lambda: site.link._session._dialogue.at_prompt)
        async with asyncio.timeout(20):
            assert (await site.send("not swallowed")).reference == 0
        assert [sms.text for sms in await site.far.wait()] == ["not swallowed"]


async def test_a_modem_that_says_ok_without_a_reference_has_taken_the_message() -> None:
    async with modem_site() as site:
        await site.open(send_timeout=20.0)
        site.modem.faults.results["+CMGS"] = ["OK"]
        assert (await site.send("taken")).reference is None
        assert (await site.send("next")).reference == 1


async def test_the_reference_behind_an_ok_to_nothing_is_the_messages_own() -> None:
    async with modem_site() as site:
        await site.open(send_timeout=20.0)
        site.network.rules.send_latency = 2.0
        site.modem.faults.after_text = ["OK"]
        assert (await site.send("slow")).reference == 0


async def test_a_modem_that_never_tells_something_is_taken_as_it_is() -> None:
    async with modem_site() as site:
        site.modem.faults.results["+CSQ"] = ["OK"] * 1000
        await site.open(command_timeout=3.0)
        assert site.link.lines[0].state is LineState.READY
        for _ in range(3):
            await site.link.refresh()
        async with asyncio.timeout(2.5):
            await site.link.refresh()


async def test_a_modem_that_answers_nothing_any_more_is_given_back() -> None:
    async with modem_site() as site:
        await site.open(command_timeout=0.1, watchdog=0.2)
        sending = Tasks("test").start(site.send(report=False), "send")
        site.modem.hang()
        with pytest.raises(LinkError):
            await asyncio.gather(sending, site.take())
