"""What is chosen from what a modem offers, and what a configuration may say."""

import pytest

from bridge.ports.driver import Memory, VolatileMemory
from device_drivers.gsm_modem import bringup, news, options, quirks
from device_drivers.gsm_modem.answers import Failed
from device_drivers.gsm_modem.identity import imei_in, known_as, same_iccid
from device_drivers.gsm_modem.memories import Stored, parse_list, slot_of
from device_drivers.gsm_modem.news import Meaning
from device_drivers.gsm_modem.options import Options
from device_drivers.gsm_modem.recovery import Stage, Watchdog
from device_drivers.gsm_modem.settings import Settings


@pytest.mark.parametrize(
    ("offer", "stores_reports", "chosen"),
    [
        ("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", True, "2,1,0,2,0"),
        ("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", False, "2,1,0,1,0"),
        ("+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1),(1)", False, "2,1,0,1,1"),
        ("+CNMI: (0,1),(0,1),(0),(0),(0,1)", True, "1,1,0,0,0"),
        ("+CNMI: (1,2),(0,1),(0,2,3),(0,2),(1)", False, "2,1,0,2,1"),
        ("+CNMI: (2),(2),(0)", True, "2,2,0"),
        ("+CNMI: garbage", True, ""),
    ],
)
def test_asks_for_stored_rather_than_direct(offer: str, stores_reports: bool, chosen: str) -> None:
    offered = [bringup.numbers(group) for group in bringup.parse_groups([offer])]
    assert bringup.preferred_cnmi(offered, stores_reports) == chosen


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ('+CMTI: "SM",0', Meaning.ARRIVED),
        ('+CDSI: "SR",7', Meaning.ARRIVED),
        ('^SMMEMFULL:"SM"', Meaning.FULL),
        ("+SMS FULL", Meaning.FULL),
        ("RDY", Meaning.RESTARTED),
        ("Call Ready", Meaning.RESTARTED),
        ("^SIMST:1", Meaning.RESTARTED),
        ("^SIMST:255", Meaning.SIM_GONE),
        ("+CPIN: NOT INSERTED", Meaning.SIM_GONE),
        ("+CREG: 2", Meaning.REGISTRATION),
        ("+CMGS: 5", Meaning.LATE_RESULT),
        ("^RSSI:17", Meaning.NOTHING),
        ("RING", Meaning.NOTHING),
    ],
)
def test_understands_news(line: str, meaning: Meaning) -> None:
    assert news.understand((line,)).meaning is meaning


def test_takes_a_direct_sms_with_its_pdu() -> None:
    told = news.understand(("+CMT: ,23", "00AB"))
    assert (told.meaning, told.memory, told.pdu) == (Meaning.DIRECT, "CMT", "00AB")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (["+CMGL: 1,0,,4", "00AB", "+CMGL: 2,1,,4", "00CD"], [(1, "00AB"), (2, "00CD")]),
        (['+CMGL: 0,1,"",4', "00AB"], [(0, "00AB")]),
        (["+CMGL: 3,2,,4", "00AB", "+CMGL: 4,3,,4", "00CD"], []),
        (["+CMGL: 5,,,4", "00AB"], [(5, "00AB")]),
        (["+CMGL: 5,0,,4", "+CMGL: 6,0,,4", "not hex"], [(6, "not hex")]),
        (["+CMGR: 0,,4", "00AB"], [(9, "00AB")]),
        (["+CMGR: ,,4", "00AB"], [(9, "00AB")]),
        (["+CMGR: 3,,4", "00AB"], []),
        ([], []),
    ],
)
def test_reads_lists_of_every_make(answer: list[str], found: list[tuple[int, str]]) -> None:
    listed = [stored for stored in parse_list("SM", answer, 9) if not stored.outgoing]
    assert [(stored.index, stored.pdu) for stored in listed] == found


