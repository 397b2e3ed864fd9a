"""What lists say, and what they do not."""

import pytest

from device_drivers.gsm_modem.bringup import Setup
from device_drivers.gsm_modem.memories import Listing, Stored, parse_list
from device_drivers.gsm_modem.settings import NotAsSetUp
from device_drivers.gsm_modem.tries import AGAIN, AT_MOST, Tries


@pytest.mark.parametrize(
    "answer",
    [
        ['+CMGL: 1,"REC UNREAD","+15550150",,"26/11/20,10:11:12+04"', "hello"],
        ['+CMGR: "REC READ","+15550150",,"26/11/20,10:11:12+04"', "hello"],
    ],
)
def test_takes_no_text_for_a_pdu(answer: list[str]) -> None:
    with pytest.raises(NotAsSetUp, match="text mode"):
        parse_list("ME", answer)


def test_a_header_without_its_pdu_is_left_out() -> None:
    answer = ["+CPMS: 2,50", "+CMGL: 1,0,,4", "+CMGL: 2,0,,4", "000102030405", "+CMGF: 0"]
    assert [stored.index for stored in parse_list("ME", answer)] == [2]


@pytest.mark.parametrize(
    ("pdu", "announced", "cut"),
    [
        ("0004FF", 2, False),
        ("07911326040000F00405", 2, False),
        ("07911326040000F004", 2, True),
        ("0004FF", None, False),
        ("0004F", 2, True),
        ("zz", None, True),
        ("", 0, True),
    ],
)
def test_knows_an_sms_that_is_not_as_long_as_announced(pdu: str, announced: int | None, cut: bool) -> None:
    assert Stored("ME", 1, pdu, announced).is_cut is cut


def test_a_list_that_leaves_out_what_is_counted_is_not_whole() -> None:
    one = (Stored("ME", 1, "00AB"),)
    assert Listing(one, used=1, total=50).is_whole
    assert not Listing(one, used=2, total=50).is_whole
    assert Listing(one).is_whole


def test_two_lists_are_alike_when_the_same_lies_in_the_same_places_of_as_many() -> None:
    sim, modem = (Stored("SM", 1, "00AB"),), (Stored("ME", 1, "00AB"),)
    assert Listing(sim, 1, 50).is_like(Listing(modem, 1, 50))
    assert not Listing(sim, 1, 50).is_like(Listing(modem, 1, 255))
    assert not Listing(sim, 1, 50).is_like(Listing((Stored("ME", 2, "00AB"),), 1, 50))
    assert not Listing(sim, 1, 50).is_like(Listing((), 1, 50))


@pytest.mark.parametrize(("names", "command"), [(1, '+CPMS="SM"'), (2, '+CPMS="SM","ME"'), (3, '+CPMS="SM","ME","MT"')])
def test_chooses_where_to_read_and_leaves_where_is_received(names: int, command: str) -> None:
    assert Setup(("SM", "ME"), ("ME", "MT"), names).selection("SM") == command
    assert Setup().selection("") == ""


def test_waits_longer_with_each_failure() -> None:
    tries = Tries()
    assert tries.are_due
    pauses = []
    for _ in range(12):
        tries.fail()
        pauses.append(tries.pause)
    assert pauses[:3] == [AGAIN, 2 * AGAIN, 4 * AGAIN]
    assert (pauses[-1], tries.are_due) == (AT_MOST, False)
