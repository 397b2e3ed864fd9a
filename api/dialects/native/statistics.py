"""/v1/statistics: how much was sent and received, by the hour or by the day."""

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.model.statistics import StatisticsQuery, Step

ASKED = {
    "step": validators.choice(Step),
    "zone": validators.short(100, least=1),
    "since": validators.moment,
    "until": validators.moment,
    "line": validators.short(100),
}


async def count(call: Call) -> Answer:
    """Count messages, by default those of today."""
    found = await call.gateway.statistics(call.account, StatisticsQuery(**call.query))
    return answer(serializers.statistics(found))
