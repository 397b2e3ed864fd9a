"""/v1/devices: examinations and driver memory, for operators."""

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing

REMEMBER = {"value": validators.short(100_000)}


async def examine(call: Call) -> Answer:
    """Examine a device now: registration, SIM, service centre, memories, signal, state of a phone."""
    call.operators_only()
    name = call.part("device")
    found = await call.gateway.examine(call.account, name)
    return answer({"device": name, "findings": [serializers.finding(each) for each in found]})


async def memory(call: Call) -> Answer:
    """Show a driver's stored values, for a command that examines a device the bridge does not have open."""
    call.operators_only()
    name = call.part("device")
    return answer({"device": name, "memory": dict(await call.gateway.memory(name))})


async def remember(call: Call) -> Answer:
    """Store a value under a key, replacing the previous one."""
    call.operators_only()
    asked = await call.fields(REMEMBER, "value")
    await call.gateway.remember(call.part("device"), call.id, asked["value"])
    return nothing()
