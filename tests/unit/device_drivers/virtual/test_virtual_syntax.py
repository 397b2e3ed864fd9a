"""Command lines as data (ITU-T V.250 §5)."""

import pytest

from device_drivers.virtual.modem.syntax import Command, Kind, parse


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("", []),
        ("E0", [Command("E", Kind.SET, ("0",))]),
        ("Z", [Command("Z")]),
        ("&F", [Command("&F")]),
        ("S3?", [Command("S3", Kind.READ)]),
        ("S3=13", [Command("S3", Kind.SET, ("13",))]),
        ("+cmee=1", [Command("+CMEE", Kind.SET, ("1",))]),
        ("+CMEE=1;+CREG=2", [Command("+CMEE", Kind.SET, ("1",)), Command("+CREG", Kind.SET, ("2",))]),
        ("E0V1+CMEE?", [Command("E", Kind.SET, ("0",)), Command("V", Kind.SET, ("1",)), Command("+CMEE", Kind.READ)]),
        ("+CPMS=?", [Command("+CPMS", Kind.TEST)]),
        ("+CPMS = ?", [Command("+CPMS", Kind.TEST)]),
        ('+CPMS="ME","SM"', [Command("+CPMS", Kind.SET, ("ME", "SM"))]),
        ("+CNMI=2,1,,2", [Command("+CNMI", Kind.SET, ("2", "1", "", "2"))]),
        ('+CUSD=1,"*100#;1,2",15', [Command("+CUSD", Kind.SET, ("1", "*100#;1,2", "15"))]),
        ("D+15550150;", [Command("D", Kind.SET, ("+15550150;",))]),
        ("^CURC=0", [Command("^CURC", Kind.SET, ("0",))]),
    ],
)
def test_reads_a_command_line(line: str, commands: list[Command]) -> None:
    assert parse(line) == commands


@pytest.mark.parametrize("line", ["1", "+CMGS?x", "!"])
def test_refuses_what_is_no_command(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(line)


def test_a_parameter_left_out_has_its_default() -> None:
    given = Command("+CNMI", Kind.SET, ("2", "", "0"))
    assert [given.number(place, 7) for place in range(4)] == [2, 7, 0, 7]
