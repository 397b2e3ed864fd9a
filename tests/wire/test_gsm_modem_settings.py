"""A modem that is not as it was set up any more: another program changed it, or it restarted without a word."""

import pytest

from bridge.errors import DeviceLost, SendRefused
from bridge.model.line import LineState
from bridge.model.message import State
from bridge.model.radio import InboundPart, InboundReport
from bridge.tasks import Tasks
from device_drivers.gsm_modem.pdu import encode_deliver
from device_drivers.virtual.modem.profile import PROFILES, SIMCOM, Profile
from tests.support.modem_site import OURS, THEIRS, Site, modem_site
from tests.support.waiting import until

NOW = 1_795_000_000_000
#: what another program may do to a modem
TAMPERINGS = (
    "AT+CMGF=1",
    "AT+CNMI=0,0,0,0,0",
    "AT+CNMI=2,2,0,1,0",
    "AT+CMGF=1;+CNMI=0,0,0,0,0",
    "AT+CMEE=0",
    "AT+CMEE=2",
    "AT+CSMS=1",
    'AT+CPMS="SM","SM","SM"',
    "AT+CREG=0",
    'AT+CSCA="+15550123"',
    "ATE1",
    "ATV0",
    "ATQ1",
    "AT&F",
    "ATZ",
)


def is_as_set_up(site: Site) -> bool:
    """PDU mode, notifications, codes for errors, no echo, the SIM's own service centre."""
    settings, terminal = site.modem.state.settings, site.modem.state.terminal
    return (
        not settings.text_mode
        and settings.announce == [2, 1, 0, 2, 0]
        and settings.detail == 1
        and settings.service == 0
        and settings.memories[1:] == ["ME", "ME"]
        and settings.registration.get("+CREG") == 1
        and settings.service_centre == "+15550199"
        and (terminal.echo, terminal.verbose, terminal.mute) == (False, True, False)
    )


async def is_at_work(site: Site) -> None:
    """Sends with a report, and receives."""
    sent = await site.send("with a report", message="r")
    site.far.send(OURS, "received")
    items = await site.take(2)
    (report,) = [item for item in items if isinstance(item, InboundReport)]
    (part,) = [item for item in items if isinstance(item, InboundPart)]
    assert (report.reference, report.state, part.text) == (sent.reference, State.DELIVERED, "received")


@pytest.mark.parametrize("line", TAMPERINGS)
async def test_no_pdu_goes_out_as_a_text_whatever_another_program_set(line: str) -> None:
    """In text mode AT+CMGS=17 means the number 17: a PDU went there, and was told to be sent."""
    async with modem_site() as site:
        seventeen = site.network.handset("17")
        everybody: list[str] = []
        site.network.listen(lambda posting, _: everybody.append(posting.recipient))
        await site.open(poll_interval=60.0, command_timeout=1.0)  # before what waits behind a question is given back
        for number in range(3):
            site.modem.obey_elsewhere(line)
            await site.send(f"message {number}", report=False)
        assert everybody == [THEIRS] * 3
        assert not seventeen.received
        assert [sms.text for sms in site.far.received] == [f"message {number}" for number in range(3)]


async def test_a_modem_that_loses_its_results_again_once_it_is_in_step_is_set_up_and_not_restarted() -> None:
    """What it was asked for came, and no OK behind it: that counted as a modem that does not answer any more."""
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        await site.rested()
        for number in range(2):
            site.modem.obey_elsewhere("ATQ1")
            await site.send(f"message {number}", report=False)
            await site.link.refresh()  # which brings it back into step
        assert [sms.text for sms in site.far.received] == ["message 0", "message 1"]
        assert site.recovering == []


@pytest.mark.parametrize("line", TAMPERINGS)
async def test_what_another_program_changed_is_seen_without_several_commands_on_a_line(line: str) -> None:
    """ATQ1 there made the modem silent before each message: it was restarted."""
    async with modem_site() as site:
        site.modem.faults.no_chaining = True
        await site.open(poll_interval=60.0)
        await site.rested()
        site.modem.obey_elsewhere(line)
        await site.send(report=False, total=2)
        assert site.recovering == []


@pytest.mark.parametrize("line", TAMPERINGS)
async def test_what_another_program_changed_is_set_again(line: str) -> None:
    async with modem_site() as site:
        await site.open(poll_interval=0.3)
        await until(lambda: is_as_set_up(site))
        site.modem.obey_elsewhere(line)
        assert not is_as_set_up(site)
        await until(lambda: is_as_set_up(site))
        await is_at_work(site)


