"""`/metrics`: the counts of `bridge.telemetry.metrics` and the state of the gateway, for Prometheus.

The library is imported at the first scrape, on a worker thread: a bridge that nobody watches pays nothing for it.
"""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from api.dialect.auth import address, bearer
from api.operations import scrape as readings
from bridge.accounts.authentication import allowed
from bridge.errors import BridgeError, StoreUnavailable, UnknownCaller
from bridge.gateway.gateway import Gateway
from bridge.model.scope import READ
from bridge.telemetry.metrics import Metric

#: headers by which a proxy says that it speaks for somebody else
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def routes(gateway: Gateway, readers: Sequence[str]) -> Sequence[web.RouteDef]:
    """The path, for `readers` (networks) and for operators' bearer tokens."""

    async def scrape(request: web.Request) -> web.Response:
        try:
            refusal = await _refusal(gateway, readers, request)
        except BridgeError as error:
            refusal = error.message
        if refusal:
            return web.Response(status=403, text=f"{refusal}\n")
        body, kind = await _scraped(gateway, request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    return [web.get("/metrics", scrape)]


async def _refusal(gateway: Gateway, readers: Sequence[str], request: web.Request) -> str:
    """Why this caller may not read them, "" when it may."""
    if token := bearer(request.headers):
        return "" if await _is_operator(gateway, token, request) else "This is no key of an operator account."
    here = address(request)
    if here == (request.remote or "") and any(name in request.headers for name in _FORWARDED):
        return (
            "This came through a proxy that the configuration does not name as trusted, so nobody knows from where. "
            "Ask the bridge itself, or send an operator's key: Authorization: Bearer <key>."
        )
    if allowed(here, readers):
        return ""
    networks = ", ".join(f'"{each}"' for each in (*readers, here))
    return (
        f"{here or 'This address'} may not read the metrics. Add it to the configuration, [metrics] "
        f"allow = [{networks}], or send an operator's key: Authorization: Bearer <key>."
    )


async def _is_operator(gateway: Gateway, token: str, request: web.Request) -> bool:
    try:
        return (await gateway.admission.enter("apikey", "", token, address(request), READ, other="token")).operator
    except UnknownCaller:
        return False


async def _scraped(gateway: Gateway, accept: str) -> tuple[bytes, str]:
    """The body, and its media type by the `Accept` header."""
    now: list[Metric] = [readings.build(), *readings.lines(gateway.lines())]
    try:
        now += readings.backlog(await gateway.vitals.backlog(), gateway.now())
        now += readings.room(await gateway.vitals.room())
    except StoreUnavailable:
        pass  # these are missing then, and what is counted says why
    counted = [metric.copy() for metric in gateway.metrics.all.values()]
    return await asyncio.to_thread(_written, [*now, *counted], accept)


def _written(metrics: Sequence[Metric], accept: str) -> tuple[bytes, str]:
    from api.operations import exposition

    return exposition.write(metrics, accept)