def test_a_slot_names_place_and_content() -> None:
    assert Stored("SM", 3, "00ab").slot == Stored("SM", 3, "00AB").slot == slot_of("SM:3", "00AB")
    assert Stored("SM", 3, "00AB").slot.startswith("SM:3:")
    assert len({Stored("SM", 3, "00AB").slot, Stored("SM", 4, "00AB").slot, Stored("SM", 3, "00AC").slot}) == 3


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"port": 3}, 'port: must be a text in quotes, like "…"'),
        ({"port": "/dev/x", "pin": 1234}, 'pin: must be a text in quotes, like "…"'),
        ({"port": "/dev/x", "pin": "12"}, "pin: must be 4 to 8 digits"),
        ({"imei": "12"}, "imei: must be the 15 digits that AT+CGSN or the label says"),
        ({"iccid": "8900 1012"}, "iccid: must be the 18 to 20 digits that are printed on the SIM"),
        ({"port": "/dev/x", "baudrate": True}, "baudrate: must be a whole number"),
        ({"port": "/dev/x", "send_timeout": 0}, "send_timeout: must be more than 0"),
        ({"port": "/dev/x", "init": ["CMGF=0"]}, "init: must be a list of commands that begin with AT"),
        ({"port": "/dev/x", "prot": 1}, "prot: no such option"),
    ],
)
def test_says_what_is_wrong_with_the_options(given: dict[str, object], problem: str) -> None:
    assert list(options.problems(given)) == [problem]


def test_takes_good_options() -> None:
    given = {"imei": "490154203237518", "candidates": ["/dev/ttyUSB*"], "send_timeout": 60, "init": ["AT+CMMS=0"]}
    assert list(options.problems(given)) == []
    assert Options.of(given).candidates == ("/dev/ttyUSB*",)


def test_every_option_is_documented_and_read() -> None:
    assert set(options.OPTIONS) == set(Options.__dataclass_fields__)
    assert all(help_text for _, help_text in options.OPTIONS.values())


def test_finds_the_maker() -> None:
    assert quirks.vendor_of("huawei").name == "Huawei"
    assert quirks.vendor_of("SIMCOM_Ltd").name == "SIMCom"
    assert quirks.vendor_of("Acme").name == "generic"
    assert quirks.vendor_of_usb("2C7C") is quirks.vendor_of("Quectel")


def test_finds_an_imei_in_what_a_modem_says() -> None:
    assert imei_in(["490154203237518"]) == "490154203237518"
    assert imei_in(['+CGSN: "490154203237518"']) == "490154203237518"
    assert imei_in(["+CME ERROR: 3"]) == ""


def test_restarts_a_modem_after_three_silences_and_forgives_earlier_ones() -> None:
    watchdog = Watchdog(30)
    assert watchdog.due_at(now=110, heard_at=100, in_step=True) == 130
    assert watchdog.due_at(now=110, heard_at=100, in_step=False) == 110
    assert [watchdog.missed(140), watchdog.missed(150)] == [Stage.PROBE, Stage.RESYNC]
    assert watchdog.due_at(now=151, heard_at=100, in_step=False) == 153
    watchdog.answered()
    steps = [watchdog.missed(now) for now in (1, 2, 3)]
    assert steps == [Stage.PROBE, Stage.RESYNC, Stage.RESTART]


class Refusing:
    """A modem that answers every command with ERROR."""

    def ask(self, command: str, timeout: float | None = None) -> list[str]:
        raise Failed(command, "ERROR")


def test_an_error_is_a_sign_of_life_of_a_modem_that_tells_none_of_its_settings() -> None:
    settings = Settings(Refusing())
    settings.learn()
    settings.check(thoroughly=True)


async def test_a_sim_is_known_as_it_was_told_first() -> None:
    memories: dict[str, Memory] = {}

    async def memory_of(what: str) -> Memory:
        return memories.setdefault(what, VolatileMemory())

    imsi, iccid, other = "001010123456789", "8900101234567890123", "8900101234567891014"
    told = [
        ("8900101234567890", iccid, ""),
        (imsi, "", ""),
        (imsi, iccid, imsi),
        ("001010123456700", iccid, ""),
        ("001010123456700", "", iccid),
        ("001010123456700", iccid[:-1], iccid),
        ("001010123456700", other, ""),
        ("001010123456700", iccid, ""),
        ("", iccid, ""),
    ]
    for number, card, known in told:
        assert await known_as(memory_of, number, card) == known
    assert await known_as(None, imsi, "") == ""


def test_iccids_are_the_same_as_far_as_both_are_told() -> None:
    assert same_iccid("89860012345678901234", "8986001234567890123")
    assert not same_iccid("89860012345678901234", "89860012345678901242")
    assert not same_iccid("89860012345678901234", "")
