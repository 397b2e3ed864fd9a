"""Sending, receiving, storing and reporting on the virtual modem's command line."""

from collections.abc import Callable
from typing import Any

import pytest

from bridge.model.radio import Outgoing
from device_drivers.gsm_modem.pdu import Deliver, StatusReport, decode, encode_deliver, encode_submit
from device_drivers.virtual.modem.profile import HUAWEI, PROFILES, SIM7600, Profile
from device_drivers.virtual.modem.storage import Status
from device_drivers.virtual.network.message import SERVICE_CENTRE
from device_drivers.virtual.network.service_centre import Network
from tests.support.virtual_talk import CUSTOMER, LINE, Talk, attached, held


# -- sending ----------------------------------------------------------------------------------------
async def test_a_text_reaches_the_customer(network: Network, talk: Talk) -> None:
    assert talk.submit("hello €") == ["+CMGS: 0", "OK"]
    assert [(sms.sender, sms.text) for sms in await network.handset(CUSTOMER).wait()] == [(LINE, "hello €")]


async def test_counts_references_to_255_and_round_again(talk: Talk) -> None:
    told = [talk.submit("x")[0] for _ in range(258)]
    assert told == [f"+CMGS: {count % 256}" for count in range(258)]


@pytest.mark.parametrize("off", [-1, 1])
async def test_refuses_a_pdu_of_another_length_than_announced(talk: Talk, off: int) -> None:
    pdu, length = encode_submit(Outgoing("", CUSTOMER, "hello"))
    talk.type(f"AT+CMGS={length + off}")
    assert talk.raw(pdu.encode() + b"\x1a") == b"\r\n+CMS ERROR: 304\r\n"


@pytest.mark.parametrize("pdu", ["", "zz", "00", "0011", "AT+CMGR=1"])
async def test_refuses_what_is_no_pdu(talk: Talk, pdu: str) -> None:
    talk.type("AT+CMGS=2")
    assert talk.raw(pdu.encode() + b"\x1a") == b"\r\n+CMS ERROR: 304\r\n"


async def test_escape_gives_up_the_prompt(network: Network, talk: Talk) -> None:
    talk.type("AT+CMGS=20")
    assert talk.raw(b"0011\x1b") == b"\r\nOK\r\n"
    assert talk.type("AT") == ["OK"]


async def test_says_when_the_network_refuses(network: Network, talk: Talk) -> None:
    network.rules.refuse_next = [42]
    network.rules.refuse["+15550151"] = 21
    assert talk.submit("x") == ["+CMS ERROR: 42"]
    assert talk.submit("x", to="+15550151") == ["+CMS ERROR: 21"]
    assert talk.submit("x") == ["+CMGS: 2", "OK"]


async def test_refuses_a_recipient_that_is_no_number(talk: Talk) -> None:
    talk.type("AT+CMGF=1")
    talk.type('AT+CMGS="*100#"')
    assert talk.raw(b"x\x1a") == b"\r\n+CMS ERROR: 1\r\n"


async def test_a_lost_answer_loses_no_message(network: Network, talk: Talk) -> None:
    network.rules.lose_answer_next = 1
    assert talk.submit("once") == []
    assert talk.type("AT") == ["OK"]
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["once"]


async def test_text_mode_sends_too(network: Network, talk: Talk) -> None:
    talk.type("AT+CMGF=1")
    assert talk.type(f'AT+CMGS="{CUSTOMER}"') == ["> "]
    assert talk.raw(b"plain words\x1a") == b"\r\n+CMGS: 0\r\n\r\nOK\r\n"
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["plain words"]


async def test_keeps_a_message_and_sends_it_later(network: Network, talk: Talk) -> None:
    pdu, length = encode_submit(Outgoing("", CUSTOMER, "kept", report=False))
    talk.type(f"AT+CMGW={length}")
    assert talk.raw(pdu.encode() + b"\x1a") == b"\r\n+CMGW: 1\r\n\r\nOK\r\n"
    assert talk.type("AT+CMGL=2") == [f"+CMGL: 1,2,,{length}", pdu, "OK"]
    assert talk.type("AT+CMSS=1") == ["+CMSS: 0", "OK"]
    assert talk.type("AT+CMGL=3") == [f"+CMGL: 1,3,,{length}", pdu, "OK"]
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["kept"]


