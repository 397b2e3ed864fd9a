"""Septets in octets, and the alphabets that they stand for (3GPP TS 23.038 §6)."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.messages.segmentation import GSM7_DEFAULT, GSM7_EXTENSION
from device_drivers.gsm_modem.pdu import Deliver, decode
from device_drivers.gsm_modem.pdu.gsm7 import pack, septets_of, text_of, unpack
from device_drivers.gsm_modem.pdu.national import LOCKING, SINGLE

#: language → how its letters are called in Unicode
SCRIPTS = {
    4: "BENGALI",
    5: "GUJARATI",
    6: "DEVANAGARI",
    7: "KANNADA",
    8: "MALAYALAM",
    9: "ORIYA",
    10: "GURMUKHI",
    11: "TAMIL",
    12: "TELUGU",
}
URDU = 13
STAMP = "42203040506040"


@pytest.mark.parametrize(
    ("septets", "octets"),
    [
        (b"", ""),
        (b"\x01", "01"),
        # each octet takes what is left of one septet, then the low bits of the next
        (b"\x7f\x00\x7f", "7FC01F"),
        (b"hello", "E8329BFD06"),
        (b"1234567", "31D98C56B3DD00"),
        (b"12345678", "31D98C56B3DD70"),
        (b"\x7f" * 8, "FF" * 7),
    ],
)
def test_packs_septets_lowest_bits_first(septets: bytes, octets: str) -> None:
    assert pack(septets).hex().upper() == octets
    assert unpack(bytes.fromhex(octets), len(septets)) == septets


@given(st.binary(max_size=160).map(lambda octets: bytes(octet & 0x7F for octet in octets)), st.integers(0, 6))
@settings(deadline=None)
def test_packing_is_undone_by_unpacking(septets: bytes, fill: int) -> None:
    packed = pack(septets, fill)
    assert len(packed) == (7 * len(septets) + fill + 7) // 8
    shifted = (int.from_bytes(packed, "little") >> fill).to_bytes(len(packed), "little")
    assert unpack(shifted, len(septets)) == septets


def test_every_character_of_the_default_alphabet_and_its_extension_comes_back() -> None:
    text = GSM7_DEFAULT.replace("\x1b", "") + "".join(GSM7_EXTENSION)
    septets = septets_of(text)
    assert septets is not None
    assert text_of(septets) == text


@pytest.mark.parametrize("char", ["`", "ç", "ÿ", "\x1b", "\0", "\t", "’", "你", "😀", "\ud83d"])
def test_other_characters_have_no_septets(char: str) -> None:
    assert septets_of("fine " + char) is None


# -- national languages (annex A) ---------------------------------------------------------------


def heard(header: str, septets: bytes) -> str:
    """The text of a DELIVER with these header elements (hex) and septets."""
    elements = bytes.fromhex(header)
    ahead = bytes((len(elements),)) + elements
    start = (8 * len(ahead) + 6) // 7
    data = ahead + pack(septets, 7 * start - 8 * len(ahead))
    pdu = f"00440891515510100000{STAMP}{start + len(septets):02X}{data.hex()}"
    decoded = decode(pdu)
    assert isinstance(decoded, Deliver)
    return decoded.text


@pytest.mark.parametrize(
    ("header", "septets", "text"),
    [
        # element 25, one octet: locking shift; 24: single shift
        ("250101", "04 07 0B 0C 1C 1D 40 60", "€ıĞğŞşİç"),
        ("240101", "1B47 1B49 1B53 1B63 1B67 1B69 1B73 1B65", "ĞİŞçğış€"),
        ("240102", "1B09 1B41 1B49 1B4F 1B55 1B61 1B69 1B6F 1B75", "çÁÍÓÚáíóú"),
        ("250103", "04 06 07 08 09 12 13 14 15 16 17 18 19 1A", "êúíóçªÇÀ∞^\\€Ó|"),
        ("240103", "1B05 1B0B 1B0F 1B12 1B5B 1B5C 1B7B 1B7F", "êÔáΦÃÕãâ"),
        ("250106", "15 2F 55 2E", "कन\u0943."),
        ("240106", "1B1C 1B25 1B19 1B1A", "\u0966\u096f\u0964\u0965"),
        ("25010D", "00 1A 58 28", "\u0627\u062f\u0621)"),
        ("24010D", "1B1C 1B25 1B3F", "\u06f0\u06f9\u06d4"),
        # both at once
        ("250101240102", "04 1B41", "€Á"),
        # a language that nobody has defined: the defaults
        ("25010E", "04 09", "èÇ"),
        ("24010E", "1B65 1B47", "€G"),
        ("2501FF", "04", "è"),
        ("2500", "04", "è"),  # an element without its language
        # Spanish has no locking shift
        ("250102", "04", "è"),
        # locking shift leaves the default extension in force
        ("250101", "1B65 1B28", "€{"),
        # a code that the single shift lacks shows the locking shift's character
        ("250101240102", "1B07", "ı"),
        ("240106", "1B1B", " "),
    ],
)
def test_reads_national_languages(header: str, septets: str, text: str) -> None:
    assert heard(header, bytes.fromhex(septets)) == text


def test_the_tables_are_those_of_the_standard() -> None:
    assert sorted(SINGLE) == list(range(1, 14))
    assert sorted(LOCKING) == [1, *range(3, 14)]


@pytest.mark.parametrize("language", sorted(LOCKING))
def test_a_locking_table_keeps_what_all_share(language: int) -> None:
    table = LOCKING[language]
    assert len(table) == 128
    assert (table[0x0A], table[0x0D], table[0x1B], table[0x20]) == ("\n", "\r", "\x1b", " ")
    assert table[0x30:0x3C] == "0123456789:;"
    assert table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
    printed = [char for char in table if char != " "]
    assert len(printed) == len(set(printed))


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_an_indic_table_lists_its_script_in_unicode_order(language: int) -> None:
    letters = [char for char in LOCKING[language] if ord(char) > 0xFF]
    assert letters == sorted(letters)
    assert all(script(char) == SCRIPTS[language] for char in letters)
    extra = [char for _, char in sorted(SINGLE[language].items()) if ord(char) > 0xFF and char not in "€।॥"]
    assert all(script(char) == SCRIPTS[language] for char in extra)
    digits = [char for char in extra if unicodedata.category(char) == "Nd"]
    assert [unicodedata.digit(char) for char in digits] == list(range(10))


def script(char: str) -> str:
    return unicodedata.name(char).split()[0]


def test_urdu_is_written_in_arabic_letters() -> None:
    letters = [char for char in LOCKING[URDU] if ord(char) > 0xFF]
    letters += [char for char in SINGLE[URDU].values() if ord(char) > 0xFF and char != "€"]
    assert all(0x0600 <= ord(char) <= 0x06FF for char in letters)
    digits = [SINGLE[URDU][code] for code in range(0x1C, 0x26)]
    assert [unicodedata.digit(char) for char in digits] == list(range(10))


@pytest.mark.parametrize("language", sorted(SINGLE))
def test_a_single_shift_table_holds_the_programmers_characters(language: int) -> None:
    table = SINGLE[language]
    assert 0x1B not in table
    for char, code in GSM7_EXTENSION.items():
        if char != "^" or language < 4:
            assert table[code] == char
    assert "^" in table.values()
