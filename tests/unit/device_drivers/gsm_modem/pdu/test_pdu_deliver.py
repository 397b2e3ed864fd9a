"""Incoming SMS, built octet by octet from 3GPP TS 23.040 §9.2.2.1 and TS 23.038."""

from datetime import datetime

import pytest

from bridge.model.radio import Concat
from device_drivers.gsm_modem.pdu import Deliver, decode, encode_deliver, join

SENDER = "089151551010"  # 8 digits, international, +15550101 → pairs swapped
STAMP = "42203040506040"  # 24-02-03 04:05:06, zone 04 quarters: swapped 40
HELLO = "E8329BFD06"  # "hello": 68 65 6C 6C 6F as septets, lowest bits first
SENT_AT = int(datetime.fromisoformat("2024-02-03T04:05:06+01:00").timestamp()) * 1000


def deliver(user_data: str, *, dcs: str = "00", first: str = "04", sender: str = SENDER, stamp: str = STAMP) -> Deliver:
    """Decode a DELIVER without a service centre address."""
    decoded = decode(f"00{first}{sender}00{dcs}{stamp}{user_data}")
    assert isinstance(decoded, Deliver)
    return decoded


def octets(*fields: str) -> str:
    """TP-UDL in octets, then the fields."""
    data = "".join(fields)
    return f"{len(data) // 2:02X}{data}"


def test_reads_every_field_of_a_plain_sms() -> None:
    pdu = (
        "05"  # the service centre's address has 5 octets
        "91"  # international, ISDN plan
        "51551000"  # 15550100
        "04"  # DELIVER; no more messages to come
        "08"  # the sender has 8 digits
        "91"  # international
        "51551010"  # 15550101
        "00"  # protocol: plain SMS
        "00"  # default alphabet, no class
        "42203040506040"  # 2024-02-03 04:05:06 +01:00
        "05"  # 5 septets
        "E8329BFD06"  # hello
    )
    assert decode(pdu) == Deliver(
        sender="+15550101",
        text="hello",
        sent_at=SENT_AT,
        zone=60,
        smsc="+15550100",
        first_octet=4,
    )


def test_reads_a_tpdu_without_the_service_centre_in_front() -> None:
    decoded = decode("04" + SENDER + "0000" + STAMP + "05" + HELLO, has_smsc=False)
    assert isinstance(decoded, Deliver)
    assert (decoded.sender, decoded.text, decoded.smsc) == ("+15550101", "hello", "")


def test_lower_case_hex_and_a_line_end_are_fine() -> None:
    assert decode(("0004" + SENDER + "0000" + STAMP + "05" + HELLO).lower() + "\r\n").text == "hello"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("first", "more", "reply_path"),
    # bit 2 clear: more to come; bit 7: reply path; bit 5 (a report goes back to the sender) is not ours to act on
    [("04", False, False), ("00", True, False), ("84", False, True), ("24", False, False)],
)
def test_reads_the_bits_of_the_first_octet(first: str, more: bool, reply_path: bool) -> None:
    decoded = deliver("05" + HELLO, first=first)
    assert (decoded.more, decoded.reply_path, decoded.first_octet) == (more, reply_path, int(first, 16))


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("08" + "91" + "51551010", "+15550101"),
        ("05" + "81" + "0855F5", "80555"),  # odd count: filler F
        ("05" + "81" + "085505", "80555"),  # filler forgotten: the count rules
        ("06" + "81" + "0855F5", "80555"),  # one too many counted: the filler rules
        ("0A" + "A1" + "7710098110", "7701901801"),  # national: no plus, it is not in international form
        ("09" + "E1" + "BADCBE5AF1", "*#abc#*51"),  # A=* B=# C=a D=b E=c
        ("00" + "81", ""),
        ("00" + "91", ""),
        # names: septets, counted in semi-octets; TON 5 makes a name, whatever the plan
        ("07" + "D0" + "C2B07B0D", "Bank"),  # 42 61 6E 6B: 42|80, 30|80, 1B|60, 0D; 28 bits
        ("09" + "D0" + "C2B07BDD02", "Bank-"),  # and 2D: 0D|D0, 02; 35 bits
        ("0D" + "D0" + "C2B07B2D0CBB01", "BankBan"),  # 49 bits, the last seven of the octets are fill
        ("0E" + "D0" + "C2B07B2D0CBB01", "BankBan@"),  # 56 bits: now they are a character
        ("0E" + "D1" + "C2B07B2D0CBBD7", "BankBank"),
        ("04" + "D0" + "9B32", "€"),
    ],
)
def test_reads_all_kinds_of_senders(address: str, sender: str) -> None:
    assert deliver("05" + HELLO, sender=address).sender == sender


