"""Outgoing SMS, built octet by octet from 3GPP TS 23.040 §9.2.2.2, and what a service centre makes of them."""

from datetime import datetime

import pytest

from bridge.model.radio import Alphabet, Concat, Outgoing
from device_drivers.gsm_modem.pdu import Deliver, Malformed, Submit, decode, deliver_of_submit, encode_submit
from device_drivers.gsm_modem.pdu.validity import period, seconds

HELLO = "E8329BFD06"  # "hello": 68 65 6C 6C 6F as septets
SENT_AT = int(datetime.fromisoformat("2024-02-03T04:05:06+01:00").timestamp()) * 1000
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800


def outgoing(text: str = "hello", *, recipient: str = "+15550101", report: bool = False, validity: int = 0) -> Outgoing:
    return Outgoing("m", recipient, text, report=report, validity=validity)


def submit(pdu: str) -> Submit:
    decoded = decode(pdu)
    assert isinstance(decoded, Submit)
    return decoded


def test_writes_a_plain_sms_octet_by_octet() -> None:
    pdu, length = encode_submit(outgoing())
    assert pdu == (
        "00"  # the modem's own service centre
        "01"  # SUBMIT; no validity, no report, no header
        "00"  # the reference: the modem puts its own
        "08"  # 8 digits
        "91"  # international
        "51551010"  # 15550101
        "00"  # plain SMS
        "00"  # default alphabet
        "05"  # 5 septets
        "E8329BFD06"
    )
    assert length == len(pdu) // 2 - 1  # AT+CMGS does not count the service centre's address


def test_writes_report_validity_and_place_octet_by_octet() -> None:
    part = Outgoing("m", "80555", "你", index=2, total=3, concat_ref=0xFE, report=True, validity=DAY)
    pdu, length = encode_submit(part)
    assert pdu == (
        "00"
        "71"  # 01 SUBMIT, 10 relative validity, 20 report wanted, 40 header
        "00"
        "05"  # 5 digits
        "81"  # unknown: a short code
        "0855F5"
        "00"
        "08"  # UCS-2
        "A7"  # 167: 12 hours + 24 half hours
        "08"  # 8 octets
        "05"  # 5 octets of header
        "0003FE0302"  # concatenation: reference FE, 3 parts, the second
        "4F60"
    )
    assert length == 19


def test_wants_a_report_only_when_asked() -> None:
    assert submit(encode_submit(outgoing(report=True))[0]).report
    assert not submit(encode_submit(outgoing(report=False))[0]).report


@pytest.mark.parametrize("text", ["hello", "€uro", "a" * 160, "[x]" * 32, "Ärger §5 @", "", "@" * 8])
def test_takes_7_bits_whenever_the_part_fits_them(text: str) -> None:
    decoded = submit(encode_submit(outgoing(text))[0])
    assert (decoded.encoding, decoded.text) == ("gsm7", text)


def test_takes_the_alphabet_of_the_message_that_a_part_belongs_to() -> None:
    part = Outgoing("m", "+15550101", "x" * 67, 1, 2, alphabet=Alphabet.UCS2)
    decoded = submit(encode_submit(part)[0])
    assert (decoded.encoding, decoded.text) == ("ucs2", "x" * 67)
    with pytest.raises(ValueError, match="GSM 7-bit"):
        encode_submit(Outgoing("m", "+15550101", "你", alphabet=Alphabet.GSM7))


@pytest.mark.parametrize("text", ["`", "ç", "ÿ", "\x1b", "\0", "你好", "😀", "字" * 70, "😀" * 35])
def test_takes_ucs2_for_the_rest(text: str) -> None:
    decoded = submit(encode_submit(outgoing(text))[0])
    assert (decoded.encoding, decoded.text) == ("ucs2", text)


def test_each_part_has_the_alphabet_that_it_needs() -> None:
    first = submit(encode_submit(Outgoing("m", "+15550101", "plain", 1, 2, concat_ref=9))[0])
    second = submit(encode_submit(Outgoing("m", "+15550101", "你好", 2, 2, concat_ref=9))[0])
    assert [first.encoding, second.encoding] == ["gsm7", "ucs2"]
    assert [first.concat, second.concat] == [Concat(9, 2, 1), Concat(9, 2, 2)]


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "+",
        "+1 555 0101",
        "*100#",
        "Bank",
        "+1555-0101",
        " 80555",
        "80555\n",
        "１２３",
        "٣٤٥",
        "++1",
        "1+5",
        "1" * 21,
    ],
)
def test_refuses_everything_but_clean_digits(recipient: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        encode_submit(outgoing(recipient=recipient))


@pytest.mark.parametrize("text", ["a" * 161, "€" * 81, "字" * 71, "😀" * 36])
def test_refuses_a_text_longer_than_one_sms(text: str) -> None:
    with pytest.raises(ValueError, match="more than 140"):
        encode_submit(outgoing(text))


@pytest.mark.parametrize(
    ("text", "fits"), [("a" * 153, True), ("a" * 154, False), ("字" * 67, True), ("字" * 68, False)]
)
def test_a_header_leaves_less_room(text: str, fits: bool) -> None:
    part = Outgoing("m", "+15550101", text, 1, 2, concat_ref=1)
    if fits:
        assert submit(encode_submit(part)[0]).text == text
    else:
        with pytest.raises(ValueError, match="more than 140"):
            encode_submit(part)


@pytest.mark.parametrize("reference", [-1, 256])
def test_refuses_a_reference_beyond_8_bits(reference: int) -> None:
    with pytest.raises(ValueError, match="no 8-bit reference"):
        encode_submit(Outgoing("m", "+15550101", "x", 1, 2, concat_ref=reference))


@pytest.mark.parametrize(
    ("octet", "length"),
    [
        (0, 5 * MINUTE),
        (143, 12 * HOUR),
        (144, 12 * HOUR + 30 * MINUTE),
        (167, DAY),
        (168, 2 * DAY),
        (196, 30 * DAY),
        (197, 5 * WEEK),
        (255, 63 * WEEK),
    ],
)
def test_relative_validity_means_what_the_standard_says(octet: int, length: int) -> None:
    assert seconds(octet) == length
    assert period(length) == octet


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (1, 5 * MINUTE),  # the shortest there is
        (59 * MINUTE, 55 * MINUTE),
        (12 * HOUR + MINUTE, 12 * HOUR),
        (47 * HOUR, DAY),
        (34 * DAY, 30 * DAY),
        (36 * DAY, 5 * WEEK),
        (10 * 365 * DAY, 63 * WEEK),
    ],
)
def test_never_asks_the_network_to_try_longer_than_wanted(wanted: int, given: int) -> None:
    assert submit(encode_submit(outgoing(validity=wanted))[0]).validity == given


