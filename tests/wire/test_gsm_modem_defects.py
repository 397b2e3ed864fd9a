"""The nineteen defects of python-gsmmodem-new 0.13.0 that `Session` mends, each as what must work.

Real pyserial on a real pseudo-terminal. `test_gsm_modem_bare_library.py` shows the library alone failing.
"""

import asyncio
import gc
import threading
import time

import pytest
import serial

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.message import State
from bridge.model.radio import Concat, InboundPart, InboundReport
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.gsm_modem.session import Session
from device_drivers.gsm_modem.transport import Transport
from device_drivers.virtual.modem.profile import QUECTEL, Profile
from tests.support.clocks import skip
from tests.support.modem_site import OURS, THEIRS, modem_site
from tests.support.waiting import until

NOW = 1_795_000_000_000


async def test_d01_twenty_notifications_back_to_back_lose_nothing() -> None:
    """The library handles the first line of a burst and leaves the other 19 SMS unread."""
    async with modem_site() as site:
        await site.open()
        for number in range(20):
            site.far.send(OURS, f"burst {number}")
        parts = await site.take(20)
        assert [part.text for part in parts if isinstance(part, InboundPart)] == [f"burst {n}" for n in range(20)]
        await until(lambda: site.stored() == 0)


@pytest.mark.parametrize("place", ["before", "inside"])
async def test_d02_news_inside_an_answer_is_not_the_answer(place: str) -> None:
    """The library gives `^RSSI:17` as the IMEI, and loses an SMS announced inside the answer to AT+CMGS."""
    async with modem_site() as site:
        broken: dict[str, list[str]] = getattr(site.modem.faults, place)
        broken |= {"+CGSN": ["^RSSI:17"], "+CIMI": ["RING"]}
        link = await site.open()
        assert (link.lines[0].imei, link.lines[0].imsi) == ("490154203237518", "001010123456789")
        index = site.modem.store(encode_deliver(THEIRS, "meanwhile", sent_at=NOW))
        broken["+CMGS"] = [f'+CMTI: "ME",{index}']
        assert (await site.send(report=False)).reference == 0
        assert (await site.take_part()).text == "meanwhile"


async def test_d02_news_right_behind_an_answer_never_ends_the_next_question() -> None:
    """The library takes it for the next answer when the next question comes quickly."""
    async with modem_site() as site:
        site.modem.faults.behind["+CGSN"] = [f"^RSSI:{n % 30}" for n in range(500)]

        def ask() -> list[list[str]]:
            wire = Transport(site.modem.port)
            try:
                wire.connect()
                wire.ask("ATE0")
                return [wire.ask("AT+CGSN") for _ in range(500)]
            finally:
                wire.close()

        assert await asyncio.to_thread(ask) == [["490154203237518"]] * 500


async def test_d03_reports_and_received_sms_never_get_into_a_send() -> None:
    """The library lets its handlers write between AT+CMGS and the PDU: 8 of 100 sends fail."""
    async with modem_site() as site:
        await site.open()
        site.network.rules.send_latency = 0.02
        for number in range(20):
            site.far.send(OURS, f"in {number}")
            assert (await site.send(f"out {number}", message=str(number))).reference == number
        items = await site.take(40)
        reports = [item.reference for item in items if isinstance(item, InboundReport)]
        assert sorted(reports) == list(range(20))
        assert [sms.text for sms in await site.far.wait(20)] == [f"out {number}" for number in range(20)]


async def test_d04_a_late_answer_settles_its_own_message_and_nobody_elses() -> None:
    """The library raises, leaves the prompt and the answer where they are, and gives `+CMGS: 0` as the next IMEI."""
    async with modem_site() as site:
        link = await site.open()
        site.modem.faults.delays["+CMGS"] = 3600.0
        with site.impatient(), pytest.raises(OutcomeUnknown, match="had the message and did not answer"):
            await site.send("late", message="the late one", report=False)
        await until(lambda: site.modem.state.terminal._busy)
        skip(3600.0)
        evidence = await site.take_evidence()
        assert (evidence.message, evidence.index, evidence.state, evidence.reference) == (
            "the late one",
            1,
            State.SENT,
            0,
        )
        site.modem.faults.delays.clear()
        assert (await link.refresh())[0].operator == "Virtual Network"
        assert (await site.send("next", report=False)).reference == 1
        assert [sms.text for sms in await site.far.wait(2)] == ["late", "next"]


