"""/v1/attention: what needs a person; also a message's timeline, and settling it."""

from api.dialects.native import serializers, timeline, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.model.attention import Verdict

SETTLE = {"as": validators.choice(Verdict)}


async def show(call: Call) -> Answer:
    """Show what needs a person."""
    found = await call.gateway.decisions.attention(call.account)
    return answer(
        {
            "unknown": {"count": found.unknown, "messages": [serializers.message(row) for row in found.messages]},
            "dead_letters": {
                "count": found.dead,
                "deliveries": [serializers.delivery(row) for row in found.deliveries],
            },
            "paused_endpoints": [serializers.webhook(row) for row in found.paused],
            "lines": [serializers.line(row) for row in found.lines],
            "alarms": [serializers.ongoing(row) for row in found.alarms],
            "sites": [serializers.site(row) for row in found.sites],
        }
    )


async def settle(call: Call) -> Answer:
    """Settle an unknown message by a person's word."""
    asked = await call.fields(SETTLE, "as")
    return answer(
        serializers.message(await call.gateway.decisions.settle(call.who, call.account, call.id, asked["as"]))
    )


async def life(call: Call) -> Answer:
    """Show what happened to a message, oldest first."""
    found = await call.gateway.decisions.life(call.account, call.id)
    shown = serializers.message_with_parts(found.message, found.parts)
    return answer({"message": shown, "entries": timeline.entries(found)})