async def test_some_makes_stamp_what_they_sent(modem: Callable[..., Talk]) -> None:
    talk = modem(PROFILES["quectel"])
    talk.type("ATE0;+CSMS=1")
    talk.state.network.attach(talk.state)
    assert talk.submit("x")[0].startswith('+CMGS: 0,"')


# -- receiving --------------------------------------------------------------------------------------
async def test_announces_what_it_received_and_gives_it_out(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER).send(LINE, "good day")
    assert '+CMTI: "ME",1' in await talk.until("+CMTI")
    head, pdu, final = talk.type("AT+CMGR=1")
    deliver = decode(pdu)
    assert isinstance(deliver, Deliver)
    assert (deliver.sender, deliver.text, final) == (CUSTOMER, "good day", "OK")
    assert head == f"+CMGR: 0,,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}"
    assert talk.type("AT+CMGR=1")[0].startswith("+CMGR: 1,,")
    assert talk.type("AT+CMGD=1") == ["OK"]
    assert talk.type("AT+CMGR=1") == ["+CMS ERROR: 321"]


async def test_a_long_text_is_a_burst_of_announcements(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER).send(LINE, "a" * 1000)
    said = await talk.until('"ME",7')
    assert said.count("+CMTI") == 7
    listed = talk.type("AT+CMGL=4")
    parts = [decode(pdu) for pdu in listed[1:-1:2]]
    assert [part.concat.index for part in parts if isinstance(part, Deliver) and part.concat] == [1, 2, 3, 4, 5, 6, 7]


async def test_hands_a_message_over_directly_when_told_to(network: Network, talk: Talk) -> None:
    talk.type("AT+CNMI=2,2,0,1,0")
    network.handset(CUSTOMER).send(LINE, "direct")
    said = await talk.until("+CMT: ")
    head, pdu = [line for line in said.split("\r\n") if line][-2:]
    assert head == f"+CMT: ,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}"
    assert talk.type("AT+CMGL=4") == ["OK"]


async def test_what_is_not_acknowledged_is_kept_and_holds_back_the_rest(network: Network, talk: Talk) -> None:
    talk.state.incoming.acknowledge_within = 0.05
    talk.type("AT+CSMS=1;+CNMI=2,2,0,1,0")
    for text in ("one", "two", "three"):
        network.handset(CUSTOMER).send(LINE, text)
    await talk.until("+CMT: ")
    assert talk.type("AT+CNMA") == ["OK"]
    await talk.until("+CMT: ")
    await held(network, 0)
    assert talk.type("AT+CNMA") == ["+CMS ERROR: 340"]
    assert len(talk.type("AT+CMGL=4")) == 5


async def test_full_memory_keeps_messages_waiting_until_there_is_room(
    network: Network, modem: Callable[..., Talk]
) -> None:
    talk = modem(HUAWEI, size=2)
    talk.type("ATE0+CNMI=2,1,0,2,0")
    await attached(talk)
    for text in ("first", "second", "third", "fourth"):
        network.handset(CUSTOMER).send(LINE, text)
    assert (await talk.until("FULL")).count("+CMTI") == 2
    assert network.held(LINE) == 2
    assert talk.type("AT+CMGD=1,4") == ["OK"]
    assert '+CMTI: "SM",0' in await talk.until('"SM",1')
    texts = [decode(pdu) for pdu in talk.type("AT+CMGL=4")[1:-1:2]]
    assert [part.text for part in texts if isinstance(part, Deliver)] == ["third", "fourth"]


async def test_messages_wait_while_it_has_no_network(network: Network, talk: Talk) -> None:
    talk.state.set_registration(0)
    network.handset(CUSTOMER).send(LINE, "later")
    await held(network)
    talk.state.set_registration(5)
    assert "+CMTI" in await talk.until("+CMTI")


