"""What is handed over in text mode, as modems write it."""

import pytest

from bridge.model.message import State
from bridge.model.radio import InboundPart, InboundReport
from device_drivers.gsm_modem.textmode import moment_of, read, readable

AT = 1_795_169_472_000


@pytest.mark.parametrize(
    ("header", "lines", "sender", "text"),
    [
        ('+CMT: "+15550150",,"26/11/20,10:11:12+00"', ["hello"], "+15550150", "hello"),
        ('+CMT: "+15550150","","26/11/20,10:11:12+00",145,4,0,0,"+15550199",145,5', ["hello"], "+15550150", "hello"),
        ('+CMT: "Shop",,"26/11/20,12:11:12+08"', ["one", "two"], "Shop", "one\ntwo"),
        ('+CMT: "002B0031","","26/11/20,10:11:12+00"', ["00480069D83DDE00"], "+1", "Hi😀"),
    ],
)
def test_reads_an_sms(header: str, lines: list[str], sender: str, text: str) -> None:
    part = read("office", "CMT:x", [header, *lines])
    assert isinstance(part, InboundPart)
    assert (part.line, part.slot, part.sender, part.text, part.sent_at) == ("office", "CMT:x", sender, text, AT)


def test_reads_a_report() -> None:
    line = '+CDS: 6,12,"+15550150",145,"26/11/20,10:11:12+00","26/11/20,10:11:13+00",67'
    report = read("office", "CDS:x", [line])
    assert isinstance(report, InboundReport)
    assert (report.recipient, report.reference, report.state) == ("+15550150", 12, State.FAILED)
    assert (report.sent_at, report.at) == (AT, AT + 1000)


def test_a_report_that_is_not_like_that_is_handed_on_as_it_is() -> None:
    part = read("office", "CDS:x", ['+CDS: 6,"26/11/20,10:11:12+00"'])
    assert isinstance(part, InboundPart)
    assert part.error
    assert bytes.fromhex(part.data).decode().startswith("+CDS: 6")


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("26/11/20,10:11:12+00", AT),
        ("26/11/20,11:11:12+04", AT),
        ("26/11/20,05:11:12-20", AT),
        ("26/13/20,10:11:12+00", 0),
    ],
)
def test_reads_a_moment_in_its_zone(stamp: str, moment: int) -> None:
    assert moment_of(stamp) == moment


@pytest.mark.parametrize(
    ("given", "meant"),
    [("hello", "hello"), ("12345678", "12345678"), ("00480069", "Hi"), ("GrÃ¼Ã\x9fe", "Grüße"), ("abcd", "abcd")],
)
def test_reads_a_text_as_it_was_meant(given: str, meant: str) -> None:
    assert readable(given) == meant
