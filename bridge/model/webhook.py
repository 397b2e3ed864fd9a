"""Webhook endpoints and deliveries, as data."""

from dataclasses import field
from enum import StrEnum

from bridge.dataclass import dataclass

#: id of the endpoint that mails alarms and notifications to the owner
MAIL = "alarm-mail"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An account's webhook endpoint."""

    id: str
    account: str
    url: str
    #: payload format, one of `bridge.formats.FORMATS`: "v1" flat, "v2" signed envelope …
    format: str = "v2"
    #: names of events as in `bridge.model.event`; ("*",) for all
    events: tuple[str, ...] = ("*",)
    #: shared secret for the signature
    secret: str = field(default="", repr=False)
    #: second secret during a rotation
    next_secret: str = field(default="", repr=False)
    created_at: int = 0
    paused: bool = False
    #: 0 for the default schedule over two days
    max_attempts: int = 0
    #: IANA time zone of its account, read along; some formats tell local times
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """Changes to an endpoint; None leaves a field as it is."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    secret: str | None = field(default=None, repr=False)
    next_secret: str | None = field(default=None, repr=False)
    paused: bool | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one request made on trial."""

    #: name of the sample event
    event: str
    #: HTTP status; 0 when none came
    status: int
    #: why it was not taken; "" when it was
    error: str
    took_ms: int


class DeliveryState(StrEnum):
    """The state of a webhook delivery."""

    OWED = "owed"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the ledger: a webhook delivery, made or waiting."""

    #: UUID of this delivery
    id: str
    seq: int
    endpoint: str
    account: str
    #: UUID of the event, stable over retries and redeliveries
    event_id: str
    event: str
    state: DeliveryState
    attempts: int
    due_at: int
    created_at: int
    #: Unix ms of the 2xx; 0 while owed
    delivered_at: int = 0
    #: HTTP status of the last attempt; 0 when none came, -1 when the bridge could not make it
    status: int = 0
    error: str = ""
