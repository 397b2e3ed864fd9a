"""Codes as every authenticator app computes them."""

import base64

import pytest

from bridge.accounts import one_time_codes

#: that of RFC 6238, appendix B
SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")],
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert one_time_codes.code(SECRET, seconds // 30) == code
    assert one_time_codes.step_of(SECRET, code, seconds * 1000) == seconds // 30


def test_clocks_may_differ_by_a_period_and_no_more() -> None:
    now = 1_111_111_109_000
    for away, taken in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        step = now // one_time_codes.PERIOD + away
        found = one_time_codes.step_of(SECRET, one_time_codes.code(SECRET, step), now)
        assert found == (step if taken else 0)


def test_what_is_no_code_is_none() -> None:
    for given in ("", "28708", "x" * 6, "２８７０８２", "2870821"):
        assert one_time_codes.step_of(SECRET, given, 59_000) == 0


def test_a_secret_is_long_and_the_app_takes_it() -> None:
    secret = one_time_codes.new_secret()
    assert len(base64.b32decode(secret)) == 20
    assert one_time_codes.uri(secret, "anna").startswith(f"otpauth://totp/sms-bridge:anna?secret={secret}&")


def test_recovery_codes_are_read_however_they_are_typed() -> None:
    codes = one_time_codes.new_recovery_codes()
    assert len(set(codes)) == one_time_codes.RECOVERY_CODES
    for code in codes:
        assert one_time_codes.plain(code.upper().replace("-", " ") + " ") == code
    assert one_time_codes.plain("287 082") == "287082"
