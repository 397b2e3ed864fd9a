"""Whether the hub's account at a site may send."""

from typing import Any

import pytest

from device_drivers.bridge_remote.site import BROKE, NOT_APPROVED, hindrance


def account(credits: int | None, **terms: str) -> dict[str, Any]:
    return {"credits": credits, "terms": {"payment": "postpaid", "verification": "approved", **terms}}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (account(None), ""),
        (account(-7), ""),
        (account(1, payment="prepaid"), ""),
        (account(0, payment="prepaid"), BROKE),
        # it was never topped up
        (account(None, payment="prepaid"), BROKE),
        (account(None, verification="rejected"), NOT_APPROVED),
        (account(5, payment="prepaid", verification="pending"), NOT_APPROVED),
    ],
)
def test_it_may_not_without_credits_that_it_pays_with_or_without_approval(told: dict[str, Any], why: str) -> None:
    assert hindrance(told) == why
