"""Which line carries which message."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bridge.errors import InvalidNumber, InvalidText, UnknownLine
from bridge.messages.routing import ANY, forms_of, route, routes, within
from bridge.model.forms import Form
from bridge.model.line import Channel, Line, LineState

OFFICE = Line("office", "office", "gsm_modem", number="+15550100", imei="490154203237005")
FIRST = Line("phone:1", "phone", "android_adb", slot=1)
SECOND = Line("phone:2", "phone", "android_adb", slot=2)
LINES = (OFFICE, FIRST, SECOND)


@pytest.mark.parametrize(
    ("wish", "slot", "expected"),
    [
        ("", 0, ANY),
        ("office", 0, "office"),
        ("OFFICE", 0, "office"),
        ("+15550100", 0, "office"),
        ("490154203237005", 0, "office"),
        ("phone", 0, "phone"),
        ("phone", 2, "phone:2"),
        ("phone:2", 0, "phone:2"),
        ("", 2, ":2"),
    ],
)
def test_a_wish_becomes_a_route_that_some_line_serves(wish: str, slot: int, expected: str) -> None:
    assert route(wish, slot, LINES) == expected
    assert any(expected in routes(line) for line in LINES)


@pytest.mark.parametrize(("wish", "slot"), [("attic", 0), ("office", 2), ("", 3)])
def test_an_unknown_line_is_refused_with_the_known_ones(wish: str, slot: int) -> None:
    with pytest.raises(UnknownLine, match=r"known lines: office, phone:1, phone:2$"):
        route(wish, slot, LINES)


def test_an_unknown_line_is_refused_with_those_for_whatsapp_too() -> None:
    with pytest.raises(UnknownLine, match=r"known lines: office, phone:1, phone:2, shop$"):
        route("attic", 0, BOTH)
    with pytest.raises(UnknownLine, match=r"known lines: office, phone:1, phone:2$"):
        route("attic", 1, BOTH)


def test_a_device_s_route_is_shared_by_its_lines_and_by_no_other() -> None:
    assert [line.name for line in LINES if "phone" in routes(line)] == ["phone:1", "phone:2"]


def test_what_keeps_to_a_sim_goes_by_the_line_that_it_is_in() -> None:
    known, untold = Line("a", "a", "x", iccid="89001012345678901237", imsi="001010123456789"), Line("b", "b", "x")
    lines = (known, untold, Line("c", "c", "x", iccid="890010123…"))
    assert [line.name for line in lines if "sim:89001012345678901237" in routes(line)] == ["a"]
    assert [line.name for line in lines if "sim:b" in routes(line)] == ["b"]


def test_an_iccid_names_a_line_only_where_all_of_it_is_known() -> None:
    whole, cut = Line("a", "a", "x", iccid="89001012345678901237"), Line("b", "b", "x", iccid="890010123…")
    assert route("89001012345678901237", 0, [whole, cut]) == "a"
    with pytest.raises(UnknownLine):
        route("890010123…", 0, [whole, cut])
    assert (whole.sim, cut.sim) == ("89001012345678901237", "")


# -- WhatsApp -------------------------------------------------------------------------------------
SHOP = Line("shop", "shop", "whatsapp_cloud", number="+15550135", channel=Channel.WHATSAPP)
BOTH = (*LINES, SHOP)


@pytest.mark.parametrize(
    ("wish", "channel", "expected"),
    [
        ("", Channel.SMS, ""),
        ("", Channel.WHATSAPP, "@"),
        ("shop", Channel.WHATSAPP, "@shop"),
        ("+15550135", Channel.SMS, "@shop"),
    ],
)
def test_no_line_of_another_channel_serves_a_route(wish: str, channel: Channel, expected: str) -> None:
    assert route(wish, 0, BOTH, channel) == expected
    serving = [line for line in BOTH if expected in routes(line)]
    assert {line.channel for line in serving} == {Channel.WHATSAPP if expected.startswith("@") else Channel.SMS}


@pytest.mark.parametrize(
    ("wish", "lines", "known"), [("office", BOTH, "known ones: shop"), ("", LINES, "known ones: none is configured")]
)
def test_a_whatsapp_line_that_is_not_there_is_refused(wish: str, lines: Sequence[Line], known: str) -> None:
    with pytest.raises(UnknownLine, match=known):
        route(wish, 0, lines, Channel.WHATSAPP)


# -- lines that carry approved texts alone ----------------------------------------------------------
CLOUD = Line("tencent", "tencent", "tencent", forms=(Form("1001", "Code {1}"),))


def test_a_line_of_approved_texts_carries_only_what_names_it() -> None:
    assert routes(CLOUD) == ("tencent",)
    assert route("tencent", 0, (*LINES, CLOUD)) == "tencent"
    with pytest.raises(UnknownLine):
        route("", 1, (CLOUD,))


def test_the_texts_of_a_route_are_those_of_its_lines() -> None:
    assert forms_of("tencent", (*LINES, CLOUD)) == CLOUD.forms
    assert [forms_of(each, (*LINES, CLOUD)) for each in (ANY, ":1", "office", "phone", "@")] == [None] * 5


# -- accounts that may send by some lines -----------------------------------------------------------
@pytest.mark.parametrize("wish", [ANY, "office", ":1"])
def test_an_account_limited_to_a_line_goes_by_that_line_alone(wish: str) -> None:
    assert within(wish, ("Office",), LINES, "+15550123") == "office"


@pytest.mark.parametrize("wish", ["phone", "phone:2", ":2"])
def test_what_it_may_not_send_by_is_refused_with_what_it_may(wish: str) -> None:
    with pytest.raises(UnknownLine, match="it may send by: office"):
        within(wish, ("office",), LINES, "+15550123")


def test_a_device_stands_for_its_lines_and_a_ready_one_is_taken() -> None:
    assert {within("phone", ("phone",), LINES, f"+155501{n}") for n in range(20)} == {"phone:1", "phone:2"}
    ready = replace(SECOND, state=LineState.READY)
    assert {within(ANY, ("phone", "office"), (OFFICE, FIRST, ready), f"+155501{n}") for n in range(20)} == {"phone:2"}


def test_a_line_that_is_not_there_carries_nothing() -> None:
    with pytest.raises(UnknownLine, match="cannot send by any line now; it may send by: attic"):
        within(ANY, ("attic",), LINES, "+15550123")


# -- lines that do not carry everything -------------------------------------------------------------
PHONES = tuple(replace(line, most_parts=10, fewest_digits=9) for line in (FIRST, SECOND))
MIXED = (OFFICE, *PHONES)


@pytest.mark.parametrize(("recipient", "parts"), [("+15550123", 11), ("60022", 1), ("91234567", 1), ("60022", 255)])
def test_what_a_phone_does_not_carry_goes_by_the_modem(recipient: str, parts: int) -> None:
    assert within(ANY, (), MIXED, recipient, parts) == "office"
    assert within(ANY, ("phone", "office"), MIXED, recipient, parts) == "office"
    away = (replace(OFFICE, state=LineState.ABSENT), *(replace(line, state=LineState.READY) for line in PHONES))
    assert within(ANY, (), away, recipient, parts) == "office"


@pytest.mark.parametrize(("recipient", "parts"), [("+15550123", 10), ("+6591234567", 1), ("912345678", 1)])
def test_what_every_line_carries_goes_by_any(recipient: str, parts: int) -> None:
    assert within(ANY, (), MIXED, recipient, parts) == ANY
    assert within("phone", (), MIXED, recipient, parts) == "phone"


def test_a_route_whose_lines_carry_it_stays_whatever_others_carry() -> None:
    assert within("office", (), MIXED, "60022", 255) == "office"


@pytest.mark.parametrize("wish", ["phone", ":2", "phone:1"])
def test_what_no_line_of_a_route_carries_is_refused_with_what_they_carry(wish: str) -> None:
    with pytest.raises(InvalidText, match=r"^the text needs 11 SMS parts; the most by phone:.* is 10$"):
        within(wish, (), MIXED, "+15550123", 11)
    with pytest.raises(InvalidNumber, match=r"^60022 is a short code, which phone:.* may not send to"):
        within(wish, (), MIXED, "60022")


def test_without_a_line_nothing_is_decided() -> None:
    assert within(ANY, (), (), "60022", 255) == ANY
