"""What a computer types and what the virtual modem says, byte by byte where that matters."""

from collections.abc import Callable

import pytest

from bridge.model.radio import Outgoing
from device_drivers.gsm_modem.pdu import encode_submit
from device_drivers.virtual.modem.profile import GENERIC, HUAWEI, PROFILES, SIMCOM, Profile
from device_drivers.virtual.network.service_centre import Network
from tests.support.virtual_talk import CUSTOMER, LINE, Talk, attached

#: what python-gsmmodem-new types to connect, in its order
CONNECT = (
    "ATZ", "ATE0", "AT+CFUN?", "AT+CMEE=1", "AT+CPIN?", "AT+CLAC", "AT+CGMI", "AT+COPS=3,0", "AT+CMGF=0", "AT+CSCA?",
    "AT+CSMP=49,167,0,0", "AT+CPMS=?", 'AT+CPMS="ME","ME","ME"', "AT+CNMI=2,1,0,2", "AT+CLIP=1", "AT+CRC=1",
    "AT+CVHU=0",
)  # fmt: skip


async def test_takes_the_whole_connect_sequence(modem: Callable[..., Talk]) -> None:
    talk = modem()
    assert [talk.type(line)[-1] for line in CONNECT] == ["OK"] * len(CONNECT)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 4096])
async def test_says_the_same_however_the_bytes_are_cut(modem: Callable[..., Talk], size: int) -> None:
    talk = modem()
    await attached(talk)
    pdu, length = encode_submit(Outgoing("", CUSTOMER, "hello", report=False))
    typed = f"AT+CSQ\r\nATE0;+CSQ\rAT+CMGS={length}\r\n{pdu}\x1aAT+CMGD=1\r".encode()
    for start in range(0, len(typed), size):
        talk.state.terminal.feed(typed[start : start + size])
    assert bytes(talk.said) == (
        b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
        b"\nATE0;+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
        b"\r\n> \r\n+CMGS: 0\r\n\r\nOK\r\n"
        b"\r\nOK\r\n"
    )


async def test_echoes_exactly_what_is_typed_until_told_not_to(modem: Callable[..., Talk]) -> None:
    talk = modem()
    assert talk.raw(b"at+cmee=1\r") == b"at+cmee=1\r\r\nOK\r\n"
    assert talk.raw(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert talk.raw(b"AT\r") == b"\r\nOK\r\n"


async def test_escape_outside_a_prompt_is_harmless(talk: Talk) -> None:
    assert talk.raw(b"\x1b\rAT\r") == b"\r\nOK\r\n"
    assert talk.raw(b"\x1bAT\r") == b"\r\nOK\r\n"


async def test_ignores_a_line_without_at_and_skips_what_stands_before_one(talk: Talk) -> None:
    assert talk.raw(b"0011000C\x1a\r") == b""
    assert talk.raw(b"0011000C\x1aAT\r") == b"\r\nOK\r\n"


async def test_answers_chained_commands_together_and_stops_at_the_first_refusal(talk: Talk) -> None:
    assert talk.type("AT+CSQ;+CMGF?") == ["+CSQ: 20,99", "+CMGF: 0", "OK"]
    assert talk.type("AT+CMGF=1;+NOSUCH;+CMGF=0") == ["ERROR"]
    assert talk.type("AT+CMGF?") == ["+CMGF: 1", "OK"]


async def test_words_its_errors_as_cmee_says(talk: Talk) -> None:
    def say(detail: int) -> list[str]:
        talk.type(f"AT+CMEE={detail}")
        return talk.type("AT+CMEE=9") + talk.type("AT+CMGR=1")

    assert say(0) == ["ERROR", "+CMS ERROR: 321"]
    assert say(1) == ["+CME ERROR: 50", "+CMS ERROR: 321"]
    assert say(2) == ["+CME ERROR: Incorrect parameters", "+CMS ERROR: Invalid memory index"]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())
async def test_every_make_says_what_it_can_and_takes_it(modem: Callable[..., Talk], profile: Profile) -> None:
    talk = modem(profile)
    if profile.startup:
        await talk.until(profile.startup[-1][1])
    talk.type("ATE0")
    told = talk.type("AT+CPMS=?")[0].removeprefix("+CPMS: ")
    first = [names.split('"')[1] for names in told.split("),(")]
    assert talk.type("AT+CPMS=" + ",".join(f'"{name}"' for name in first))[-1] == "OK"
    ranges = talk.type("AT+CNMI=?")[0].removeprefix("+CNMI: (").removesuffix(")").split("),(")
    highest = ",".join(values.split(",")[-1] for values in ranges)
    assert talk.type(f"AT+CNMI={highest}") == ["OK"]
    assert talk.type("AT+CNMI?") == [f"+CNMI: {highest}", "OK"]


