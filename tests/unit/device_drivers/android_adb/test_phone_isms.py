"""The parcels of each version of Android, by AOSP's ISms.aidl, and what comes back."""

import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from device_drivers.android_adb import isms

TO = "+15550199"
SHELL = "s16 com.android.shell"
_TAGGED = f"{SHELL} i32 -1 s16 {TO} i32 -1"
_PLAIN = f"{SHELL} s16 {TO} i32 -1"

#: SDK → (one part, two parts, preferred subscription), subscription 3, message number 7
PARCELS = {
    21: (f"10 i64 3 {_PLAIN} s16 a i32 0 i32 0", f"14 i64 3 {_PLAIN} i32 2 s16 a s16 b i32 -1 i32 -1", ""),
    22: (f"10 i32 3 {_PLAIN} s16 a i32 0 i32 0", f"13 i32 3 {_PLAIN} i32 2 s16 a s16 b i32 -1 i32 -1", "29"),
    **dict.fromkeys(
        range(23, 28),
        (
            f"6 i32 3 {_PLAIN} s16 a i32 0 i32 0 i32 1",
            f"9 i32 3 {_PLAIN} i32 2 s16 a s16 b i32 -1 i32 -1 i32 1",
            "20",
        ),
    ),
    **dict.fromkeys(
        (28, 29),
        (
            f"6 i32 3 {_PLAIN} s16 a i32 0 i32 0 i32 1",
            f"10 i32 3 {_PLAIN} i32 2 s16 a s16 b i32 -1 i32 -1 i32 1",
            "22",
        ),
    ),
    **dict.fromkeys(
        range(30, 39),
        (
            f"5 i32 3 {_TAGGED} s16 a i32 0 i32 0 i32 1 i64 7",
            f"8 i32 3 {_TAGGED} i32 2 s16 a s16 b i32 -1 i32 -1 i32 1 i64 7",
            "20",
        ),
    ),
}


@pytest.mark.parametrize("sdk", sorted(PARCELS))
def test_every_version_is_asked_in_its_own_way(sdk: int) -> None:
    one, two, preferred = PARCELS[sdk]
    assert shlex.join(isms.send(sdk, 3, TO, ["a"], 7)) == f"service call isms {one}"
    assert shlex.join(isms.send(sdk, 3, TO, ["a", "b"], 7)) == f"service call isms {two}"
    assert shlex.join(isms.preferred(sdk)) == (f"service call isms {preferred}" if preferred else "")


def test_knows_which_versions_it_knows() -> None:
    assert [sdk for sdk in range(40) if isms.is_known(sdk)] == list(range(23, 37))
    with pytest.raises(LookupError):
        isms.codes(20)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "abc",
        "+1 555 0100",
        "0;reboot",
        "$(id)",
        "`id`",
        "'",
        "+1555\n0199",
        "12",
        "+١٢٣٤٥",
        "-5",
        "*100#",
    ],
)
def test_what_is_no_number_never_reaches_a_shell(number: str) -> None:
    with pytest.raises(SendRefused) as refused:
        isms.checked(number, True)
    assert refused.value.refusal is Refusal.PERMANENT


def test_short_codes_are_for_those_who_ask_for_them() -> None:
    for code in ("123", "87000", "12345678"):
        with pytest.raises(SendRefused, match="allow_short_codes"):
            isms.checked(code, False)
        assert isms.checked(code, True) == code
    assert isms.checked("15550199999", False) == "15550199999"
    assert isms.checked(TO, False) == TO


@pytest.mark.parametrize("text", ["", "a\0b", "half \ud83d of a pair"])
def test_what_no_command_line_can_carry_is_refused(text: str) -> None:
    with pytest.raises(SendRefused) as refused:
        isms.sayable(text)
    assert refused.value.refusal is Refusal.PERMANENT