@pytest.mark.parametrize("line", ["AT+CNMI=0,0,0,0,0", "AT+CMGF=1;+CNMI=0,0,0,0,0", "ATE1", "AT&F"])
async def test_a_message_is_not_handed_over_before_its_report_can_come(line: str) -> None:
    """Notifications were off, and no report came ever again."""
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        site.modem.obey_elsewhere(line)
        await is_at_work(site)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
async def test_a_restart_without_a_word_is_noticed_with_the_next_message(profile: Profile) -> None:
    async with modem_site(profile=profile) as site:
        await site.open(poll_interval=60.0)
        site.modem.reset(silently=True)
        await until(lambda: site.modem.state.settled)
        sent = await site.send("with a report")
        assert (await site.take_report()).reference == sent.reference


async def test_a_restart_without_a_word_is_noticed_when_nothing_is_sent() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=60.0, watchdog=0.2)
        site.modem.reset(silently=True)
        await until(lambda: is_as_set_up(site))
        site.far.send(OURS, "received")
        assert (await site.take_part()).text == "received"


async def test_a_restart_without_a_word_between_prompt_and_pdu_sends_nothing_as_text() -> None:
    async with modem_site() as site:
        everybody: list[str] = []
        site.network.listen(lambda posting, _: everybody.append(posting.recipient))
        await site.open(command_timeout=3.0)
        await site.rested()  # what is asked after opening is not what is delayed
        site.modem.faults.delays["+CNMI"] = 1.0
        sending = Tasks("test").start(site.send("hello", report=False), "send")
        await until(lambda: "+CMGS" in site.modem.state.terminal.heard[-1])
        site.modem.reset(silently=True)
        site.modem.obey_elsewhere("AT+CMGF=1")
        site.modem.faults.delays.clear()
        with pytest.raises(SendRefused):
            await sending
        await site.send("hello again", report=False)
        assert everybody == [THEIRS]


async def test_enters_the_pin_again_that_a_restart_made_necessary() -> None:
    async with modem_site(pin="1234") as site:
        await site.open(pin="1234", poll_interval=60.0)
        site.modem.reset(silently=True)
        assert (await site.send("after the PIN", report=False)).reference is not None
        assert site.link.lines[0].state is LineState.READY


async def test_enters_a_pin_again_that_is_wanted_all_of_a_sudden_and_only_once() -> None:
    async with modem_site() as site:
        await site.open(pin="1234", poll_interval=60.0)
        site.modem.want_pin("1234")
        assert (await site.send(report=False)).reference == 0
        site.modem.want_pin("9999")
        with pytest.raises(DeviceLost, match="refused the PIN"):
            await site.send(report=False)
        assert site.modem.state.sim.pin_tries == 2


async def test_says_that_a_modem_does_not_keep_its_settings() -> None:
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        terminal = site.modem.state.terminal
        execute = terminal._execute

        def forgetful(line: str) -> None:
            if "+CMGS" in line:
                site.modem.obey_elsewhere("AT+CNMI=0,0,0,0,0")
            execute(line)

        terminal.obey(forgetful)
        with pytest.raises(SendRefused, match="does not stay as it is set up"):
            await site.send(report=False)
        assert not site.far.received


@pytest.mark.parametrize("line", ["ATV0", "ATQ1", "ATE1"])
async def test_opens_a_modem_that_another_program_left_otherwise(line: str) -> None:
    async with modem_site() as site:
        site.modem.obey_elsewhere(line)
        await site.open()
        await is_at_work(site)


async def test_a_modem_that_does_not_say_which_sim_it_has_is_set_up_again_and_kept() -> None:
    """The SIM is asked for where an SMS lies that nothing announced; the silence ended what minds the modem."""
    async with modem_site() as site:
        await site.open(poll_interval=0.3)
        await until(lambda: is_as_set_up(site))
        site.far.send(OURS, "into the modem")
        assert (await site.take_part()).text == "into the modem"
        site.modem.faults.silences["+CIMI"] = 1
        site.modem.store(encode_deliver(THEIRS, "onto the SIM", sent_at=NOW), "SM")
        assert (await site.take_part()).text == "onto the SIM"
        assert site.modem.faults.silences["+CIMI"] == 0
        await is_at_work(site)