async def test_huawei_has_its_own_word_for_what_it_does_not_know(modem: Callable[..., Talk]) -> None:
    talk = modem(HUAWEI)
    assert talk.type("AT+MODE=2") == ["COMMAND NOT SUPPORT"]
    assert talk.type("AT^CURC=0") == ["OK"]


async def test_simcom_is_not_ready_before_it_says_so(modem: Callable[..., Talk]) -> None:
    talk = modem(SIMCOM)
    talk.type("AT+CMEE=1")
    assert talk.type("AT+CPMS?") == ["+CMS ERROR: 515"]
    said = await talk.until("SMS Ready")
    assert [line for line in said.split("\r\n") if line][-5:] == [
        "RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready"
    ]  # fmt: skip
    assert talk.type("AT+CPMS?")[-1] == "OK"
    assert talk.type("AT+CNMI=2,1,0,1,0") == ["+CMS ERROR: 302"]
    assert talk.type("AT+CNMI=2,1,0,1,1") == ["OK"]


# -- the SIM ----------------------------------------------------------------------------------------
async def test_wants_its_pin_and_counts_the_wrong_ones(modem: Callable[..., Talk]) -> None:
    talk = modem(pin="1234")
    talk.type("ATE0+CMEE=1")
    assert talk.type("AT+CPIN?") == ["+CPIN: SIM PIN", "OK"]
    assert talk.type("AT+CMGL=4") == ["+CMS ERROR: 311"]
    assert talk.type("AT+CIMI") == ["+CME ERROR: 11"]
    assert talk.type('AT+CPIN="9999"') == ["+CME ERROR: 16"]
    assert talk.type('AT+CPIN="1234"') == ["OK"]
    assert talk.type("AT+CPIN?") == ["+CPIN: READY", "OK"]
    assert talk.type("AT+CMGL=4") == ["OK"]


async def test_three_wrong_pins_block_it_until_the_puk_comes(modem: Callable[..., Talk]) -> None:
    talk = modem(pin="1234")
    talk.type("ATE0+CMEE=1")
    assert [talk.type('AT+CPIN="0"')[0] for _ in range(3)] == ["+CME ERROR: 16", "+CME ERROR: 16", "+CME ERROR: 12"]
    assert talk.type("AT+CPIN?") == ["+CPIN: SIM PUK", "OK"]
    assert talk.type("AT+CMGL=4") == ["+CMS ERROR: 316"]
    assert talk.type('AT+CPIN="00000000","1111"') == ["+CME ERROR: 16"]
    assert talk.type('AT+CPIN="12345678","1111"') == ["OK"]
    assert talk.type("AT+CPIN?") == ["+CPIN: READY", "OK"]


async def test_says_when_there_is_no_sim(talk: Talk) -> None:
    talk.state.sim.present = False
    assert talk.type("AT+CPIN?") == ["+CME ERROR: 10"]
    assert talk.type("AT+CMGS=10") == ["+CMS ERROR: 310"]


# -- the network ------------------------------------------------------------------------------------
async def test_tells_who_and_where_it_is(talk: Talk) -> None:
    assert talk.type("AT+CGSN") == ["490154203237518", "OK"]
    assert talk.type("AT+CIMI") == ["001010123456789", "OK"]
    assert talk.type("AT+CNUM") == [f'+CNUM: "","{LINE}",145', "OK"]
    assert talk.type("AT+COPS?") == ['+COPS: 0,0,"Virtual Network",7', "OK"]
    assert talk.type("AT+COPS=3,2;+COPS?") == ['+COPS: 0,2,"00101",7', "OK"]
    assert talk.type("AT+CREG?") == ["+CREG: 0,1", "OK"]


async def test_tells_of_a_lost_network_and_refuses_to_send(talk: Talk) -> None:
    talk.type("AT+CREG=1")
    talk.said.clear()
    talk.state.set_registration(2)
    assert bytes(talk.said) == b"\r\n+CREG: 2\r\n"
    assert talk.submit("hello") == ["+CMS ERROR: 331"]


async def test_service_codes_answer_by_themselves(talk: Talk) -> None:
    assert talk.type('AT+CUSD=1,"*100#",15') == ["OK"]
    assert '+CUSD: 0,"Your balance is 12.34 EUR.",15' in await talk.until("+CUSD")


async def test_a_service_menu_takes_replies_until_it_is_left(talk: Talk) -> None:
    talk.type('AT+CUSD=1,"*123#",15')
    assert '+CUSD: 1,"1 Balance\n2 My number\n0 End",15' in await talk.until("End")
    talk.type('AT+CUSD=1,"2",15')
    assert f'+CUSD: 0,"Your number is {LINE}.",15' in await talk.until("+CUSD")
    talk.type('AT+CUSD=1,"2",15')
    assert "+CUSD: 4\r\n" in await talk.until("+CUSD")


