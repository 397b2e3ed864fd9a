"""/v1/reload: the configuration, read again while the bridge runs."""

from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer


async def reload(call: Call) -> Answer:
    """Read the configuration again: what can change now is applied, the rest is named. A mistake changes nothing."""
    call.operators_only()
    found = await call.gateway.reload()
    return answer({"applied": list(found.applied), "needs_restart": list(found.needs_restart)})