@pytest.mark.parametrize(
    ("first", "field", "validity", "expires_at"),
    [
        ("01", "", None, None),
        ("11", "A7", DAY, None),
        ("19", "42203040506040", None, SENT_AT),  # absolute: 2024-02-03 04:05:06 +01:00
        ("19", "FFFFFFFFFFFFFF", None, None),
        ("09", "01A70000000000", DAY, None),  # enhanced, 001: relative
        ("09", "021E0000000000", 30, None),  # 010: seconds
        ("09", "02000000000000", None, None),  # 0 seconds is reserved
        ("09", "03103254000000", HOUR + 23 * MINUTE + 45, None),  # 011: hh mm ss in swapped semi-octets
        ("09", "03F03254000000", None, None),
        ("09", "00000000000000", None, None),  # 000: none
        ("09", "07000000000000", None, None),  # reserved
    ],
)
def test_reads_all_forms_of_validity(first: str, field: str, validity: int | None, expires_at: int | None) -> None:
    decoded = submit(f"00{first}07089151551010" + "0000" + field + "05" + HELLO)
    assert (decoded.validity, decoded.expires_at) == (validity, expires_at)
    assert (decoded.text, decoded.reference, decoded.recipient) == ("hello", 7, "+15550101")


def test_reads_the_bits_of_the_first_octet() -> None:
    # 80 reply path, 20 report, 04 reject duplicates, 01 SUBMIT
    decoded = submit("00A500089151551010" + "4104" + "02CAFE")
    assert decoded.reply_path
    assert decoded.report
    assert decoded.reject_duplicates
    assert (decoded.pid, decoded.dcs, decoded.data, decoded.first_octet) == (0x41, 4, b"\xca\xfe", 0xA5)


def test_only_a_submit_comes_from_a_mobile() -> None:
    pdu, _ = encode_submit(outgoing())
    assert decode(pdu, from_mobile=True) == decode(pdu)
    for first in ("00", "02", "03"):
        with pytest.raises(Malformed, match="no SUBMIT"):
            decode("00" + first + "00" * 30, from_mobile=True)


def test_the_service_centre_copies_the_user_data_untouched() -> None:
    pdu = (
        "00"
        "F1"  # 01 SUBMIT, 10 relative validity, 20 report, 40 header, 80 reply path
        "00"
        "089151551020"  # +15550102
        "41"  # replace type 1
        "10"  # class 0
        "A7"
        "0B"  # 11 septets
        "06080401020201C8B401"  # a 16-bit reference, then 48 69 06
    )
    recipient, report, deliver = deliver_of_submit(pdu, "+15550101", sent_at=SENT_AT, zone=60)
    assert (recipient, report) == ("+15550102", True)
    assert (
        deliver
        == (
            "0591515510" + "00"  # the service centre, +15550100
            "C4"  # DELIVER 00, no more 04, header 40, reply path 80
            "089151551010"
            "41"
            "10"
            "42203040506040"
            "0B"
            "06080401020201C8B401"
        )
    )
    decoded = decode(deliver)
    assert isinstance(decoded, Deliver)
    assert (decoded.text, decoded.message_class) == ("Hiù", 0)
    assert decoded.concat == Concat(0x0102, 2, 1, 16)


def test_the_service_centre_lets_a_name_send() -> None:
    _, report, deliver = deliver_of_submit(encode_submit(outgoing())[0], "Bank", sent_at=SENT_AT)
    decoded = decode(deliver)
    assert isinstance(decoded, Deliver)
    assert (decoded.sender, decoded.text, decoded.sent_at, decoded.zone) == ("Bank", "hello", SENT_AT, 0)
    assert not report


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        ("0004089151551010000042203040506040" + "05" + HELLO, "no SUBMIT"),
        ("00010000810000" + "05" + HELLO, "no recipient"),
        ("0001000891515510100000" + "06" + HELLO, "ends inside the user data"),
        ("0041000891515510100000" + "05" + HELLO, "a header of"),
        ("", "ends inside"),
    ],
)
def test_the_service_centre_refuses_what_is_no_submit(pdu: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason) as refusal:
        deliver_of_submit(pdu, "+15550101", sent_at=SENT_AT)
    assert refusal.value.pdu == pdu
