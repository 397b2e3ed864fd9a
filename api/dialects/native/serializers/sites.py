"""Sites."""

from api.dialects.native.serializers.events import ongoing
from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.site import Site


def site(row: Site) -> Shape:
    """A site, how far what is known of it is behind, and its lines."""
    return {
        "name": row.name,
        "way": row.way.value,
        "url": row.url,
        "joined_at": format_time(row.joined_at),
        "connected": row.is_connected,
        "connected_at": format_time(row.connected_at),
        "heard_at": format_time(row.heard_at),
        "lag_ms": row.lag,
        "oldest_event_at": format_time(row.oldest_event_at),
        "waiting_there": row.waiting_there,
        "waiting_here": row.waiting_here,
        "clock_ms": row.ahead,
        "version": row.version,
        "problems": list(row.problems),
        "alarms": [ongoing(each) for each in row.alarms or ()],
        "lines": [{"name": each.name, "state": each.state.value, "reason": each.reason} for each in row.lines],
    }