# -- what breaks in ---------------------------------------------------------------------------------
async def test_an_unsolicited_line_breaks_in_where_it_is_wanted_and_once(talk: Talk) -> None:
    faults = talk.state.faults
    for place in ("before", "inside", "behind"):
        getattr(faults, place)["+CGSN"] = [f"^{place}"]
    assert talk.type("AT+CGSN;+CSQ") == ["^before", "490154203237518", "^inside", "+CSQ: 20,99", "OK", "^behind"]
    assert talk.type("AT+CGSN") == ["490154203237518", "OK"]


async def test_a_caller_may_hang_up_within_a_list(talk: Talk) -> None:
    for pdu in ("00AA", "00BB", "00CC"):
        talk.state.incoming.store("ME", pdu)
    talk.state.faults.amid["+CMGL"] = ["NO CARRIER"]
    said = talk.type("AT+CMGL=4")
    assert said[3:] == ["00BB", "NO CARRIER", "+CMGL: 3,0,,1", "00CC", "OK"]


async def test_a_caller_may_hang_up_around_the_prompt(talk: Talk) -> None:
    talk.state.faults.before_prompt, talk.state.faults.after_text = ["NO CARRIER"], ["BUSY"]
    assert talk.type("AT+CMGS=10") == ["NO CARRIER", "> "]
    assert talk.raw(b"00\x1a").endswith(b"\r\nBUSY\r\n\r\n+CMS ERROR: 304\r\n")


async def test_says_what_the_other_commands_of_a_line_found_before_it_prompts(talk: Talk) -> None:
    assert talk.type("AT+CMGF?;+CNMI?;+CMGS=10") == ["+CMGF: 0", "+CNMI: 2,1,0,2,0", "> "]


async def test_nothing_breaks_into_a_prompt_but_comes_behind_the_answer(talk: Talk) -> None:
    talk.type("AT+CMGS=10")
    talk.said.clear()
    talk.state.terminal.unsolicited("^RSSI:17")
    assert bytes(talk.said) == b""
    assert talk.raw(b"\x1b") == b"\r\nOK\r\n\r\n^RSSI:17\r\n"


async def test_prompts_as_the_fault_says(talk: Talk) -> None:
    talk.state.faults.prompt = b"\r\n>"
    talk.state.faults.after_prompt = "^RSSI:17"
    assert talk.raw(b"AT+CMGS=10\r") == b"\r\n>\r\n^RSSI:17\r\n"


async def test_a_late_answer_comes_before_the_next_command_is_read(talk: Talk) -> None:
    talk.state.faults.delays["+CGSN"] = 0.01
    assert talk.raw(b"AT+CGSN\rAT+CSQ\r") == b""
    said = await talk.until("+CSQ: 20,99\r\n\r\nOK")
    assert said.index("490154203237518") < said.index("+CSQ")


async def test_answers_otherwise_when_the_fault_says_so(talk: Talk) -> None:
    talk.state.faults.answers["+CMGS"] = ["+CMS ERROR: SIM busy"]
    assert talk.type("AT+CMGS=10") == ["+CMS ERROR: SIM busy"]
    assert talk.type("AT+CMGS=10") == ["> "]


async def test_refuses_a_command_for_as_long_as_the_fault_says_so(talk: Talk) -> None:
    talk.state.faults.refusals["+CMGL"] = "+CMS ERROR: 500"
    assert [talk.type("AT+CMGL=4") for _ in range(3)] == [["+CMS ERROR: 500"]] * 3


async def test_what_is_told_may_not_be_what_happened(network: Network, talk: Talk) -> None:
    talk.state.faults.results["+CMGS"] = ["+CMS ERROR: 332"]
    assert talk.submit("on air") == ["+CMS ERROR: 332"]
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["on air"]


async def test_a_result_may_come_late_while_the_modem_goes_on(talk: Talk) -> None:
    talk.state.faults.late["+CMGS"] = [0.02]
    assert talk.submit("slow") == []
    assert talk.submit("quick") == ["+CMGS: 1", "OK"]
    assert await talk.until("+CMGS: 0\r\n\r\nOK\r\n")


@pytest.mark.parametrize(("fault", "line"), [("no_chaining", "AT+CSQ;+CMGF?"), ("sends_alone", "AT+CMGF=0;+CMGS=10")])
async def test_a_make_may_want_its_commands_one_by_one(talk: Talk, fault: str, line: str) -> None:
    setattr(talk.state.faults, fault, True)
    assert talk.type(line) == ["ERROR"]
    assert talk.type("AT+CMGS=10") == ["> "]


