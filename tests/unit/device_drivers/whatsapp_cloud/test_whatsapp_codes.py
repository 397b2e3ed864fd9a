"""What the Graph API's error codes mean for a message and for its line."""

import json

import pytest

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from device_drivers.whatsapp_cloud.codes import error_in, failure_of


def body(code: object, **more: object) -> bytes:
    return json.dumps({"error": {"message": f"(#{code}) words", "code": code, **more}}).encode()


@pytest.mark.parametrize(
    ("codes", "refusal"),
    [
        ((0, 3, 10, 33, 190, 200, 299, 368, 131005, 131031, 131037, 131045, 131048, 131064, 133010), Refusal.LINE),
        ((131042,), Refusal.CREDIT),
        ((4, 80007, 130429, 131016, 133004, 131057), Refusal.NETWORK),
        ((131056, 131000), Refusal.TEMPORARY),
        ((100, 131008, 131009, 131026, 131047, 131049, 132000, 132001, 132015, 130497, 424242), Refusal.PERMANENT),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_the_code_says_what_a_refusal_means_and_not_the_status(
    codes: tuple[int, ...], refusal: Refusal, status: int
) -> None:
    for code in codes:
        failure = failure_of(status, body(code))
        assert isinstance(failure, SendRefused), code
        assert failure.refusal is refusal, code
        assert str(code) in failure.cause


@pytest.mark.parametrize("message", ["Rate limit hit", "(#130429) Rate limit hit", "Error 130429: rate limit", ""])
def test_a_cause_names_the_code_once_in_one_way(message: str) -> None:
    told = json.dumps({"error": {"message": message, "code": 130429}}).encode()
    error = error_in(told)
    assert error is not None
    assert error.cause.count("(#130429)") == 1


def test_a_number_that_the_token_may_not_see_is_the_lines_trouble() -> None:
    failure = failure_of(400, body(100, error_subcode=33))
    assert isinstance(failure, SendRefused)
    assert failure.refusal is Refusal.LINE


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (502, b"<html>Bad Gateway</html>"),
        (500, b""),
        (400, b"not json"),
        (404, b"[]"),
        (500, body(1)),
        (503, body(2)),
        (400, body(2)),
        (500, body(424242)),
        (302, b""),
    ],
)
def test_what_does_not_say_that_nothing_was_sent_is_unknown(status: int, told: bytes) -> None:
    assert isinstance(failure_of(status, told), OutcomeUnknown)


@pytest.mark.parametrize("data", ["plain words", {"details": "plain words"}])
def test_details_come_as_a_text_or_in_an_object(data: object) -> None:
    error = error_in(body("131009", error_data=data))
    assert error is not None
    assert (error.code, error.details) == (131009, "plain words")
    assert "plain words" in error.cause


@pytest.mark.parametrize(
    "told", [b"{}", b'{"error": "x"}', b'{"error": {"code": "many"}}', b'{"error": {"code": null}}']
)
def test_an_error_without_a_code_is_none(told: bytes) -> None:
    assert error_in(told) is None