async def test_d04_a_late_refusal_settles_its_own_message_too() -> None:
    """The library gives it to whatever is asked next."""
    async with modem_site() as site:
        await site.open()
        site.modem.faults.silences["+CMGS"] = 1
        with site.impatient(), pytest.raises(OutcomeUnknown):
            await site.send(message="the refused one", report=False)
        site.modem.urc("+CMS ERROR: 38")
        evidence = await site.take_evidence()
        assert (evidence.message, evidence.state) == ("the refused one", State.FAILED)
        assert "network out of order" in evidence.detail


@pytest.mark.parametrize("sign", [b"\r\n> ", b"\r\n>", b"> ", b">", b"\r\n>\r\n", b"\r\n > "])
async def test_d05_any_prompt_is_a_prompt(sign: bytes) -> None:
    """The library waits for exactly `> `; a lone `>` swallows every command after it."""
    async with modem_site() as site:
        await site.open()
        site.modem.faults.prompt = sign
        site.modem.faults.after_prompt = "^RSSI:17"
        assert (await site.send("one")).reference == 0
        assert (await site.send("two")).reference == 1
        assert [sms.text for sms in await site.far.wait(2)] == ["one", "two"]


async def test_d06_bytes_that_are_no_text_do_no_harm() -> None:
    """One byte that is not UTF-8 ends the library's reader thread, and it says nothing of it."""
    async with modem_site() as site:
        await site.open()
        site.modem.noise(b"\xff\xfe\x00\x80 \xc3\x28\r\n")
        site.modem.noise(bytes(range(256)) + b"\r\n")
        assert (await site.send()).reference == 0
        site.far.send(OURS, "still here")
        items = await site.take(2)
        assert {item.text for item in items if isinstance(item, InboundPart)} == {"still here"}


async def test_d07_unplugging_wakes_whoever_waits_at_once() -> None:
    """The library waits out its 35 seconds."""
    async with modem_site() as site:
        await site.open(send_timeout=60.0)
        site.modem.faults.silences["+CMGS"] = 1
        sending = asyncio.ensure_future(site.send())  # noqa: TID251 - a test watches it itself
        await site.far.wait()
        site.modem.unplug()
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="port was lost after"):
            await sending
        with pytest.raises(DeviceLost):
            await site.take()
        assert time.monotonic() - started < 20


async def test_d08_errors_in_words_are_errors() -> None:
    """The library does not take `+CMS ERROR: SIM busy` for an end and waits 35 seconds."""
    async with modem_site() as site:
        await site.open(send_timeout=60.0)
        site.modem.faults.answers["+CMGS"] = ["+CMS ERROR: SIM busy", "+CMS ERROR: SIM not inserted"]
        with pytest.raises(SendRefused, match="SIM busy") as busy:
            await site.send()
        with pytest.raises(SendRefused, match="not inserted") as gone:
            await site.send()
        assert (busy.value.refusal, gone.value.refusal) == (Refusal.NETWORK, Refusal.LINE)


async def test_d09_a_reference_with_a_time_is_a_reference() -> None:
    """`+CMGS: 12,"26/11/20…"` is a ValueError of the library's, after the SMS went out."""
    async with modem_site(profile=QUECTEL) as site:
        await site.open(init=["AT+CSMS=1"])
        assert (await site.send("one")).reference == 0
        assert (await site.send("two")).reference == 1


async def test_d10_an_emoji_arrives_both_ways() -> None:
    """The library cannot encode one and makes lone surrogates of a received one."""
    async with modem_site() as site:
        await site.open()
        await site.send("see you 😀", report=False)
        assert (await site.far.wait())[0].text == "see you 😀"
        site.far.send(OURS, "me too 🎉")
        assert (await site.take_part()).text == "me too 🎉"


@pytest.mark.parametrize(
    "text", ["a ` backtick", "§ 5", "{[€]}~^|\\", "ÿ", "a@b", "@" * 160, "Grüße Ñ Ω", "Привет", "+1\n2"]
)
async def test_d11_every_character_arrives_as_it_was_written(text: str) -> None:
    """The library sends ` as §, § only as UCS-2, drops ESC and breaks on ÿ."""
    async with modem_site() as site:
        await site.open()
        await site.send(text, report=False)
        assert (await site.far.wait())[0].text == text