async def test_a_modem_that_hangs_when_it_is_asked_for_its_sim_is_told_to_restart() -> None:
    """It was taken for one that had lost its settings, and given up before anything was tried."""
    async with modem_site() as site:
        await site.open(command_timeout=0.1, watchdog=0.2, poll_interval=60.0)
        site.far.send(OURS, "into the modem")
        await site.take_part()
        terminal, execute = site.modem.state.terminal, site.modem.state.terminal._execute

        def dies(line: str) -> None:
            if "+CIMI" in line:
                site.modem.hang()
            else:
                execute(line)

        terminal.obey(dies)
        site.modem.store(encode_deliver(THEIRS, "onto the SIM", sent_at=NOW), "SM")
        site.modem.urc('+CMTI: "ME",200')
        with pytest.raises(DeviceLost, match="told to restart"):
            await site.take()


# -- makes that are different -----------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["no_chaining", "sends_alone", "echo_stays"])
async def test_works_with_makes_that_want_it_otherwise(fault: str) -> None:
    async with modem_site() as site:
        setattr(site.modem.faults, fault, True)
        await site.open(poll_interval=60.0)
        for _ in range(3):
            await is_at_work(site)
        site.modem.obey_elsewhere("AT+CMGF=1")
        await is_at_work(site)


@pytest.mark.parametrize("missing", ["+CNMI", "+CMEE", "+CSCA", "+CSMS", "+CPMS"])
async def test_checks_what_the_modem_tells(missing: str) -> None:
    async with modem_site(profile=Profile(unsupported=Profile().unsupported | {missing})) as site:
        await site.open(poll_interval=0.3)
        site.modem.obey_elsewhere("AT+CMGF=1")
        assert (await site.send("a PDU", report=False)).reference == 0
        site.far.send(OURS, "received")
        assert (await site.take_part()).text == "received"


# -- text mode --------------------------------------------------------------------------------------
async def test_a_list_in_text_mode_is_read_again_in_pdu_mode_and_deletes_nothing() -> None:
    """The text was taken for a PDU, and place 0 was deleted."""
    async with modem_site(profile=PROFILES["huawei"]) as site:
        await site.open(poll_interval=60.0)
        site.modem.obey_elsewhere("AT+CMGF=1")
        for number in range(2):
            site.modem.store(encode_deliver(THEIRS, f"number {number}", sent_at=NOW + number * 60_000))
        site.modem.urc('+CMTI: "ME",0')
        parts = await site.take(2)
        assert [part.text for part in parts if isinstance(part, InboundPart)] == ["number 0", "number 1"]


async def test_an_sms_that_is_handed_over_in_text_mode_is_not_lost() -> None:
    async with modem_site(profile=SIMCOM) as site:
        await site.open(poll_interval=60.0)
        site.modem.obey_elsewhere("AT+CMGF=1;+CNMI=2,2,0,1,1")
        site.far.send(OURS, "as text")
        part = await site.take_part()
        assert (part.sender, part.text, bool(part.sent_at)) == (THEIRS, "as text", True)
        await until(lambda: not site.modem.state.settings.text_mode)
        await is_at_work(site)


async def test_a_text_of_several_lines_is_handed_over_whole() -> None:
    async with modem_site(profile=SIMCOM) as site:
        await site.open(poll_interval=60.0)
        site.modem.obey_elsewhere("AT+CMGF=1;+CNMI=2,2,0,1,1")
        site.far.send(OURS, "one\nOK\nthree")
        assert (await site.take_part()).text == "one\nOK\nthree"


async def test_a_report_that_is_handed_over_in_text_mode_settles_its_message() -> None:
    async with modem_site(profile=SIMCOM) as site:
        await site.open(poll_interval=60.0)
        site.network.rules.report_delay = 0.2
        sent = await site.send()
        site.modem.obey_elsewhere("AT+CMGF=1;+CNMI=2,2,0,1,1")
        report = await site.take_report()
        assert (report.recipient, report.reference, report.state) == (THEIRS, sent.reference, State.DELIVERED)
        assert report.sent_at


async def test_a_header_without_its_pdu_is_told_and_looked_after(caplog: pytest.LogCaptureFixture) -> None:
    async with modem_site() as site:
        await site.open(poll_interval=60.0)
        site.modem.store(encode_deliver(THEIRS, "stored", sent_at=NOW))
        site.modem.urc("+CMT: ,23")
        for _ in range(9):
            site.modem.urc("^RSSI:17")
        assert (await site.take_part()).text == "stored"
        assert "could not be read" in caplog.text
