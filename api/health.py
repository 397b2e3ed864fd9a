"""`/livez` (the process answers) and `/readyz` (a message sent to us now would be kept), for supervisors and probes."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from bridge.errors import BridgeError
from bridge.gateway import Gateway
from bridge.model import Account, LineState
from bridge.queries import MessageQuery

#: seconds for the store to answer before we call ourselves not ready
PATIENCE = 2.0
#: asks for a message that cannot exist: the cheapest question to the store
_QUESTION = MessageQuery(ids=("0" * 40,), limit=1)
_PROBE = Account("readyz")


def routes(gateway: Gateway) -> Sequence[web.RouteDef]:
    """The two paths. No credentials, and nothing in the answers that needs any."""

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        trouble = await _trouble(gateway)
        states = [line.state for line in gateway.lines()]
        lines = {"ready": states.count(LineState.READY), "total": len(states)}
        status = {"status": "not ready" if trouble else "ready", "reason": trouble, "lines": lines}
        return web.json_response(status, status=503 if trouble else 200)

    return [web.get(path, live) for path in ("/livez", "/livez/")] + [
        web.get(path, ready) for path in ("/readyz", "/readyz/")
    ]


async def _trouble(gateway: Gateway) -> str:
    """Why a message would not be accepted now, "" when it would. Lines may be absent: messages wait for them."""
    try:
        async with asyncio.timeout(PATIENCE):
            await gateway.messages(_PROBE, _QUESTION)
    except TimeoutError:
        return f"The store did not answer within {PATIENCE:g} seconds."
    except BridgeError as error:
        return error.message
    return ""
