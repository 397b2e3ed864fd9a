"""Why python-gsmmodem-new 0.13.0 is not used as it is: its defects, shown on the library alone.

Numbers as in `test_gsm_modem_defects.py`, which holds what works with `Session` instead. When one of these fails after
an update of the library, its repair in ours can go. D3, D7, D15 and D18 take chance or minutes to show: not here.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import serial
from gsmmodem.exceptions import CommandError, TimeoutException
from gsmmodem.modem import GsmModem, SentSms, StatusReport
from gsmmodem.pdu import decodeSmsPdu, encodeSmsSubmitPdu
from gsmmodem.serial_comms import SerialComms

from bridge.model.radio import Concat
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.virtual.modem.profile import QUECTEL, Profile
from tests.support.bare_library import let_handlers_end
from tests.support.modem_site import OURS, THEIRS, Site, modem_site
from tests.support.waiting import until

NOW = 1_795_000_000_000

pytestmark = [
    # its handlers die in threads of their own
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


async def with_bare(site: Site, work: Callable[[Any], Any], **options: Any) -> Any:
    """Do something with the library's modem, connected, in a thread."""

    def run() -> Any:
        modem = GsmModem(site.modem.port, **options)
        try:
            modem.connect()
            return work(modem)
        finally:
            if modem.alive or modem.rxThread.is_alive():
                modem.close()
            modem.serial.close()
            let_handlers_end()

    return await asyncio.to_thread(run)


async def test_d01_a_burst_of_notifications_is_read_once() -> None:
    heard: list[Any] = []
    async with modem_site() as site:

        def burst(modem: Any) -> int:
            for number in range(20):
                loop.call_soon_threadsafe(site.modem.store, encode_deliver(THEIRS, str(number), sent_at=NOW))
            lines = "\r\n".join(f'+CMTI: "ME",{number}' for number in range(1, 21))
            loop.call_soon_threadsafe(site.modem.urc, lines)
            asyncio.run_coroutine_threadsafe(until(lambda: site.stored() == 19), loop).result()
            modem.write("AT")
            return len(heard)

        loop = asyncio.get_running_loop()
        assert await with_bare(site, burst, smsReceivedCallbackFunc=heard.append) == 1
        assert site.stored() == 19


async def test_d02_news_is_the_imei() -> None:
    async with modem_site() as site:
        site.modem.faults.before["+CGSN"] = ["^RSSI:17"]
        assert await with_bare(site, lambda modem: modem.imei) == "^RSSI:17"


async def test_d04_a_late_answer_is_the_next_ones() -> None:
    async with modem_site() as site:
        site.modem.faults.delays["+CGSN"] = 3.0

        def ask(modem: Any) -> Any:
            with pytest.raises(TimeoutException):
                modem.write("AT+CGSN", timeout=0.1)
            return modem.write("AT+CIMI", timeout=30)

        assert await with_bare(site, ask) == ["490154203237518", "OK"]


async def test_d05_a_prompt_without_a_space_is_never_seen() -> None:
    async with modem_site() as site:
        site.modem.faults.prompt = b"\r\n>"

        def prompt(modem: Any) -> None:
            modem.write("AT+CMGS=20", timeout=0.3, expectedResponseTermSeq="> ")

        with pytest.raises(TimeoutException):
            await with_bare(site, prompt)


async def test_d06_a_byte_that_is_no_text_ends_the_reader_in_silence() -> None:
    fatal: list[Any] = []
    async with modem_site() as site:
        loop = asyncio.get_running_loop()

        def noise(modem: Any) -> bool:
            loop.call_soon_threadsafe(site.modem.noise, b"\xff\r\n")
            modem.rxThread.join(5)
            alive, modem.alive = modem.alive, False
            return bool(alive)

        assert await with_bare(site, noise, fatalErrorCallbackFunc=fatal.append) is True
        assert fatal == []


async def test_d08_an_error_in_words_is_no_end() -> None:
    async with modem_site() as site:
        site.modem.faults.answers["+CMGR"] = ["+CMS ERROR: SIM busy"]
        with pytest.raises(TimeoutException):
            await with_bare(site, lambda modem: modem.write("AT+CMGR=1", timeout=0.3))


async def test_d09_a_reference_with_a_time_breaks_after_the_sms_went_out() -> None:
    async with modem_site(profile=QUECTEL) as site:

        def send(modem: Any) -> None:
            modem.write("AT+CSMS=1")
            modem.sendSms(THEIRS, "hello")

        with pytest.raises(ValueError, match="invalid literal"):
            await with_bare(site, send)
        assert [sms.text for sms in await site.far.wait()] == ["hello"]


async def test_d10_an_emoji_breaks_sending() -> None:
    async with modem_site() as site:
        with pytest.raises(ValueError, match="byte must be in range"):
            await with_bare(site, lambda modem: modem.sendSms(THEIRS, "see you 😀"))


async def test_d11_a_backtick_arrives_as_something_else() -> None:
    async with modem_site() as site:
        await with_bare(site, lambda modem: modem.sendSms(THEIRS, "`"))
        assert [sms.text for sms in await site.far.wait()] == ["§"]


def test_d12_a_number_with_a_space_becomes_a_name() -> None:
    (pdu,) = encodeSmsSubmitPdu("+44 7700 900123", "hello", requestStatusReport=False, reference=0)
    assert "D0" in str(pdu)[:12]


def test_d13_wide_references_cost_a_character() -> None:
    pdu = encode_deliver(THEIRS, "First part", sent_at=NOW, concat=Concat(0x1234, 2, 1, 16))
    assert decodeSmsPdu(pdu)["text"] != "First part"


def test_d14_a_time_of_zeros_is_an_exception() -> None:
    pdu = encode_deliver(THEIRS, "no time", sent_at=NOW)
    at = pdu.rindex("0000", 0, 44) + 4
    with pytest.raises(ValueError, match="does not match format"):
        decodeSmsPdu(pdu[:at] + "00000000000000" + pdu[at + 14 :])


def test_d16_handed_to_the_phones_network_counts_as_failed() -> None:
    class Nobody:
        """A modem to refer to."""

    sent = SentSms(THEIRS, "hello", 1)
    sent.report = StatusReport(Nobody(), 0, 1, OURS, None, None, 0x01)
    assert sent.status == SentSms.FAILED


async def test_d17_flow_control_cannot_be_switched_off_and_the_port_is_shared() -> None:
    async with modem_site() as site:
        with pytest.raises(TypeError, match="multiple values"):
            await asyncio.to_thread(GsmModem(site.modem.port, rtscts=False).connect)

        def share(modem: Any) -> bool:
            with serial.Serial(modem.port) as second:
                return bool(second.is_open)

        assert await with_bare(site, share) is True


def test_d19_ok_at_the_beginning_is_the_end() -> None:
    assert SerialComms.RESPONSE_TERM.match("OK, see you")


@pytest.mark.parametrize("needed", ["+CMEE", "+CSCA", "+CGMI"])
async def test_connecting_fails_without_what_is_not_needed(needed: str) -> None:
    async with modem_site(profile=Profile(unsupported=Profile().unsupported | {needed, "+CLAC"})) as site:
        with pytest.raises(CommandError):
            await with_bare(site, lambda modem: modem)
