"""/v1/sites: other bridges whose lines are lines of this one."""

from api.dialects.native import serializers
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer


async def find(call: Call) -> Answer:
    """List all sites, also those that are away or have not joined yet."""
    call.operators_only()
    return answer({"sites": [serializers.site(row) for row in await call.gateway.sites.all()]})