async def test_messages_wait_for_the_pin(network: Network, modem: Callable[..., Talk]) -> None:
    talk = modem(pin="1234")
    talk.type("AT+CNMI=2,1,0,2,0")
    await attached(talk)
    network.handset(CUSTOMER).send(LINE, "later")
    await held(network)
    talk.type('AT+CPIN="1234"')
    assert "+CMTI" in await talk.until("+CMTI")


async def test_messages_outlive_a_reset(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER).send(LINE, "kept")
    await talk.until("+CMTI")
    talk.state.reset()
    talk.type("ATE0")
    assert talk.type("AT+CMGL=4")[-1] == "OK"
    assert len(talk.type("AT+CMGL=4")) == 3


async def test_text_mode_lists_in_words(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER).send(LINE, "in words")
    await talk.until("+CMTI")
    talk.type("AT+CMGF=1")
    head, text, final = talk.type('AT+CMGL="ALL"')
    assert head.startswith(f'+CMGL: 1,"REC UNREAD","{CUSTOMER}",,"')
    assert (text, final) == ("in words", "OK")


@pytest.mark.parametrize(
    ("profile", "announced"), [(HUAWEI, '+CMTI: "SM",0'), (SIM7600, '+CMTI: "SM",0'), (PROFILES["zte"], '"ME",0')]
)
async def test_each_make_numbers_its_places(
    network: Network, modem: Callable[..., Talk], profile: Profile, announced: str
) -> None:
    talk = modem(profile)
    talk.type("ATE0+CNMI=2,1,0,2,0")
    await attached(talk)
    network.handset(CUSTOMER).send(LINE, "x")
    assert announced in await talk.until("+CMTI")


async def test_zte_leaves_the_status_out(network: Network, modem: Callable[..., Talk]) -> None:
    talk = modem(PROFILES["zte"])
    talk.type("ATE0")
    talk.state.incoming.store("ME", encode_deliver(CUSTOMER, "x", sent_at=0))
    assert talk.type("AT+CMGR=0")[0].startswith("+CMGR: ,,")


async def test_huawei_counts_a_new_message_late(modem: Callable[..., Talk]) -> None:
    talk = modem(HUAWEI)
    talk.type("ATE0")
    talk.state.incoming.store("SM", encode_deliver(CUSTOMER, "x", sent_at=0))
    assert talk.type("AT+CPMS?")[0].startswith('+CPMS: "SM",0,50')
    assert len(talk.type("AT+CMGL=4")) == 3


# -- memories ---------------------------------------------------------------------------------------
async def test_takes_one_two_or_three_memories(talk: Talk) -> None:
    assert talk.type('AT+CPMS="SM"') == ["+CPMS: 0,50,0,255,0,255", "OK"]
    assert talk.type('AT+CPMS="SM","SM"') == ["+CPMS: 0,50,0,50,0,255", "OK"]
    assert talk.type('AT+CPMS="SR","SM","SM"') == ["+CPMS: 0,100,0,50,0,50", "OK"]
    assert talk.type('AT+CPMS="ME","ME","SR"') == ["+CMS ERROR: 302"]
    assert talk.type("AT+CPMS?") == ['+CPMS: "SR",0,100,"SM",0,50,"SM",0,50', "OK"]


@pytest.mark.parametrize(
    ("flag", "left"),
    [
        (1, [Status.REC_UNREAD, Status.STO_UNSENT, Status.STO_SENT]),
        (2, [Status.REC_UNREAD, Status.STO_UNSENT]),
        (3, [Status.REC_UNREAD]),
        (4, []),
    ],
)
async def test_deletes_what_the_flag_names(talk: Talk, flag: int, left: list[Status]) -> None:
    for status in Status:
        talk.state.incoming.store("ME", "00", status)
    assert talk.type(f"AT+CMGD=1,{flag}") == ["OK"]
    assert [stored.status for _, stored in talk.state.storage["ME"]] == left


async def test_deleting_is_harmless_twice_but_not_out_of_range(talk: Talk) -> None:
    assert talk.type("AT+CMGD=7") == ["OK"]
    assert talk.type("AT+CMGD=256") == ["+CMS ERROR: 321"]
    assert talk.type("AT+CMGD=0") == ["+CMS ERROR: 321"]