@pytest.mark.parametrize(
    "name", ["Bank", "O2_", "sipgate", "HOSTER.RU", "InfoService", "Grüße", "@", "a@", "[x]", "1 2"]
)
def test_a_name_comes_back_whole(name: str) -> None:
    decoded = decode(encode_deliver(name, "hello", sent_at=SENT_AT))
    assert isinstance(decoded, Deliver)
    assert decoded.sender == name


@pytest.mark.parametrize(
    ("stamp", "moment", "zone"),
    [
        ("42203040506040", "2024-02-03T04:05:06+01:00", 60),
        ("42203040506000", "2024-02-03T04:05:06+00:00", 0),
        ("42203040506022", "2024-02-03T04:05:06+05:30", 330),  # 22 quarters
        ("42203040506032", "2024-02-03T04:05:06+05:45", 345),  # 23 quarters
        # west of Greenwich: bit 3 of the octet, that is 8 added to the swapped tens
        ("4220304050604A", "2024-02-03T04:05:06-06:00", -360),  # 24 quarters: 42 + 08
        ("42203040506069", "2024-02-03T04:05:06-04:00", -240),  # 16 quarters: 61 + 08
        ("42203040506097", "2024-02-03T04:05:06+19:45", 1185),  # 79 quarters, the most there is
    ],
)
def test_reads_the_time_stamp_with_its_zone(stamp: str, moment: str, zone: int) -> None:
    decoded = deliver("05" + HELLO, stamp=stamp)
    assert decoded.sent_at == int(datetime.fromisoformat(moment).timestamp()) * 1000
    assert decoded.zone == zone


def test_reads_a_leap_day_and_the_last_century() -> None:
    assert deliver("00", stamp="42209200000000").sent_at == 1709164800000  # 2024-02-29
    assert deliver("00", stamp="99211332959500").sent_at == 946684799000  # 1999-12-31 23:59:59


@pytest.mark.parametrize(
    "stamp",
    [
        "00000000000000",  # absent: month 0
        "FFFFFFFFFFFFFF",
        "42312040506000",  # month 13
        "42200340506000",  # day 30 of February
        "42203042506000",  # hour 24
        "422030400660FF",  # minute 60 and a zone that is none
        "42203040506A00",  # A is no digit
        "422030405060F0",  # zone: F is no digit
    ],
)
def test_a_broken_time_stamp_costs_no_message(stamp: str) -> None:
    decoded = deliver("05" + HELLO, stamp=stamp)
    assert (decoded.text, decoded.sent_at, decoded.zone) == ("hello", None, None)


@pytest.mark.parametrize(
    ("length_and_septets", "text"),
    [
        ("05" + HELLO, "hello"),
        ("00", ""),
        ("08" + "31D98C56B3DD00", "1234567@"),  # the last septet, all zero, fills the octet: the count says it is there
        ("07" + "31D98C56B3DD00", "1234567"),  # same octets, one less
        ("01" + "00", "@"),
        ("02" + "0000", "@@"),
        ("02" + "9B32", "€"),  # 1B 65: 1B | 1 << 7 = 9B, 65 >> 1 = 32
        ("01" + "5F", "§"),
        ("01" + "09", "Ç"),
        ("02" + "9B0D", " "),  # escape, escape: reserved, a space
        ("02" + "9B30", "a"),  # 1B 61: the extension has nothing at 61, the main table's letter is shown
        ("01" + "1B", " "),  # an escape at the very end
        ("03" + "9B8D18", " b"),  # 1B 1B 62: 1B | 80, 0D | 80, 18
    ],
)
def test_reads_the_default_alphabet_to_the_last_septet(length_and_septets: str, text: str) -> None:
    assert deliver(length_and_septets).text == text


