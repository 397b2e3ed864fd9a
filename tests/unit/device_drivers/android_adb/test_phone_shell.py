"""What an answer looks like that came by the older shell protocol, whole or cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.android_adb.shell import Answer, unfenced

NONCE = "0123456789abcdef"


def printed(out: str, code: int = 0, terminal: bool = False) -> str:
    """As the phone prints a script that says `out`."""
    text = f"{NONCE}\n{out}\n{NONCE}:{code}\n"
    return text.replace("\n", "\r\n") if terminal else text


@given(st.text(), st.integers(0, 255), st.booleans())
def test_an_answer_comes_out_as_it_went_in_with_or_without_a_terminal(out: str, code: int, terminal: bool) -> None:
    assert unfenced(printed(out, code, terminal), NONCE) == Answer(out, "", code)


@pytest.mark.parametrize("terminal", [False, True])
def test_what_the_phone_says_before_the_answer_is_no_part_of_it(terminal: bool) -> None:
    warning = "WARNING: linker: something is deprecated\n"
    assert unfenced(warning + printed("found\n", 3, terminal), NONCE) == Answer("found\n", "", 3)


@pytest.mark.parametrize("cut", [0, 5, len(NONCE) + 3, len(NONCE) + 6])
def test_an_answer_that_was_cut_is_none(cut: int) -> None:
    with pytest.raises(EOFError):
        unfenced(printed("found\n")[:cut], NONCE)