HOSTILE = [
    "it's", '"quoted"', "$(reboot)", "`reboot`", "a;b|c&d>e<f", "\\", "\\'", "new\nline", "\u2028", "😀", "-n", "!!",
    "i32 1", "'; service call isms 1; '", "~", "*", "#", " leading", "trailing ", "\ttab", "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.needs("mksh")
def test_every_argument_arrives_as_it_is_through_androids_own_shell(text: str) -> None:
    argv = isms.send(34, 1, TO, [text])
    said = subprocess.run(["mksh", "-c", "print_all() { for word; do printf '%s\\0' \"$word\"; done; }; print_all "
                           + shlex.join(argv)], capture_output=True, check=True)  # fmt: skip
    assert said.stdout.decode().split("\0")[:-1] == argv


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_whatever_is_written_is_one_argument(text: str) -> None:
    argv = isms.send(34, 1, TO, [isms.sayable(text)])
    assert argv[14:16] == ["s16", text]
    assert shlex.split(shlex.join(argv)) == argv


# -- replies ------------------------------------------------------------------------------------
def dump(*words: int) -> str:
    """As `service call` prints a parcel."""
    lines = []
    for start in range(0, len(words), 4):
        row = words[start : start + 4]
        lines.append(f"  0x{start * 4:08x}: {' '.join(f'{word & 0xFFFFFFFF:08x}' for word in row):<36}'....deadbeef'")
    return "Result: Parcel(\n" + "\n".join(lines) + ")\n"


def thrown(code: int, text: str) -> str:
    raw = text.encode("utf-16-le") + b"\0\0"
    raw += bytes(-len(raw) % 4)
    units = [int.from_bytes(raw[place : place + 4], "little") for place in range(0, len(raw), 4)]
    return dump(code, len(text.encode("utf-16-le")) // 2, *units, 0)


@pytest.mark.parametrize("said", ["Result: Parcel(00000000    '....')\n", "Result: Parcel(00000000 '....')\r\n"])
def test_an_empty_parcel_means_taken_and_nothing_more(said: str) -> None:
    reply = isms.reply(said)
    assert reply.accepted
    assert reply.number is None


@pytest.mark.parametrize(("word", "number"), [("00000003", 3), ("ffffffff", -1)])
def test_reads_a_number_that_comes_back(word: str, number: int) -> None:
    assert isms.reply(f"Result: Parcel(00000000 {word}   '........')").number == number


def test_more_than_a_number_is_no_number() -> None:
    assert isms.reply(dump(0, 1, 2)).number is None


@pytest.mark.parametrize(
    ("code", "name", "means"),
    [
        (-1, "SecurityException", Refusal.LINE),
        (-2, "BadParcelableException", Refusal.LINE),
        (-3, "IllegalArgumentException", Refusal.PERMANENT),
        (-4, "NullPointerException", Refusal.PERMANENT),
        (-5, "IllegalStateException", Refusal.LINE),
        (-7, "UnsupportedOperationException", Refusal.LINE),
        (-8, "ServiceSpecificException", Refusal.LINE),
        (-9, "ParcelableException", Refusal.LINE),
    ],
)
def test_an_exception_says_whose_fault_it_is(code: int, name: str, means: Refusal) -> None:
    reply = isms.reply(thrown(code, "Sending SMS: user 2000 😀 may not"))
    assert not reply.accepted
    refusal = reply.error_of_it()
    assert isinstance(refusal, SendRefused)
    assert refusal.refusal is means
    assert refusal.cause == f"the phone's SMS service refused: {name}: Sending SMS: user 2000 😀 may not"


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("service: Service isms does not exist\n", "Service isms does not exist"),
        ('Result: Parcel(Error: 0xffffffffffffffb6 "Bad message")\n', "Bad message"),
        ('Result: Parcel(Error: 0xffffffb6 "UNKNOWN_TRANSACTION")\n', "UNKNOWN_TRANSACTION"),
    ],
)
def test_a_service_or_method_that_is_not_there_has_done_nothing(out: str, words: str) -> None:
    error = isms.reply(out).error_of_it()
    assert isinstance(error, SendRefused)
    assert re.search(words, error.cause)


@pytest.mark.parametrize(
    "out",
    [
        'Result: Parcel(Error: 0xffffffffffffffe0 "Broken pipe")\n',
        'Result: Parcel(Error: 0xffffffe0 "DEAD_OBJECT")\n',
        'Result: Parcel(Error: 0xfffffffffffffff5 "Try again")\n',
        "Result: Parcel(NULL)\n",
        "Result: Parcel(\n",
        "",
        "Killed\n",
        "/system/bin/sh: service: not found\n",
        thrown(-99, "not an exception that is known"),
        "Result: Parcel(00000007    '....')\n",
    ],
)
def test_what_is_neither_yes_nor_no_is_open(out: str) -> None:
    reply = isms.reply(out)
    assert not reply.accepted
    assert isinstance(reply.error_of_it(), OutcomeUnknown)


def test_headers_before_a_reply_are_no_part_of_it() -> None:
    noted = (-127, 28, 1, -1, 1 << 20, 0, 0, 0)
    assert isms.reply(dump(*noted, 0)).accepted
    assert isms.reply(dump(*noted, 0, 3)).number == 3
    refused = isms.reply(dump(*noted, -1, 0)).error_of_it()
    assert isinstance(refused, SendRefused)
    assert isms.reply(dump(-128, 8, 1)).accepted, "StrictMode speaks only where there was no exception"
    assert not isms.reply(dump(-127)).accepted
    assert not isms.reply(dump(-127, 0)).accepted


def test_what_is_said_after_the_parcel_is_no_part_of_it() -> None:
    assert isms.reply("Result: Parcel(00000000    '....')\ndeadbeef 00000001 '........'\n").words == (0,)


@given(st.text())
def test_no_answer_whatever_breaks_it(said: str) -> None:
    assert isinstance(isms.reply(said).sentence, str)
    assert isinstance(isms.reply(f"Result: Parcel({said}").sentence, str)
