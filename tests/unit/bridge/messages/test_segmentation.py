"""Counting and cutting (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24): the core and the drivers rely on both."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.messages.segmentation import GSM7_DEFAULT, GSM7_EXTENSION, MAX_PARTS, alphabet, count, join, split
from bridge.model.radio import Alphabet, Outgoing
from device_drivers.gsm_modem.pdu import Submit, decode, encode_submit

GSM7_CHARS = (set(GSM7_DEFAULT) - {"\x1b"}) | set(GSM7_EXTENSION)
GSM7 = st.text(st.sampled_from(sorted(GSM7_CHARS)), max_size=700)
#: three letters out of four cost one, so that parts fill up to the brim in every way
MOSTLY_PLAIN = st.text(st.sampled_from("abc€"), min_size=140, max_size=500)
UCS2 = st.text(st.sampled_from("aé你字`😀🏳"), max_size=400)
#: the same without a character beyond ASCII
ASCII = st.text(st.sampled_from("abc["), min_size=140, max_size=500)
ANY = st.one_of(st.text(max_size=400), GSM7, MOSTLY_PLAIN, ASCII, UCS2)

relaxed = settings(deadline=None, max_examples=100)


def test_the_default_alphabet_has_every_code_once() -> None:
    assert len(GSM7_DEFAULT) == len(set(GSM7_DEFAULT)) == 128
    # spot checks against the print of TS 23.038 §6.2.1
    places = {"@": 0x00, "Ç": 0x09, "Δ": 0x10, "_": 0x11, "\x1b": 0x1B, "¤": 0x24, "¡": 0x40, "§": 0x5F, "¿": 0x60}
    assert {char: GSM7_DEFAULT.index(char) for char in places} == places
    assert not set(GSM7_DEFAULT) & set(GSM7_EXTENSION)


@pytest.mark.parametrize("text", ["", "hello", "€{}[]~\\^|\f", "ÄÖÜäöüß§¿¡ñÑ", "ΔΦΓΛΩΠΨΣΘΞ", "\r\n"])
def test_text_of_the_table_travels_in_7_bits(text: str) -> None:
    assert alphabet(text) is Alphabet.GSM7


@pytest.mark.parametrize("text", ["`", "ç", "你好", "😀", "\x1b", "\0", "\t", "ÿ", "’"])
def test_one_character_outside_makes_it_ucs2(text: str) -> None:
    assert alphabet("hello " + text) is Alphabet.UCS2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),
        # 153 is odd: an escape does not fit in the last septet, so 76 fill a part
        ("€" * 153, 3),
        ("é" * 160, 1),
        ("é" * 161, 2),
        ("字" * 70, 1),
        ("字" * 71, 2),
        ("字" * 134, 2),
        ("字" * 135, 3),
        ("`" * 70, 1),
        ("`" * 71, 2),
        ("\x1b" * 70, 1),
        ("\x1b" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        # 67 is odd: a pair does not fit in the last unit, so 33 fill a part
        ("😀" * 67, 3),
        ("a" * 153 * MAX_PARTS, MAX_PARTS),
    ],
)
def test_counts_by_the_standard(text: str, parts: int) -> None:
    assert count(text) == parts
    assert len(split(text)) == parts


def test_an_escape_on_the_seam_moves_to_the_next_part() -> None:
    assert split("a" * 152 + "€" + "b" * 10) == ["a" * 152, "€" + "b" * 10]


def test_a_surrogate_pair_on_the_seam_moves_to_the_next_part() -> None:
    assert split("字" * 66 + "😀" + "尾" * 10) == ["字" * 66, "😀" + "尾" * 10]


@relaxed
@given(ANY)
def test_count_is_the_number_of_parts(text: str) -> None:
    assert count(text) == len(split(text))


@relaxed
@given(ANY)
def test_the_parts_put_together_are_the_text(text: str) -> None:
    parts = split(text)
    assert "".join(parts) == join(parts) == text
    assert parts == [""] or all(parts)


@relaxed
@given(ANY)
def test_no_part_begins_or_ends_inside_a_character(text: str) -> None:
    for part in split(text):
        part.encode("utf-8")  # a torn pair would be a lone surrogate, which UTF-8 refuses


@relaxed
@given(ANY)
def test_every_part_fits_one_sms(text: str) -> None:
    parts = split(text)
    for index, part in enumerate(parts, 1):
        pdu, _ = encode_submit(Outgoing("m", "+15550101", part, index, len(parts), concat_ref=7))
        decoded = decode(pdu)
        assert isinstance(decoded, Submit)
        assert decoded.text == part


@relaxed
@given(ANY)
def test_no_part_is_cut_shorter_than_it_must_be(text: str) -> None:
    gsm7 = alphabet(text) is Alphabet.GSM7
    parts = split(text)
    for part, following in pairwise(parts):
        assert cost(part, gsm7) + cost(following[0], gsm7) > (153 if gsm7 else 67)


def cost(text: str, gsm7: bool) -> int:
    return len(text) + sum(char in GSM7_EXTENSION if gsm7 else ord(char) > 0xFFFF for char in text)


def test_halves_that_other_senders_tore_apart_meet_again() -> None:
    assert join(["one \ud83d", "\ude00 two"]) == "one 😀 two"


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["\ud83d"], "\ufffd"),
        (["\ude00 x"], "\ufffd x"),
        (["a\ud83d", "[part 2 of 3 missing]", "\ude00b"], "a\ufffd[part 2 of 3 missing]\ufffdb"),
        (["\ud83d", "\ud83d\ude00"], "\ufffd😀"),
        (["plain", " ", "text"], "plain text"),
        ([], ""),
    ],
)
def test_a_half_that_stays_alone_is_replaced(texts: list[str], whole: str) -> None:
    assert join(texts) == whole


@relaxed
@given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=5))
def test_joining_always_gives_valid_unicode(texts: list[str]) -> None:
    joined = join(texts)
    joined.encode("utf-8")
    assert join([joined]) == joined
