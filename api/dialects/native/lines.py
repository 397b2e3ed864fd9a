"""/v1/lines, /v1/loopback and /v1/me: lines, loop-back tests, and the caller's account."""

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.errors import NoSuchThing

LOOP = {"from": validators.short(100), "to": validators.short(100)}


async def find(call: Call) -> Answer:
    """List all configured lines, absent ones too."""
    return answer({"lines": [serializers.line(row) for row in call.gateway.lines()]})


async def show(call: Call) -> Answer:
    """Show one line."""
    for row in call.gateway.lines():
        if row.name == call.id:
            return answer(serializers.line(row))
    raise NoSuchThing("No line has this name.")


async def loop_back(call: Call) -> Answer:
    """Send a loop-back SMS between lines; its fate is published as events."""
    call.operators_only()
    wanted = await call.fields(LOOP)
    begun = await call.gateway.loop(wanted.get("from", ""), wanted.get("to", ""))
    return answer(serializers.departures(begun), 202)


async def me(call: Call) -> Answer:
    """Show the caller's account with its current credits."""
    return answer(serializers.account(await call.gateway.desk.account(call.account.name)))
