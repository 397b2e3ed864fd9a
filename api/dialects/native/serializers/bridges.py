"""Bridges that share a database."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.neighbour import Neighbour


def bridge(row: Neighbour, now: int) -> Shape:
    """A bridge at a moment (Unix ms), with its lines."""
    return {
        "name": row.name,
        "role": row.role,
        "version": row.version,
        "seen_at": format_time(now - row.silent_ms),
        "silent_ms": row.silent_ms,
        "ended": row.ended,
        "on_duty": row.on_duty,
        "lines": [{"name": each.name, "state": each.state.value, "reason": each.reason} for each in row.lines],
    }
