"""/v1/lines, /v1/loopback and /v1/me: what can send, whether it arrives, and who is asking."""

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.errors import NoSuchThing

LOOP = {"from": validators.short(100), "to": validators.short(100)}


async def find(call: Call) -> Answer:
    """Every configured line, absent ones too."""
    return answer({"lines": [serializers.line(row) for row in call.gateway.lines()]})


async def show(call: Call) -> Answer:
    """One line by its name."""
    for row in call.gateway.lines():
        if row.name == call.id:
            return answer(serializers.line(row))
    raise NoSuchThing("No line has this name.")


async def loop_back(call: Call) -> Answer:
    """Send an SMS from our line to our line; what becomes of it is told as events."""
    call.operators_only()
    wanted = await call.fields(LOOP)
    begun = await call.gateway.loop(wanted.get("from", ""), wanted.get("to", ""))
    return answer(serializers.departures(begun), 202)


async def me(call: Call) -> Answer:
    """The account that the credentials belong to, its credits as they are now."""
    return answer(serializers.account(await call.gateway.desk.account(call.account.name)))