async def test_fills_the_lowest_free_place(talk: Talk) -> None:
    memory = talk.state.storage["ME"]
    assert [memory.put("00", Status.REC_UNREAD) for _ in range(3)] == [1, 2, 3]
    memory.delete(2)
    assert [memory.put("00", Status.REC_UNREAD) for _ in range(2)] == [2, 4]


async def test_lists_a_broken_pdu_as_it_is(talk: Talk) -> None:
    talk.state.incoming.store("ME", "07FF00")
    assert talk.type("AT+CMGL=4") == ["+CMGL: 1,0,,-5", "07FF00", "OK"]


# -- reports ----------------------------------------------------------------------------------------
async def test_stores_a_report_where_it_says(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER)
    talk.submit("x", report=True)
    assert '+CDSI: "SR",1' in await talk.until("+CDSI")
    talk.type('AT+CPMS="SR"')
    report = decode(talk.type("AT+CMGR=1")[1])
    assert isinstance(report, StatusReport)
    assert (report.recipient, report.reference, report.status, report.smsc) == (CUSTOMER, 0, 0, SERVICE_CENTRE)


async def test_hands_a_report_over_directly_when_told_to(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER)
    talk.type("AT+CNMI=2,1,0,1,0")
    talk.submit("x", report=True)
    said = await talk.until("+CDS: ")
    head, pdu = [line for line in said.split("\r\n") if line][-2:]
    assert head == f"+CDS: {len(pdu) // 2 - 1 - int(pdu[:2], 16)}"


async def test_reports_only_what_was_asked_for(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER)
    talk.submit("quiet", report=False)
    talk.submit("loud", report=True)
    await talk.until("+CDSI")
    assert len(talk.state.storage["SR"]) == 1


@pytest.mark.parametrize("status", [0x02, 0x30, 0x46])
async def test_reports_the_status_that_the_rules_say(network: Network, talk: Talk, status: int) -> None:
    network.handset(CUSTOMER)
    network.rules.report_status[CUSTOMER] = status
    talk.submit("x", report=True)
    await talk.until("+CDSI")
    report = decode(next(stored.pdu for _, stored in talk.state.storage["SR"]))
    assert isinstance(report, StatusReport)
    assert report.status == status
    assert len(network.handset(CUSTOMER).received) == (status < 0x20)


async def test_reports_that_nobody_has_the_number(network: Network, talk: Talk) -> None:
    talk.submit("x", to="+447700900999", report=True)
    await talk.until("+CDSI")
    report = decode(next(stored.pdu for _, stored in talk.state.storage["SR"]))
    assert isinstance(report, StatusReport)
    assert (report.recipient, report.status) == ("+447700900999", 0x43)


async def test_a_line_feed_behind_the_command_is_no_part_of_the_text(network: Network, talk: Talk) -> None:
    talk.type("AT+CMGF=1")
    talk.raw(f'AT+CMGS="{CUSTOMER}"\r\nplain words\x1a'.encode())
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["plain words"]


@pytest.mark.parametrize(
    ("charset", "typed", "text"),
    [
        ("UCS2", "0436D83DDE42", "ж🙂"),
        ("HEX", "0011", "@_"),
        ("GSM", "\x00\x11a", "@_a"),
        ("IRA", "plain", "plain"),
    ],
)
async def test_text_mode_takes_the_alphabet_it_was_told(
    network: Network, talk: Talk, charset: str, typed: str, text: str
) -> None:
    talk.type(f'AT+CMGF=1;+CSCS="{charset}"')
    talk.type(f'AT+CMGS="{CUSTOMER}"')
    talk.raw(typed.encode() + b"\x1a")
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == [text]


# -- memories that are not as they should be --------------------------------------------------------
async def test_may_say_that_it_deleted_what_it_keeps(talk: Talk) -> None:
    talk.state.incoming.store("ME", "00AA")
    talk.state.faults.undeleted = 1
    assert [talk.type("AT+CMGD=1"), len(talk.state.storage["ME"])] == [["OK"], 1]
    assert [talk.type("AT+CMGD=1"), len(talk.state.storage["ME"])] == [["OK"], 0]


