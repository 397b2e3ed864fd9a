"""How lines were, past alarms, and loop-back SMS."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.history import PastAlarm, Quarter
from bridge.model.loopback import Trip


def quarter(row: Quarter) -> Shape:
    """A line in one quarter of an hour."""
    return {
        "at": format_time(row.at),
        "signal_dbm": row.signal_dbm,
        "away_seconds": row.away,
        "watched_seconds": row.watched,
    }


def past_alarm(row: PastAlarm) -> Shape:
    """An alarm; one that goes on has no end."""
    return {
        "id": row.key,
        "title": row.title,
        "reason": row.reason,
        "line": row.line,
        "began_at": format_time(row.began_at),
        "raised_at": format_time(row.raised_at),
        "ended_at": format_time(row.ended_at),
    }


def trip(row: Trip) -> Shape:
    """A loop-back SMS and what became of it."""
    return {
        "id": row.token,
        "from": row.sender,
        "to": row.receiver,
        "started_at": format_time(row.started_at),
        "arrived_at": format_time(row.arrived_at),
        "lost_at": format_time(row.lost_at),
        "seconds": row.seconds if row.arrived_at else None,
        "reason": row.reason,
    }
