"""Messages, their parts, and what came in."""

from collections.abc import Iterable

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.inbox import Received
from bridge.model.message import Message, Part


def message(row: Message) -> Shape:
    """A message in a list."""
    created_at = format_time(row.created_at)  # which the others are, too, as long as nothing has become of it
    return {
        "id": row.id,
        "account": row.account,
        "to": row.recipient,
        "written": row.written,
        "text": row.text,
        "state": row.state.value,
        "error": row.error,
        "route": row.route,
        "line": row.line,
        "slot": row.slot,
        "parts": row.parts,
        "attempts": row.attempts,
        "on_unknown": row.on_unknown.value,
        "report": row.report,
        "client_ref": row.client_ref,
        "tag": row.tag,
        "dialect": row.dialect,
        "channel": row.channel.value,
        "media": row.media,
        "created_at": created_at,
        "updated_at": created_at if row.updated_at == row.created_at else format_time(row.updated_at),
        "not_before": format_time(row.not_before),
        "due_at": created_at if row.due_at == row.created_at else format_time(row.due_at),
        "expires_at": format_time(row.expires_at),
        "sent_at": format_time(row.sent_at),
        "delivered_at": format_time(row.delivered_at),
    }


def message_with_parts(row: Message, parts: Iterable[Part]) -> Shape:
    """A message with its tried parts."""
    return message(row) | {"tried": [part(each) for each in parts]}


def part(row: Part) -> Shape:
    """One radio SMS of a message."""
    return {
        "index": row.index,
        "state": row.state.value,
        "reference": row.reference,
        "line": row.line,
        "attempts": row.attempts,
        "error": row.error,
        "intent_at": format_time(row.intent_at),
        "sent_at": format_time(row.sent_at),
        "done_at": format_time(row.done_at),
    }


def received(row: Received) -> Shape:
    """An SMS that came in."""
    return {
        "id": row.id,
        "from": row.sender,
        "text": row.text,
        "line": row.line,
        "device": row.device,
        "sent_at": format_time(row.sent_at),
        "received_at": format_time(row.received_at),
        "partial": row.partial,
        "data": row.data,
        "error": row.error,
        "channel": row.channel.value,
        "media": row.media,
        "read": row.read,
    }
