"""`/livez` (the process answers) and `/readyz` (a message submitted now would be stored), for probes."""

from collections.abc import Sequence

from aiohttp import web

from bridge.gateway.gateway import Gateway
from bridge.model.line import LineState


def routes(gateway: Gateway) -> Sequence[web.RouteDef]:
    """The two routes. They need no credentials and reveal nothing private."""

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        # lines may be absent: messages wait for them
        trouble = await gateway.store_health.trouble()
        known = gateway.lines()
        away = [line for line in known if line.state is not LineState.READY]
        status = {
            "status": "not ready" if trouble else "ready",
            "reason": trouble,
            "lines": {"ready": len(known) - len(away), "total": len(known)},
            "lines_not_ready": [{"line": line.name, "state": line.state, "reason": line.reason} for line in away],
        }
        return web.json_response(status, status=503 if trouble else 200)

    return [web.get(path, live) for path in ("/livez", "/livez/")] + [
        web.get(path, ready) for path in ("/readyz", "/readyz/")
    ]
