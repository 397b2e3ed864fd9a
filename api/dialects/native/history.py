"""/v1/lines/{id}/history, /v1/alarms and /v1/loopback: how lines were, what was wrong, and which loop-backs arrived."""

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.model.history import HistoryQuery

SPAN = {"since": validators.moment, "until": validators.moment}
LIST = validators.listing(line=validators.short(100))


async def line(call: Call) -> Answer:
    """Show a line's signal and state by the quarter of an hour, oldest first."""
    found = await call.gateway.history.quarters(call.id, **call.query)
    return answer({"quarters": [serializers.quarter(row) for row in found]})


async def alarms(call: Call) -> Answer:
    """List alarms, newest first."""
    call.operators_only()
    page = await call.gateway.history.alarms(HistoryQuery(**call.query))
    return answer(serializers.page("alarms", page, serializers.past_alarm))


async def loops(call: Call) -> Answer:
    """List loop-back SMS, newest first."""
    call.operators_only()
    page = await call.gateway.history.trips(HistoryQuery(**call.query))
    return answer(serializers.page("loopbacks", page, serializers.trip))
