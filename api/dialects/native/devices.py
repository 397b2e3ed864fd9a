"""/v1/devices: what is right with a device and what to change, for operators."""

from aiohttp import web

from api.dialects.native import serializers
from api.dialects.native.request import Call
from api.dialects.native.responses import answer


async def examine(call: Call) -> web.Response:
    """Asks the device now: registration, SIM, service centre, memories, signal, conditions of a phone."""
    call.operators_only()
    name = call.part("device")
    found = await call.gateway.examine(call.account, name)
    return answer({"device": name, "findings": [serializers.finding(each) for each in found]})
