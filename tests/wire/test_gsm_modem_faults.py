"""The modem driver against what happens to modems: SIM trouble, held ports, unplugs, full memories, restarts."""

import asyncio
import glob
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import serial

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.line import LineState
from bridge.model.message import State
from bridge.model.radio import InboundPart, InboundReport, Outgoing
from bridge.ports.driver import VolatileMemory
from bridge.tasks import Tasks
from device_drivers.gsm_modem import ports, seeking
from device_drivers.gsm_modem.driver import GsmModemDriver
from device_drivers.gsm_modem.pdu import encode_deliver, encode_submit
from device_drivers.gsm_modem.transport import Transport
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.modem.profile import PROFILES, SIMCOM, Profile
from device_drivers.virtual.modem.storage import Status
from device_drivers.virtual.network.service_centre import Network
from tests.support.modem_site import OURS, THEIRS, Site, modem_site
from tests.support.waiting import until

NOW = 1_795_000_000_000
#: a number here, so that no line of source that a traceback quotes has it as it is sent
OTHER_PIN = 9_183


#: holds a port as a polite program does
HOLDER = """
import fcntl, os, sys, time
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


# -- every make ---------------------------------------------------------------------------------
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
async def test_every_make_sends_reports_and_receives(profile: Profile) -> None:
    async with modem_site(profile=profile) as site:
        await site.open()
        sent = await site.send("hello")
        report = await site.take_report()
        assert (report.reference, report.state) == (sent.reference, State.DELIVERED)
        for number in range(3):
            site.far.send(OURS, f"to you {number}")
        items = await site.take(3)
        assert [item.text for item in items if isinstance(item, InboundPart)] == [f"to you {n}" for n in range(3)]
        await until(lambda: site.stored() == 0)


@pytest.mark.parametrize(
    "missing",
    ["+CMEE", "+CLAC", "+CSCA", "+CNMI", "+CPMS", "+CSMS", "+CGMI", "+CFUN", "+CREG", "+CNUM", "+COPS", "+CSQ"],
)
async def test_does_without_what_a_modem_does_not_know(missing: str) -> None:
    """The library gives up when one of several of these fails."""
    profile = Profile(unsupported=Profile().unsupported | {missing})
    async with modem_site(profile=profile) as site:
        await site.open(poll_interval=0.1)
        assert (await site.send(report=False)).reference == 0
        site.far.send(OURS, "hello")
        assert (await site.take_part()).text == "hello"


# -- the SIM ------------------------------------------------------------------------------------
async def test_enters_the_pin() -> None:
    async with modem_site(pin="1234") as site:
        await site.open(pin="1234")
        assert site.link.lines[0].state is LineState.READY
        assert (await site.send()).reference == 0


async def test_a_wrong_pin_is_tried_once_and_never_again() -> None:
    async with modem_site(pin="1234") as site:
        for sentence in (
            "tried once and will not be tried again",
            "refused this PIN before",
            "refused this PIN before",
        ):
            with pytest.raises(SendRefused, match=sentence) as refused:
                await site.open(pin="9999")
            assert refused.value.refusal is Refusal.LINE
            assert site.modem.state.sim.pin_tries == 2
        await site.open(pin="1234")
        assert site.link.lines[0].state is LineState.READY


async def test_says_how_many_tries_are_left() -> None:
    async with modem_site(pin="1234") as site:
        with pytest.raises(SendRefused, match="2 tries are left"):
            await site.open(pin="9999")


async def test_a_pin_is_not_repeated_where_a_modem_has_no_code_for_its_refusal() -> None:
    async with modem_site(pin="1234", profile=Profile(unsupported=Profile().unsupported | {"+CMEE"})) as site:
        with pytest.raises(SendRefused, match=r"The SIM refused the PIN \(AT\+CPIN=.*ERROR") as refused:
            await site.open(pin=str(OTHER_PIN))
        assert str(OTHER_PIN) not in "".join(traceback.format_exception(refused.value))


async def test_never_takes_the_last_try_even_after_restarts_of_its_own() -> None:
    async with modem_site(pin="1234") as site:
        for _ in range(4):
            site.driver, site.memory = GsmModemDriver(), VolatileMemory()  # another bridge, which knows nothing
            with pytest.raises(SendRefused) as refused:
                await site.open(pin="9999")
        assert "one try left" in refused.value.cause
        assert site.modem.state.sim.pin_tries == 1


async def test_tries_a_pin_once_where_the_modem_does_not_count() -> None:
    async with modem_site(pin="1234", profile=Profile(unsupported=Profile().unsupported | {"+CPINR"})) as site:
        for sentence in ("at most two tries are left", "refused this PIN before"):
            site.driver = GsmModemDriver()  # as after a restart of the bridge
            with pytest.raises(SendRefused, match=sentence):
                await site.open(pin="9999")
        assert site.modem.state.sim.pin_tries == 2


async def test_says_that_a_pin_is_missing() -> None:
    async with modem_site(pin="1234") as site:
        with pytest.raises(SendRefused, match="set `pin`") as refused:
            await site.open()
        assert refused.value.refusal is Refusal.LINE
        assert site.modem.state.sim.pin_tries == 3


async def test_never_answers_a_puk() -> None:
    async with modem_site(pin="1234") as site:
        site.modem.state.sim.pin_tries = 0
        with pytest.raises(SendRefused, match="SIM PUK") as refused:
            await site.open(pin="1234")
        assert refused.value.refusal is Refusal.LINE
        assert site.modem.state.sim.puk_tries == 10


async def test_says_that_there_is_no_sim() -> None:
    async with modem_site() as site:
        site.modem.state.sim.present = False
        with pytest.raises(SendRefused, match="SIM not inserted") as refused:
            await site.open()
        assert refused.value.refusal is Refusal.LINE


# -- the port -----------------------------------------------------------------------------------
async def test_says_who_holds_the_port() -> None:
    async with modem_site() as site:
        with subprocess.Popen([sys.executable, "-c", HOLDER, site.modem.port], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            await asyncio.to_thread(process.stdout.readline)
            with pytest.raises(DeviceLost, match=rf"held by another program: .* \(process {process.pid}\); `sudo "):
                await site.open()
            process.terminate()


async def test_two_links_never_share_a_modem() -> None:
    async with modem_site() as site:
        await site.open()
        with pytest.raises(DeviceLost, match="held by another program"):
            await site.driver.open(site.device)
        assert (await site.send()).reference == 0


async def test_says_that_nothing_is_plugged_in() -> None:
    async with modem_site() as site:
        with pytest.raises(DeviceLost, match="there is no /dev/ttyUSB99"):
            await site.open(port="/dev/ttyUSB99")


async def test_says_that_nobody_answers() -> None:
    async with modem_site() as site:
        site.modem.hang()
        with pytest.raises(DeviceLost, match="answers AT"):
            await site.open(command_timeout=0.1)
        site.modem.unhang()
        await site.open(command_timeout=1.0)
        assert (await site.send()).reference == 0


async def test_a_prompt_that_somebody_left_open_is_closed_first() -> None:
    async with modem_site() as site:
        with serial.Serial(site.modem.port, timeout=2) as port:
            port.write(b"ATE0\rAT+CMGF=0\rAT+CMGS=20\r")
            await asyncio.to_thread(port.read_until, b"> ")
        await site.open()
        assert (await site.send()).reference == 0
        assert [sms.text for sms in await site.far.wait()] == ["hello"]


async def test_a_failed_open_lets_go_of_the_port() -> None:
    async with modem_site() as site:
        site.modem.state.sim.present = False
        for _ in range(3):
            with pytest.raises(SendRefused):
                await site.open()
        serial.Serial(site.modem.port, exclusive=True).close()


# -- unplugging, in every phase -----------------------------------------------------------------
async def test_an_unplug_while_idle_ends_the_link() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.unplug()
        with pytest.raises(DeviceLost):
            await site.take()
        assert site.link.lines[0].state is LineState.ABSENT
        with pytest.raises(DeviceLost):
            await site.send()


async def test_an_unplug_before_the_prompt_means_that_nothing_left_us() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.prompt = b"\r\n"
        sending = Tasks("test").start(site.send(), "send")
        await until(lambda: site.modem.state.terminal._entry is not None)
        site.modem.unplug()
        with pytest.raises(DeviceLost, match="before the message was handed over"):
            await sending
        assert site.far.received == []


async def test_an_unplug_after_the_pdu_leaves_the_outcome_unknown() -> None:
    async with modem_site() as site:
        await site.open(send_timeout=60.0)
        site.network.rules.send_latency = 60.0
        sending = Tasks("test").start(site.send(), "send")
        await until(lambda: site.modem.state.terminal._busy)
        await until(lambda: site.modem.state.terminal._entry is None)
        site.modem.unplug()
        with pytest.raises((OutcomeUnknown, DeviceLost)):
            await sending


async def test_an_unplug_while_connecting_is_a_lost_device() -> None:
    async with modem_site() as site:
        site.modem.faults.delays["+CGMI"] = 60.0
        opening = Tasks("test").start(site.open(command_timeout=30.0), "open")
        await until(lambda: "AT+CGMI" in site.modem.state.terminal.heard)
        site.modem.unplug()
        with pytest.raises(DeviceLost, match="is gone"):
            await opening


async def test_an_unplug_while_acknowledging_loses_nothing() -> None:
    async with modem_site() as site:
        await site.open()
        site.far.send(OURS, "keep me")
        (item,) = await site.take(1, acknowledge=False)
        site.modem.faults.delays["+CMGD"] = 60.0
        forgetting = Tasks("test").start(site.link.acknowledge(item), "acknowledge")
        await until(lambda: site.modem.state.terminal._busy)
        site.modem.unplug()
        with pytest.raises(DeviceLost):
            await forgetting


async def test_finds_its_modem_by_imei_wherever_it_is_plugged_in_again(tmp_path: Path) -> None:
    network = Network()
    ours = Modem(network, OURS, imei="490154203237518", link_path=tmp_path / "ttyUSB0")
    other = Modem(network, "+15550102", imei="356938035643809", link_path=tmp_path / "ttyUSB1")
    site = Site(network, ours, network.handset(THEIRS))
    try:
        await ours.start()
        await other.start()
        options = {"imei": "490154203237518", "candidates": [str(tmp_path / "ttyUSB*")]}
        await site.open(**options)
        assert site.link.lines[0].number == OURS
        ours.unplug()
        with pytest.raises(DeviceLost):
            await site.take()
        with pytest.raises(DeviceLost, match="no modem with IMEI 490154203237518"):
            await site.open()
        before = ours._link
        ours._link = tmp_path / "ttyUSB7"
        ours.replug()
        await site.open()
        assert before != ours._link
        assert (site.link.lines[0].number, site.link.lines[0].imei) == (OURS, "490154203237518")
    finally:
        await site.close()
        await ours.close()
        await other.close()
        network.close()


# -- the memories -------------------------------------------------------------------------------
async def test_gives_out_what_came_while_nobody_listened_oldest_first() -> None:
    async with modem_site() as site:
        for age, memory in ((1, "ME"), (3, "SM"), (2, "ME")):
            site.modem.store(encode_deliver(THEIRS, f"{age} minutes old", sent_at=NOW - age * 60_000), memory)
        await site.open()
        items = await site.take(3)
        assert [item.text for item in items if isinstance(item, InboundPart)] == [
            "3 minutes old",
            "2 minutes old",
            "1 minutes old",
        ]


async def test_a_full_memory_is_noticed_and_emptied() -> None:
    async with modem_site(profile=PROFILES["huawei"], storage_size=3) as site:
        await site.open(poll_interval=30.0)
        for number in range(9):
            site.far.send(OURS, f"number {number}")
        held = await site.take(3, acknowledge=False)
        await until(lambda: "full" in site.link.lines[0].reason)
        for item in held:
            await site.link.acknowledge(item)
        rest = await site.take(6)
        texts = [item.text for item in (*held, *rest) if isinstance(item, InboundPart)]
        # what comes later is stored wherever there is room, and read in the order of the places
        assert (texts[:3], sorted(texts)) == ([f"number {n}" for n in range(3)], [f"number {n}" for n in range(9)])
        await until(lambda: site.stored() == 0)


async def test_polls_for_what_it_was_never_told_of() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=0.1)
        site.modem.store(encode_deliver(THEIRS, "silent", sent_at=NOW))
        assert (await site.take_part()).text == "silent"


async def test_leaves_drafts_and_copies_of_sent_sms_alone() -> None:
    async with modem_site() as site:
        draft = encode_submit(Outgoing("", THEIRS, "my draft"))[0]
        site.modem.store(draft, "SM", Status.STO_UNSENT)
        site.modem.store(draft, "SM", Status.REC_READ)
        site.modem.store(encode_deliver(THEIRS, "for us", sent_at=NOW), "SM")
        await site.open()
        assert (await site.take_part()).text == "for us"
        await until(lambda: site.stored() == 2)


async def test_reads_one_by_one_where_a_list_never_ends() -> None:
    async with modem_site() as site:
        site.modem.store(encode_deliver(THEIRS, "hard to read", sent_at=NOW), "SM")
        site.modem.faults.silences["+CMGL"] = 99
        await site.open(command_timeout=0.1, poll_interval=0.2)
        assert (await site.take_part()).text == "hard to read"


async def test_keeps_what_it_could_not_delete_from_coming_twice() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=0.1)
        site.modem.faults.answers["+CMGD"] = ["+CMS ERROR: 500"]
        site.far.send(OURS, "once")
        assert (await site.take_part()).text == "once"
        await until(lambda: site.stored() == 0)
        site.far.send(OURS, "next")
        assert (await site.take_part()).text == "next"


async def test_an_sms_that_says_nothing_is_handed_on_and_forgotten() -> None:
    async with modem_site() as site:
        site.modem.store("0004FF", "SM")
        await site.open()
        part = await site.take_part()
        assert (part.sender, part.text, part.data) == ("", "", "0004ff")
        assert part.error
        await until(lambda: site.stored() == 0)


async def test_acknowledging_again_never_deletes_what_lies_in_that_place_now() -> None:
    async with modem_site() as site:
        await site.open()
        site.far.send(OURS, "first")
        (first,) = await site.take(1)
        await until(lambda: site.stored() == 0)
        site.far.send(OURS, "second")
        await site.take(1, acknowledge=False)
        await site.link.acknowledge(first)
        assert site.stored() == 1
        await site.open()
        assert (await site.take_part()).text == "second"


async def test_the_same_text_twice_is_two_sms() -> None:
    async with modem_site() as site:
        await site.open()
        for _ in range(2):
            site.far.send(OURS, "again")
        items = await site.take(2)
        assert [item.text for item in items if isinstance(item, InboundPart)] == ["again", "again"]


async def test_acknowledges_what_comes_directly_once_it_is_committed() -> None:
    async with modem_site(profile=SIMCOM) as site:
        await site.open(init=["AT+CSMS=1", "AT+CNMI=2,2,0,1,1"])
        for number in range(3):
            site.far.send(OURS, f"direct {number}")
        (first,) = await site.take(1, acknowledge=False)
        assert site.network.held(OURS) == 2
        await site.link.acknowledge(first)
        items = await site.take(2)
        texts = [item.text for item in (first, *items) if isinstance(item, InboundPart)]
        assert texts == [f"direct {n}" for n in range(3)]


# -- silence and restarts -----------------------------------------------------------------------
async def test_sets_a_modem_up_again_that_restarted_by_itself() -> None:
    async with modem_site(profile=SIMCOM) as site:
        await site.open(poll_interval=60.0)
        site.modem.reset()
        await until(lambda: not site.modem.state.terminal.echo and site.modem.state.settings.announce[1] == 1)
        site.far.send(OURS, "after the restart")
        assert (await site.take_part()).text == "after the restart"
        assert (await site.send(report=False)).reference is not None


async def test_a_brown_out_while_sending_leaves_the_outcome_unknown_at_once() -> None:
    async with modem_site(profile=SIMCOM) as site:
        await site.open(send_timeout=60.0)
        site.modem.faults.silences["+CMGS"] = 1
        sending = Tasks("test").start(site.send(), "send")
        await site.far.wait()
        site.modem.reset()
        with pytest.raises(OutcomeUnknown, match="RDY"):
            await sending


async def test_a_modem_that_falls_silent_is_restarted_and_given_back() -> None:
    async with modem_site() as site:
        await site.open(command_timeout=0.1, watchdog=0.2)
        site.modem.hang()
        with pytest.raises(DeviceLost, match="told to restart"):
            await site.take()
        await until(lambda: b"AT+CFUN=1,1" in site.modem.state.terminal._input)
        await until(lambda: not site.link._session.serial.is_open)


async def test_a_modem_that_is_only_slow_is_not_restarted() -> None:
    async with modem_site() as site:
        await site.open(command_timeout=0.1, watchdog=0.2)
        site.modem.hang()
        await until(lambda: "does not answer" in site.link.lines[0].reason)
        site.modem.unhang()
        assert (await site.send(report=False)).reference == 0


async def test_a_prompt_that_never_comes_costs_no_message_a_try() -> None:
    async with modem_site() as site:
        await site.open(command_timeout=0.2)
        site.modem.faults.prompt = b"\r\n"
        with pytest.raises(SendRefused, match="did not ask for the message") as refused:
            await site.send()
        assert refused.value.refusal is Refusal.NETWORK
        site.modem.faults.prompt = None
        assert (await site.send("after all")).reference == 0
        assert [sms.text for sms in await site.far.wait()] == ["after all"]


# -- garbage ------------------------------------------------------------------------------------
@pytest.mark.parametrize("chunk", [1, 7])
async def test_works_on_a_noisy_line_in_small_pieces(chunk: int) -> None:
    async with modem_site(profile=PROFILES["huawei"]) as site:
        site.modem.faults.chunk = chunk
        await site.open()
        for number in range(5):
            site.modem.noise(b"\r\n\xf0\x9f~~\x00garbage\xff\r\n")
            site.modem.urc("^RSSI:9")
            assert (await site.send(f"out {number}", message=str(number))).reference == number
            site.far.send(OURS, f"in {number}")
        items = await site.take(10)
        texts = [item.text for item in items if isinstance(item, InboundPart)]
        assert texts == [f"in {number}" for number in range(5)]
        assert sum(isinstance(item, InboundReport) for item in items) == 5


# -- the line -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stat", "word", "reason"),
    [(0, "none", "not looking"), (2, "searching", "searching"), (3, "denied", "denied"), (5, "roaming", "")],
)
async def test_says_in_plain_words_why_a_line_is_out_of_service(stat: int, word: str, reason: str) -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.set_registration(stat)
        await until(lambda: site.link.lines[0].registration == word)
        (line,) = await site.link.refresh()
        assert line.state is (LineState.READY if word == "roaming" else LineState.OUT_OF_SERVICE)
        assert reason in line.reason


@pytest.mark.parametrize("domain", ["+CREG", "+CGREG", "+CEREG"])
@pytest.mark.parametrize(("stat", "word"), [(1, "home"), (5, "roaming"), (6, "home"), (9, "home"), (10, "roaming")])
async def test_sends_where_it_is_registered_in_one_domain_alone(domain: str, stat: int, word: str) -> None:
    """CSFB not preferred, LTE or GPRS alone: such lines were out of service for ever."""
    async with modem_site() as site:
        site.modem.faults.registrations = {"+CREG": 2, "+CGREG": 0, "+CEREG": 4} | {domain: stat}
        await site.open()
        (line,) = site.link.lines
        assert (line.state, line.registration, line.reason) == (LineState.READY, word, "")
        assert (await site.send(report=False)).reference == 0


async def test_sends_where_there_is_5g_alone() -> None:
    async with modem_site(profile=PROFILES["rm500q"]) as site:
        await site.open()
        assert site.link.lines[0].state is LineState.READY
        site.modem.set_registration(2)
        await until(lambda: site.link.lines[0].state is LineState.OUT_OF_SERVICE)
        site.modem.set_registration(5)
        await until(lambda: site.link.lines[0].registration == "roaming")


async def test_a_sim_that_is_pulled_out_parks_the_line() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.state.sim.present = False
        site.modem.set_registration(0)
        site.modem.urc("+CPIN: NOT INSERTED")
        await until(lambda: site.link.lines[0].state is LineState.PARKED)
        assert "SIM not inserted" in site.link.lines[0].reason
        site.modem.state.sim.present = True
        site.modem.set_registration(1)
        (line,) = await site.link.refresh()
        assert (line.state, line.reason) == (LineState.READY, "")


async def test_tells_number_signal_and_operator() -> None:
    async with modem_site() as site:
        await site.open(number="+15550111")
        site.modem.set_signal(10)
        (line,) = await site.link.refresh()
        assert (line.number, line.signal_dbm, line.operator) == ("+15550111", -93, "Virtual Network")
        assert line.iccid == "89001012345678901237"


async def test_asks_the_network_for_the_balance() -> None:
    async with modem_site() as site:
        link = await site.open()
        assert await link.ussd("*100#") == "Your balance is 12.34 EUR."


# -- check and doctor ---------------------------------------------------------------------------
async def test_examining_tells_what_a_person_wants_to_know() -> None:
    async with modem_site() as site:
        site.options |= {"port": site.modem.port}
        messages = " / ".join(finding.message for finding in await site.driver.examine(site.device))
        for words in (
            "is there",
            "answers AT",
            "SIM is ready",
            "registered: home",
            "signal -73 dBm",
            "service centre",
            "SM: 0 of 50",
        ):
            assert words in messages


async def test_examining_says_what_to_change() -> None:
    async with modem_site(pin="1234") as site:
        (*_, finding) = await site.driver.examine(site.device)
        assert (finding.level, finding.message) == ("fail", "The SIM wants its PIN")
        assert finding.remedy.startswith('set pin = "…"')
        site.options["prot"] = 1
        (finding,) = await site.driver.examine(site.device)
        assert finding.message == "prot: no such option"


async def test_a_port_that_is_not_a_modem_has_no_imei() -> None:
    far, near = os.openpty()
    try:
        looked = await asyncio.to_thread(seeking.look, ports.describe(os.ttyname(near)))
        assert (looked.answers, looked.imei) == (False, "")
    finally:
        os.close(far)
        os.close(near)


def test_reads_what_is_behind_a_port_from_sysfs(tmp_path: Path) -> None:
    usb = tmp_path / "devices" / "usb1" / "1-1"
    interface = usb / "1-1:1.2"
    (interface / "ttyUSB2").mkdir(parents=True)
    for name, content in {"idVendor": "2c7c", "idProduct": "0125", "product": "EC25"}.items():
        (usb / name).write_text(content + "\n")
    (interface / "bInterfaceNumber").write_text("02\n")
    tty = tmp_path / "tty" / "ttyUSB2"
    tty.mkdir(parents=True)
    (tty / "device").symlink_to(interface / "ttyUSB2")
    port = ports.describe("/dev/ttyUSB2", tmp_path / "tty")
    assert (port.ids, port.interface, port.product, port.rank) == ("2c7c:0125", "02", "EC25", 0)
    assert ports.describe("/dev/ttyS9", tmp_path / "tty").rank == 9


def test_names_each_device_once(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "office").symlink_to(tmp_path / "ttyUSB0")
    found = ports.matching([str(tmp_path / "off*"), str(tmp_path / "ttyUSB*")])
    assert found == [str(tmp_path / "office")]
    assert glob.glob(str(tmp_path / "*")) != found


async def test_closing_a_port_takes_no_time() -> None:
    async with modem_site() as site:
        loop = asyncio.get_running_loop()

        def open_and_close() -> float:
            wire = Transport(site.modem.port)
            wire.connect()
            started = loop.time()
            wire.close()
            wire.close()
            return loop.time() - started

        assert await asyncio.to_thread(open_and_close) < 0.2