@pytest.mark.parametrize(
    ("header", "fill", "user_data"),
    [
        # H = 48, i = 69; a header of n octets takes 8n bits, text starts at the next multiple of 7
        ("0500030702" + "01", 1, "9069"),  # 6 octets: 48 + 1 bits, (48 | 69 << 7) << 1 = 6990
        ("06080401020201", 0, "C834"),  # 7 octets: 56 bits, no fill: 48 | 69 << 7 = 34C8
    ],
)
def test_text_starts_on_the_septet_after_the_header(header: str, fill: int, user_data: str) -> None:
    septets = (len(header) * 4 + fill) // 7 + 2
    decoded = deliver(f"{septets:02X}{header}{user_data}", first="44")
    assert decoded.text == "Hi"
    assert decoded.concat is not None


@pytest.mark.parametrize("size", range(1, 30))
def test_headers_of_every_length_leave_the_text_alone(size: int) -> None:
    """Element 0x70 (SIM toolkit) with any content: only its length matters here."""
    content = "AA" * size
    header = f"{size + 2:02X}70{size:02X}{content}"
    bits = 8 * len(header) // 2
    start = -(-bits // 7)
    packed = (0x48 << 7 * start | 0x69 << 7 * (start + 1)) | int.from_bytes(bytes.fromhex(header), "little")
    data = packed.to_bytes((7 * (start + 2) + 7) // 8, "little").hex()
    decoded = deliver(f"{start + 2:02X}{data}", first="44")
    assert decoded.text == "Hi"
    assert decoded.udh == ((0x70, bytes.fromhex(content)),)


@pytest.mark.parametrize(
    ("elements", "concat"),
    [
        ("0003" + "FF0302", Concat(255, 3, 2, 8)),
        ("0804" + "ABCD0302", Concat(0xABCD, 3, 2, 16)),
        ("0003" + "010101", Concat(1, 1, 1, 8)),
        ("0003" + "010002", None),  # total 0
        ("0003" + "010200", None),  # index 0
        ("0003" + "010203", None),  # index beyond the total
        ("0002" + "0102", None),  # too short
        ("0804" + "00010201" + "0003" + "070301", Concat(7, 3, 1, 8)),  # the last of two counts
        ("0003" + "070301" + "0003" + "000000", Concat(7, 3, 1, 8)),  # unless it says nothing
        ("7001AA" + "0003" + "070301", Concat(7, 3, 1, 8)),
    ],
)
def test_reads_where_a_part_belongs(elements: str, concat: Concat | None) -> None:
    header = f"{len(elements) // 2:02X}{elements}"
    assert deliver(octets(header, "0041"), dcs="08", first="44").concat == concat


def test_reads_application_ports() -> None:
    wide = deliver(octets("06", "05040B8423F0", "CAFE"), dcs="04", first="44")
    assert (wide.ports, wide.data, wide.text, wide.encoding) == ((2948, 9200), b"\xca\xfe", "", "8bit")
    narrow = deliver(octets("04", "0402", "F0F1", "CAFE"), dcs="04", first="44")
    assert narrow.ports == (0xF0, 0xF1)


@pytest.mark.parametrize(
    "elements",
    [
        "0003070201" + "1B0701",  # the last announces 7 octets and has 1
        "0003070201" + "1B",  # the last has no length
    ],
)
def test_a_header_whose_last_element_does_not_fit_is_ignored_whole(elements: str) -> None:
    decoded = deliver(octets(f"{len(elements) // 2:02X}", elements, "0041"), dcs="08", first="44")
    assert (decoded.udh, decoded.concat, decoded.text) == ((), None, "A")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("4F60597D", "你好"),
        ("D83DDE00", "😀"),
        ("0041", "A"),
        ("", ""),
        ("004100", "A\ufffd"),  # half a unit at the end
    ],
)
def test_reads_ucs2_with_surrogate_pairs(data: str, text: str) -> None:
    assert deliver(octets(data), dcs="08").text == text


def test_a_pair_torn_by_the_sender_meets_again() -> None:
    parts = [
        deliver(octets("05", "0003070201", "0041D83D"), dcs="08", first="44"),
        deliver(octets("05", "0003070202", "DE000042"), dcs="08", first="44"),
    ]
    assert [part.text for part in parts] == ["A\ud83d", "\ude00B"]
    assert join([part.text for part in parts]) == "A😀B"


