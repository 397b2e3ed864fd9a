"""What a phone tells of its owner: what was typed, who called, what an application notified."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.inbox import LoggedCall, TypedMessage
from bridge.model.notification import Notification


def typed(row: TypedMessage) -> Shape:
    """An SMS typed on a phone."""
    return {
        "id": row.id,
        "to": row.recipient,
        "text": row.text,
        "line": row.line,
        "device": row.device,
        "sent_at": format_time(row.sent_at),
        "recorded_at": format_time(row.recorded_at),
    }


def call(row: LoggedCall) -> Shape:
    """A call in a phone's log."""
    return {
        "id": row.id,
        "kind": row.kind.value,
        "number": row.number,
        "name": row.name,
        "duration_seconds": row.duration_seconds,
        "line": row.line,
        "device": row.device,
        "call_at": format_time(row.call_at),
        "recorded_at": format_time(row.recorded_at),
    }


def notification(row: Notification) -> Shape:
    """What an application told the owner."""
    return {
        "id": row.id,
        "account": row.account,
        "device": row.sid,
        "title": row.title,
        "type": row.type,
        "message": row.message,
        "sent_at": format_time(row.sent_at),
        "mailed_at": format_time(row.mailed_at),
    }
