"""/v1/devices: what is right with a device and what to change, and what its driver remembers, for operators."""

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing

REMEMBER = {"value": validators.short(100_000)}


async def examine(call: Call) -> Answer:
    """Asks the device now: registration, SIM, service centre, memories, signal, conditions of a phone."""
    call.operators_only()
    name = call.part("device")
    found = await call.gateway.examine(call.account, name)
    return answer({"device": name, "findings": [serializers.finding(each) for each in found]})


async def memory(call: Call) -> Answer:
    """For a program that examines a device that the bridge does not have."""
    call.operators_only()
    name = call.part("device")
    return answer({"device": name, "memory": dict(await call.gateway.memory(name))})


async def remember(call: Call) -> Answer:
    """Under a key, in place of what was there."""
    call.operators_only()
    asked = await call.fields(REMEMBER, "value")
    await call.gateway.remember(call.part("device"), call.id, asked["value"])
    return nothing()
