"""Counts by period and by line."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.message import State
from bridge.model.statistics import Statistics, Tally


def statistics(found: Statistics) -> Shape:
    """Every period, empty ones too, and the lines that have anything."""
    return {
        "step": found.step.value,
        "zone": found.zone,
        "since": format_time(found.edges[0]),
        "until": format_time(found.edges[-1]),
        "totals": _tally(found.totals),
        "periods": [
            {"at": format_time(at), **_tally(each)} for at, each in zip(found.edges[:-1], found.periods, strict=True)
        ],
        "lines": [{"line": line, **_tally(each)} for line, each in found.lines.items()],
    }


def _tally(tally: Tally) -> Shape:
    states = {state.value: tally.states[state] for state in State}
    return {"accepted": tally.accepted, "parts": tally.parts, "received": tally.received, "states": states}
