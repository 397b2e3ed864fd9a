"""What a site's answers mean."""

import pytest

from bridge.errors import Refusal
from device_drivers.bridge_remote.api import RETRY_AFTER, Problem, refused


@pytest.mark.parametrize(
    ("status", "kind", "field", "meaning"),
    [
        (400, "bad-request", "to", Refusal.PERMANENT),
        (400, "bad-request", "line", Refusal.LINE),
        (400, "bad-request", "expires_at", Refusal.TEMPORARY),
        (401, "not-authenticated", "", Refusal.LINE),
        (402, "out-of-credit", "", Refusal.CREDIT),
        (403, "not-allowed", "", Refusal.LINE),
        (404, "no-such-thing", "", Refusal.LINE),
        (409, "not-possible", "", Refusal.TEMPORARY),
        (429, "too-many", "", Refusal.NETWORK),
        (418, "", "", Refusal.NETWORK),
    ],
)
def test_each_problem_decides_what_becomes_of_the_message(status: int, kind: str, field: str, meaning: Refusal) -> None:
    assert refused(Problem(status, kind, "so it is", field)).refusal is meaning


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_says_what_to_do(status: int) -> None:
    assert "check the account and its key" in refused(Problem(status, "not-allowed", "no")).message


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7), ("", RETRY_AFTER), ("Mon, 30 Nov 2026 00:00:00 GMT", RETRY_AFTER)]
)
def test_when_to_ask_again_is_what_the_site_says_in_seconds(said: str, seconds: int) -> None:
    assert Problem(429, "too-many-requests", "so it is", "", said).retry_after == seconds
