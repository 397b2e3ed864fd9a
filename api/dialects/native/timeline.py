"""A message's timeline for people: events, tries, reports, webhooks and decisions, in order."""

from collections.abc import Iterator

from api.dialects.native.serializers import Shape, delivery, format_time
from bridge.model.attention import Life
from bridge.model.message import Part, State

#: of what happened in the same millisecond: what is done, and then the event that tells of it
_ORDER = ("submitted", "attempt", "report", "event", "webhook", "settled")


def entries(life: Life) -> list[Shape]:
    """The entries, oldest first, each with `at` and `kind`."""
    found = sorted(_moments(life), key=lambda each: (each[0], _ORDER.index(_kind(each[1]))))
    return [{"at": format_time(at), **shape} for at, shape in found]


def _kind(shape: Shape) -> str:
    return "submitted" if shape.get("name") == "message.submitted" else str(shape["kind"])


def _moments(life: Life) -> Iterator[tuple[int, Shape]]:
    for event in life.events:
        yield (
            event.at,
            {
                "kind": "event",
                "name": event.name,
                "state": event.data.get("state", ""),
                "error": event.data.get("error", ""),
            },
        )
    for part in life.parts:
        yield from _tried(part)
    for row in life.deliveries:
        yield row.delivered_at or row.created_at, {"kind": "webhook", "delivery": delivery(row)}
    for decision in life.decisions:
        yield decision.at, {"kind": "settled", "as": decision.verdict.value, "who": decision.who}


def _tried(part: Part) -> Iterator[tuple[int, Shape]]:
    """The last try of a part, and the report on it."""
    shape = {"part": part.index, "line": part.line, "reference": part.reference}
    if not part.intent_at:
        return
    reported = part.sent_at and part.done_at > part.sent_at and part.state in (State.DELIVERED, State.FAILED)
    state = State.SENT if reported else part.state
    tried = {"state": state.value, "error": "" if reported else part.error, "attempts": part.attempts}
    yield part.intent_at, {"kind": "attempt", **shape, **tried}
    if reported:
        yield part.done_at, {"kind": "report", **shape, "state": part.state.value, "error": part.error}
