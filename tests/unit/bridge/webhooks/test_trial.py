"""A webhook on trial: every format has a sample, signed like a delivery, and any end of the request is told."""

import pytest

from api.dialects import declare
from api.webhooks.payloads import formats
from api.webhooks.signing import sign
from bridge.model.event import Event
from bridge.model.payload_format import FORMATS
from bridge.model.webhook import Delivery, Endpoint
from bridge.webhooks.retry_policy import NOT_MADE, Answer
from bridge.webhooks.trial import TEXT, attempt, sample
from tests.support.clocks import FakeClock

declare()
SECRET = "whsec_dGhlIHNlY3JldA=="


def endpoint(format: str) -> Endpoint:
    return Endpoint("e1", "shop", "https://shop.example/sms", format, secret=SECRET)


@pytest.mark.parametrize("format", sorted(FORMATS))
async def test_every_format_says_that_it_is_a_test(format: str) -> None:
    made: list[bytes] = []

    async def post(to: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        form = formats()[to.format]
        made.append(form.render(event))
        headers = form.headers(to, delivery, made[0], now // 1000)
        assert headers.get("X-SMSMobileAPI-Signature") in (None, sign(SECRET, now // 1000, made[0]))
        assert ("X-SMSMobileAPI-Signature" in headers) == (to.format == "v2")
        return Answer(204)

    done = await attempt(post, FakeClock(), endpoint(format))
    assert (done.status, done.error, done.event) == (204, "", sample(endpoint(format), 1).name)
    assert TEXT.encode() in made[0] or b"test" in made[0] or b"15550100" in made[0]


@pytest.mark.parametrize(
    ("answer", "status"),
    [(Answer(0, "its name does not resolve"), 0), (Answer(NOT_MADE, "no room"), 0), (Answer(500), 500)],
)
async def test_a_request_that_is_not_taken_says_why(answer: Answer, status: int) -> None:
    async def post(to: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        return answer

    done = await attempt(post, FakeClock(), endpoint("v2"))
    assert (done.status, done.error) == (status, answer.error)
