"""/v1/bridges: the bridges that share a database."""

from api.dialects.native import serializers
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer


async def find(call: Call) -> Answer:
    """List them, this one first; none where the store is this one's alone."""
    call.operators_only()
    now, tell = call.gateway.now(), call.gateway.bridges
    rows = await tell() if tell is not None else ()
    return answer({"bridges": [serializers.bridge(row, now) for row in rows]})
