"""What a password must be, and that what is kept of it opens nothing by itself."""

import pytest

from bridge.accounts import passwords
from bridge.errors import BadRequest

GOOD = "correct horse battery"


def test_the_password_matches_and_no_other_does() -> None:
    kept = passwords.hashed(GOOD)
    assert passwords.matches(GOOD, kept)
    assert not passwords.matches(GOOD + " ", kept)
    assert GOOD not in kept
    assert kept != passwords.hashed(GOOD), "each has a salt of its own"


def test_nothing_matches_for_a_user_that_there_is_not() -> None:
    assert not passwords.matches("", "")
    assert not passwords.matches(GOOD, "")


def test_the_same_characters_match_however_a_keyboard_composes_them() -> None:
    assert passwords.matches("cafe\u0301 au lait", passwords.hashed("caf\u00e9 au lait"))


@pytest.mark.parametrize(
    "password", ["short", "x" * 201, "aaaaaaaaaaaa", "password123", "1234567890", "annaanna", "Anna123456", "anna" * 4]
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(BadRequest) as caught:
        passwords.check(password, "anna")
    assert caught.value.field == "password"


@pytest.mark.parametrize("password", [GOOD, "发短信的老办法真不错呀", "anna likes 7 herons"])
def test_what_is_not_is_taken(password: str) -> None:
    passwords.check(password, "anna")
