"""Tries a webhook: one request with a sample event, now, outside the ledger."""

import uuid

from bridge.model import event as events
from bridge.model.event import Event, message_data, received_data
from bridge.model.inbox import Received
from bridge.model.message import Message, State
from bridge.model.payload_format import FORMATS
from bridge.model.webhook import Delivery, DeliveryState, Endpoint, Trial
from bridge.ports.clock import Clock
from bridge.webhooks.endpoint_queue import Poster

#: what a receiver sees of a trial; a number for examples, and a text that says what it is
NUMBER, TEXT = "+15550100", "This is a test of your webhook by sms-bridge."


async def attempt(post: Poster, clock: Clock, endpoint: Endpoint) -> Trial:
    """Post a sample to an endpoint, paused or not. Nothing is recorded, and nothing is tried again."""
    now, began = clock.now(), clock.monotonic()
    event = sample(endpoint, now)
    delivery = Delivery(
        str(uuid.uuid4()), 0, endpoint.id, endpoint.account, event.id, event.name, DeliveryState.OWED, 1, now, now
    )
    answer = await post(endpoint, delivery, event, now)
    return Trial(event.name, max(answer.status, 0), answer.error, clock.monotonic() - began)


def sample(endpoint: Endpoint, now: int) -> Event:
    """An event that the endpoint's format can express: a received SMS, else the end of a message."""
    subject = "0" * 40
    if events.MESSAGE_RECEIVED in FORMATS[endpoint.format].events:
        name = events.MESSAGE_RECEIVED
        data = received_data(Received(subject, "test", "test", NUMBER, TEXT, now, now))
    else:
        name = events.MESSAGE_DELIVERED
        message = Message(
            id=subject, account=endpoint.account, recipient=NUMBER, written=NUMBER, text=TEXT, state=State.DELIVERED,
            created_at=now, updated_at=now, due_at=now, line="test", sent_at=now, delivered_at=now,
            client_ref="test", dialect=FORMATS[endpoint.format].dialect,
        )  # fmt: skip
        data = message_data(message)
    return Event(0, str(uuid.uuid4()), name, endpoint.account, now, subject, data)
