"""Events, and the alarms that are not over."""

from collections.abc import Mapping
from typing import Any

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.event import Event
from bridge.model.history import Ongoing


def event(row: Event) -> Shape:
    """An event; times in its snapshot are formatted as everywhere in the API."""
    return {
        "id": row.id,
        "seq": row.seq,
        "name": row.name,
        "account": row.account,
        "at": format_time(row.at),
        "subject": row.subject,
        "data": _timed(row.data),
    }


def _timed(data: Mapping[str, Any]) -> Shape:
    return {
        key: format_time(value) if key.endswith("_at") and isinstance(value, int) else value
        for key, value in data.items()
    }


def ongoing(row: Ongoing) -> Shape:
    """An alarm that is not over."""
    return {
        "id": row.id,
        "title": row.title,
        "reason": row.reason,
        "line": row.line,
        "began_at": format_time(row.began_at),
    }