async def test_d12_short_and_odd_numbers_reach_whom_they_mean() -> None:
    """The library marks short codes as national numbers, and makes a name of a number with a space in it."""
    async with modem_site() as site:
        await site.open()
        short = site.network.handset("80555")
        await site.send("JOIN", to="80555", report=False)
        assert (await short.wait())[0].text == "JOIN"
        with pytest.raises(SendRefused, match="cannot be written") as refused:
            await site.send(to="+1 555 0199")
        assert refused.value.refusal is Refusal.PERMANENT


async def test_d13_wide_references_lose_no_character() -> None:
    """The library drops the first character of each part with a 16-bit reference, and an @ at the end."""
    async with modem_site() as site:
        await site.open()
        for index, text in enumerate(["First part@", "second part@@@@@@@@"], 1):
            site.modem.store(encode_deliver(THEIRS, text, sent_at=NOW, concat=Concat(0x1234, 2, index, 16)))
        site.modem.urc('+CMTI: "ME",1')
        parts = [part for part in await site.take(2) if isinstance(part, InboundPart)]
        assert [part.text for part in parts] == ["First part@", "second part@@@@@@@@"]
        assert parts[1].concat == Concat(0x1234, 2, 2, 16)


async def test_d14_a_broken_time_stamp_keeps_nothing_from_being_read() -> None:
    """The library raises in a thread, and the SMS stays in the memory for ever."""
    async with modem_site() as site:
        pdu = encode_deliver(THEIRS, "no time", sent_at=NOW)
        at = pdu.rindex("0000", 0, 44) + 4
        site.modem.store(pdu[:at] + "00000000000000" + pdu[at + 14 :])
        await site.open()
        part = await site.take_part()
        assert (part.text, part.sent_at) == ("no time", 0)
        await until(lambda: site.stored() == 0)


async def test_d15_a_report_that_cannot_be_read_is_handed_on_as_it_is() -> None:
    """The library raises UnboundLocalError in a thread; nobody ever sees the report."""
    async with modem_site() as site:
        await site.open()
        site.modem.urc("+CDS: 25\r\n0006FF0B91515551")
        part = await site.take_part()
        assert part.error
        assert (part.sender, part.data) == ("", "0006ff0b91515551")
        assert (await site.send(report=False)).reference == 0


MEANINGS = {
    0x00: State.DELIVERED,
    0x01: State.DELIVERED,
    0x02: State.DELIVERED,
    0x20: State.SENT,
    0x30: State.SENT,
    0x43: State.FAILED,
    0x63: State.FAILED,
}


@pytest.mark.parametrize(("status", "state"), MEANINGS.items())
async def test_d16_each_status_says_what_it_means(status: int, state: State) -> None:
    """To the library everything but 0 is a failure, and a later one, even `still trying`."""
    async with modem_site() as site:
        await site.open()
        site.network.rules.report_status[THEIRS] = status
        sent = await site.send()
        report = await site.take_report()
        assert (report.reference, report.recipient, report.state) == (sent.reference, THEIRS, state)
        assert f"0x{status:02X}" in report.detail


async def test_d17_the_port_is_ours_alone_and_needs_no_flow_control() -> None:
    """The library insists on RTS/CTS and DSR/DTR, and lets another program open the port beside it."""
    async with modem_site() as site:
        link = await site.open()
        assert (link._session.serial.rtscts, link._session.serial.dsrdtr) == (False, False)
        with pytest.raises(serial.SerialException, match="lock"):
            serial.Serial(site.modem.port, exclusive=True)
        await site.open(rtscts=True)
        assert site.link._session.serial.rtscts


async def test_d18_modems_that_are_dropped_let_go_of_port_and_thread() -> None:
    """The library's reader holds its modem: 20 that were dropped steal each other's bytes."""
    async with modem_site() as site:

        def drop_twenty() -> None:
            for _ in range(20):
                session = Session(site.modem.port, patience=2.0)
                session.begin()
                reader = session.rxThread
                del session
                gc.collect()
                reader.join(5)
                assert not reader.is_alive()

        before = threading.active_count()
        await asyncio.to_thread(drop_twenty)
        assert threading.active_count() <= before + 1
        await site.open()
        assert (await site.send()).reference == 0


async def test_d19_an_answer_that_begins_with_ok_goes_on() -> None:
    """To the library any line that begins with OK is the end."""
    async with modem_site(profile=Profile(model="OK Modem 3000")) as site:
        link = await site.open()
        assert link.lines[0].model == "Virtual OK Modem 3000"
        assert link.lines[0].imei == "490154203237518"