async def test_echo_may_stay_on(talk: Talk) -> None:
    talk.state.faults.echo_stays = True
    talk.type("ATE0")
    assert talk.raw(b"AT\r") == b"AT\r\r\nOK\r\n"


async def test_says_results_as_numbers_or_not_at_all(talk: Talk) -> None:
    assert talk.raw(b"ATV0\r") == b"0\r"
    assert talk.raw(b"AT+CSQ\r") == b"+CSQ: 20,99\r\n0\r"
    assert talk.raw(b"AT+NONE\r") == b"4\r"
    assert talk.raw(b"ATQ1\r") == b""
    assert talk.raw(b"ATQ0V1\r") == b"\r\nOK\r\n"


async def test_restarts_without_a_word(modem: Callable[..., Talk]) -> None:
    talk = modem(SIMCOM)
    talk.type("ATE0+CMGF=1")
    talk.said.clear()
    talk.state.reset(silently=True)
    await attached(talk)
    assert talk.raw(b"AT+CMGF?\r") == b"AT+CMGF?\r\r\n+CMGF: 0\r\n\r\nOK\r\n"


async def test_another_program_may_change_what_was_set(talk: Talk) -> None:
    talk.engine.obey_elsewhere("AT+CMGF=1;+CNMI=0,0,0,0,0")
    assert talk.type("AT+CMGF?;+CNMI?") == ["+CMGF: 1", "+CNMI: 0,0,0,0,0", "OK"]


async def test_a_sim_may_want_its_pin_again(talk: Talk) -> None:
    talk.state.sim.guard_with("1234")
    assert talk.type("AT+CMGS=10") == ["+CMS ERROR: 311"]
    assert talk.type("AT+CPIN=1234") == ["OK"]
    assert talk.type("AT+CMGS=10") == ["> "]


async def test_an_answer_may_get_lost_and_the_next_command_works(talk: Talk) -> None:
    talk.state.faults.silences["+CSQ"] = 1
    assert talk.type("AT+CSQ") == []
    assert talk.type("AT+CSQ") == ["+CSQ: 20,99", "OK"]


async def test_a_hanging_modem_reads_on_when_it_wakes(talk: Talk) -> None:
    talk.state.terminal.hang()
    assert talk.raw(b"AT+CSQ\r") == b""
    talk.state.terminal.unhang()
    assert bytes(talk.said) == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


async def test_a_reset_forgets_settings_and_what_was_under_way(modem: Callable[..., Talk]) -> None:
    talk = modem(PROFILES["quectel"])
    talk.type("ATE0+CNMI=2,1,0,2,0")
    talk.type("AT+CMGS=10")
    talk.said.clear()
    talk.state.reset()
    await talk.until("RDY")
    assert talk.raw(b"AT+CNMI?\r") == b"AT+CNMI?\r\r\n+CNMI: 0,0,0,0,0\r\n\r\nOK\r\n"


async def test_cfun_restarts_it_after_the_answer(modem: Callable[..., Talk]) -> None:
    talk = modem(PROFILES["quectel"])
    await talk.until("SMS DONE")
    assert talk.type("AT+CFUN=1,1") == ["OK"]
    assert "RDY" in await talk.until("RDY")


async def test_what_the_generic_make_cannot_do_is_refused(talk: Talk) -> None:
    assert {talk.type(f"AT{name}?")[-1] for name in GENERIC.unsupported} == {"ERROR"}
    assert not any(name in talk.type("AT+CLAC") for name in GENERIC.unsupported)


async def test_a_reset_asks_for_the_pin_again(modem: Callable[..., Talk]) -> None:
    talk = modem(pin="1234")
    talk.type('ATE0;+CPIN="1234"')
    talk.state.reset()
    talk.type("ATE0")
    assert talk.type("AT+CPIN?") == ["+CPIN: SIM PIN", "OK"]


async def test_an_answer_that_was_due_before_a_reset_never_comes(talk: Talk) -> None:
    handset = talk.network.handset(CUSTOMER)
    talk.network.rules.send_latency = 0.02
    assert talk.submit("hello") == []
    talk.state.reset()
    await handset.wait(1)
    assert b"+CMGS" not in talk.said
    assert talk.raw(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"


async def test_another_program_may_type_something_between_two_commands(talk: Talk) -> None:
    talk.state.incoming.store("ME", "00AA")
    talk.state.faults.typed_elsewhere["+CMGL"] = ['AT+CPMS="SM"', "no command"]
    assert talk.type('AT+CPMS="ME";+CMGL=4')[1:] == ["OK"]
    assert talk.type('AT+CPMS="ME";+CMGL=4')[1:] == ["+CMGL: 1,0,,1", "00AA", "OK"]