@pytest.mark.parametrize(
    ("codes", "encoding", "message_class"),
    [
        # TS 23.038 §4: group 00x0 without class (its low bits mean nothing), 00x1 with
        (("00", "01", "02", "03", "0C"), "gsm7", None),
        (("10", "1C"), "gsm7", 0),
        (("11",), "gsm7", 1),
        (("12",), "gsm7", 2),
        (("13",), "gsm7", 3),
        (("04", "06"), "8bit", None),
        (("14",), "8bit", 0),
        (("08", "0B"), "ucs2", None),
        (("18",), "ucs2", 0),
        # compressed: not for us to read
        (("20", "28", "2C"), "8bit", None),
        # 01xx: marked for automatic deletion, otherwise the same
        (("40", "4C"), "gsm7", None),
        (("50",), "gsm7", 0),
        (("44",), "8bit", None),
        (("48",), "ucs2", None),
        (("58",), "ucs2", 0),
        (("68",), "8bit", None),
        # 1000–1011: reserved, so the default alphabet
        (("80", "8F", "98", "A4", "B8", "BF"), "gsm7", None),
        # message waiting: discard, store, store in UCS-2
        (("C0", "C8", "D0", "DF"), "gsm7", None),
        (("E0", "E8", "EF"), "ucs2", None),
        # 1111: class in any case; bit 3 is reserved and ignored
        (("F0", "F8"), "gsm7", 0),
        (("F4", "FC"), "8bit", 0),
        (("F1", "F9"), "gsm7", 1),
        (("F2",), "gsm7", 2),
        (("F7",), "8bit", 3),
    ],
)
def test_knows_every_data_coding_group(codes: tuple[str, ...], encoding: str, message_class: int | None) -> None:
    for code in codes:
        decoded = deliver("00", dcs=code)
        assert (decoded.encoding, decoded.message_class, decoded.dcs) == (encoding, message_class, int(code, 16))


def test_a_few_octets_too_many_are_survived() -> None:
    assert deliver("04" + "4F60597D" + "0039", dcs="08").text == "你好"


@pytest.mark.parametrize("padding", ["FF" * 100, "00" * 100])
def test_padding_left_on_by_the_modem_is_survived(padding: str) -> None:
    assert deliver("05" + HELLO + padding).text == "hello"


def test_writes_a_deliver_octet_by_octet() -> None:
    pdu = encode_deliver("Bank", "Hi", sent_at=SENT_AT, zone=60, concat=Concat(0x0102, 2, 1, 16), smsc="80555")
    assert pdu == (
        "04"  # 4 octets of service centre address
        "81"  # unknown kind of number
        "0855F5"  # 80555 and a filler
        "44"  # DELIVER, header, no more messages
        "07"  # 4 septets = 28 bits = 7 semi-octets
        "D0"  # a name
        "C2B07B0D"  # 42 61 6E 6B as septets
        "00"
        "00"  # default alphabet
        "42203040506040"
        "0A"  # 8 septets of header, 2 of text
        "06080401020201"  # 6 octets of header: element 08, reference 0102, 2 parts, the first
        "C834"  # Hi
    )


def test_writes_octets_when_asked() -> None:
    decoded = decode(encode_deliver("+15550101", sent_at=SENT_AT, data=b"\xca\xfe"))
    assert isinstance(decoded, Deliver)
    assert (decoded.data, decoded.text, decoded.encoding) == (b"\xca\xfe", "", "8bit")


@pytest.mark.parametrize("sender", ["TwelveLetter", "[brackets]]", "你好"])
def test_refuses_to_write_a_name_that_does_not_fit(sender: str) -> None:
    with pytest.raises(ValueError, match="no sender"):
        encode_deliver(sender, "hello", sent_at=SENT_AT)


@pytest.mark.parametrize("text", ["a" * 161, "字" * 71, "€" * 81])
def test_refuses_to_write_more_than_one_sms(text: str) -> None:
    with pytest.raises(ValueError, match="more than 140"):
        encode_deliver("Bank", text, sent_at=SENT_AT)


@pytest.mark.parametrize(
    "concat", [Concat(256, 2, 1), Concat(0x10000, 2, 1, 16), Concat(1, 2, 3), Concat(1, 256, 1), Concat(1, 2, 1, 9)]
)
def test_refuses_to_write_an_impossible_place(concat: Concat) -> None:
    with pytest.raises(ValueError, match=r"no part|no .*-bit reference"):
        encode_deliver("Bank", "x", sent_at=SENT_AT, concat=concat)


def test_refuses_to_write_a_zone_beyond_the_octet() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        encode_deliver("Bank", "x", sent_at=SENT_AT, zone=1200)