async def test_may_close_the_gap_that_a_deletion_leaves(talk: Talk) -> None:
    talk.state.faults.renumbers = True
    for pdu in ("00AA", "00BB", "00CC"):
        talk.state.incoming.store("ME", pdu)
    talk.type("AT+CMGD=1")
    assert talk.type("AT+CMGL=4") == ["+CMGL: 1,0,,1", "00BB", "+CMGL: 2,0,,1", "00CC", "OK"]
    assert talk.state.incoming.store("ME", "00DD") == 3


async def test_phones_close_the_gap_that_a_deletion_leaves(modem: Callable[..., Talk]) -> None:
    talk = modem(PROFILES["renumbering"])
    for pdu in ("00AA", "00BB"):
        talk.state.incoming.store("ME", pdu)
    talk.type("ATE0+CMGD=1")
    assert talk.type("AT+CMGL=4") == ["+CMGL: 1,0,,1", "00BB", "OK"]


@pytest.mark.parametrize(
    ("fault", "left"),
    [({"deletes_all": True}, []), ({"deletes_beside": 1}, [1, 3]), ({"deletes_beside": 99}, [1, 2, 3])],
)
async def test_may_delete_another_sms_than_is_named_or_all(talk: Talk, fault: dict[str, Any], left: list[int]) -> None:
    for pdu in ("00AA", "00BB", "00CC"):
        talk.state.incoming.store("ME", pdu)
    for name, value in fault.items():
        setattr(talk.state.faults, name, value)
    assert talk.type("AT+CMGD=1") == ["OK"]
    assert [index for index, _ in talk.state.storage["ME"]] == left


async def test_sim_and_modem_may_be_one_memory(talk: Talk) -> None:
    talk.state.faults.one_memory = True
    talk.state.incoming.store("ME", "00AA")
    lists = [talk.type(f'AT+CPMS="{name}";+CMGL=4')[1:] for name in ("SM", "ME")]
    assert lists == [["+CMGL: 1,0,,1", "00AA", "OK"], ["+CMGL: 1,1,,1", "00AA", "OK"]]


@pytest.mark.parametrize("names", [1, 2, 3])
async def test_may_want_so_many_names_of_memories(talk: Talk, names: int) -> None:
    talk.state.faults.memory_names = names
    for count in (1, 2, 3):
        said = talk.type("AT+CPMS=" + ",".join(['"SM"'] * count))
        assert said[-1] == ("OK" if count == names else "ERROR")


async def test_may_list_nothing_of_what_it_holds_and_count_otherwise(talk: Talk) -> None:
    talk.state.incoming.store("ME", "00AA")
    talk.state.faults.unlisted, talk.state.faults.counts = ["ME"], {"ME": 7}
    assert talk.type('AT+CPMS="ME"') == ["+CPMS: 7,255,7,255,7,255", "OK"]
    assert talk.type("AT+CMGL=4") == ["OK"]
    assert talk.type("AT+CMGR=1") == ["+CMGR: 0,,1", "00AA", "OK"]
    talk.state.faults.unreadable = ["ME"]
    assert talk.type("AT+CMGR=1") == ["+CMS ERROR: 321"]


async def test_octets_may_get_lost_on_the_line(talk: Talk) -> None:
    talk.state.incoming.store("ME", "00AABB")
    talk.state.faults.garbled = 2
    assert talk.type("AT+CMGL=4") == ["+CMGL: 1,0,,2", "00BB", "OK"]
    assert talk.type("AT+CMGL=4") == ["+CMGL: 1,1,,2", "AABB", "OK"]
    assert talk.type("AT+CMGL=4") == ["+CMGL: 1,1,,2", "00AABB", "OK"]


async def test_may_be_registered_in_one_domain_alone(modem: Callable[..., Talk]) -> None:
    talk = modem()
    await attached(talk)
    talk.state.faults.registrations = {"+CREG": 2, "+CGREG": 0, "+CEREG": 9}
    assert talk.type("AT+CREG?;+CEREG?") == ["+CREG: 0,2", "+CEREG: 0,9", "OK"]
    assert talk.state.reachable
    talk.state.faults.registrations = {"+CREG": 2, "+CGREG": 0, "+CEREG": 8}
    assert not talk.state.reachable
