"""/v1/lines, /v1/loopback and /v1/me: lines, loop-back tests, and the caller's account."""

from collections.abc import Sequence

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from api.dialects.native.serializers.shape import Shape
from bridge.errors import NoSuchThing
from bridge.model.line import Line

LOOP = {"from": validators.short(100), "to": validators.short(100)}


async def find(call: Call) -> Answer:
    """List all configured lines, absent ones too, and the alarms about single ones."""
    alarms = [serializers.ongoing(each) for each in call.gateway.alarms() if each.line]
    return answer({"lines": await _shown(call, call.gateway.lines()), "alarms": alarms})


async def show(call: Call) -> Answer:
    """Show one line."""
    found = await _shown(call, [row for row in call.gateway.lines() if row.name == call.id])
    if not found:
        raise NoSuchThing("No line has this name.")
    return answer(found[0])


async def _shown(call: Call, lines: Sequence[Line]) -> list[Shape]:
    """Lines as the caller may see them: when they were used last is for operators, as others use them, too."""
    if not call.account.operator:
        return [serializers.line(row) for row in lines]
    latest = await call.gateway.history.latest([row.name for row in lines])
    return [serializers.busy_line(*each) for each in zip(lines, latest, strict=True)]


async def loop_back(call: Call) -> Answer:
    """Send a loop-back SMS between lines; its fate is published as events."""
    call.operators_only()
    wanted = await call.fields(LOOP)
    begun = await call.gateway.loop(wanted.get("from", ""), wanted.get("to", ""))
    return answer(serializers.departures(begun), 202)


async def me(call: Call) -> Answer:
    """Show the caller's account with its current credits."""
    return answer(serializers.account(await call.gateway.administration.account(call.account.name)))
