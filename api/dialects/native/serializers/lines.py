"""Lines, their examination and their loop-backs."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.finding import Finding
from bridge.model.history import Latest
from bridge.model.line import Line
from bridge.model.loopback import Departures


def line(row: Line) -> Shape:
    """A line and its health."""
    return {
        "name": row.name,
        "device": row.device,
        "driver": row.driver,
        "slot": row.slot,
        "state": row.state.value,
        "reason": row.reason,
        "number": row.number,
        "iccid": row.iccid,
        "imsi": row.imsi,
        "imei": row.imei,
        "model": row.model,
        "operator": row.operator,
        "registration": row.registration,
        "signal_dbm": row.signal_dbm,
        "battery": row.battery,
        "charging": row.charging,
        "reports": row.reports,
        "calls": row.calls,
        "calls_reason": row.calls_reason,
        "most_parts": row.most_parts,
        "fewest_digits": row.fewest_digits,
        "lag_ms": row.lag_ms,
        "bridge": row.bridge,
        "seen_at": format_time(row.seen_at),
    }


def busy_line(row: Line, latest: Latest) -> Shape:
    """A line and its health, for those who may know what it does for others."""
    moments = {"last_sent_at": format_time(latest.sent_at), "last_received_at": format_time(latest.received_at)}
    return {**line(row), **moments}


def finding(row: Finding) -> Shape:
    """One line of an examination."""
    return {"level": row.level, "subject": row.subject, "message": row.message, "remedy": row.remedy}


def departures(row: Departures) -> Shape:
    """Loop-backs that were sent, and the lines that sent none."""
    started = [
        {"id": each.token, "from": each.sender, "to": each.receiver, "started_at": format_time(each.started_at)}
        for each in row.started
    ]
    skipped = [{"from": each.sender, "reason": each.reason} for each in row.skipped]
    return {"started": started, "skipped": skipped, "deadline": row.deadline}
