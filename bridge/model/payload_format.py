"""Webhook payload formats by name and the events each can express. `api.webhooks.payloads` writes them."""

from collections.abc import Mapping

from bridge.dataclass import dataclass
from bridge.model import event as events
from bridge.model.line import Channel


@dataclass(frozen=True, slots=True)
class Wording:
    """The events that a format can express; endpoints with it receive no others."""

    #: names of `bridge.model.event`
    events: frozenset[str]
    #: only messages that came in by this dialect with an id of their caller's own; "" for all
    dialect: str = ""
    #: only what goes or comes by this channel; None for all
    channel: Channel | None = None
    #: of a message only its end, as its account's terms count it (`Terms.report_on`)
    ends: bool = False
    #: of a received SMS also the `tag` of the last message that it may answer: the account's by this dialect
    answers: str = ""
    #: attempts when an endpoint names no number; 0 for the default schedule
    attempts: int = 0


#: what may become of a message
OUTCOMES = frozenset(
    {
        events.MESSAGE_SENT,
        events.MESSAGE_DELIVERED,
        events.MESSAGE_FAILED,
        events.MESSAGE_UNKNOWN,
        events.MESSAGE_EXPIRED,
        events.MESSAGE_CANCELLED,
    }
)
#: every format that an endpoint may have, by name; dialects declare theirs (`api.dialects`)
FORMATS: dict[str, Wording] = {
    "v1": Wording(frozenset({events.MESSAGE_RECEIVED}), channel=Channel.SMS),
    "v2": Wording(frozenset(events.NAMES)),
}


def declare(formats: Mapping[str, Wording]) -> None:
    """Register formats; harmless when repeated."""
    FORMATS.update(formats)
