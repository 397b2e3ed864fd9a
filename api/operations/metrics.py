"""`/metrics`: the counters of `bridge.telemetry.metrics` and the gateway's state, for Prometheus."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from api.dialect.auth import address
from api.dialect.credential_headers import bearer
from api.http.proxies import PROXIES, plain
from api.operations import exposition
from api.operations import scrape as readings
from bridge.accounts.authentication import allowed
from bridge.errors import BridgeError, StoreUnavailable, UnknownCaller
from bridge.gateway.gateway import Gateway
from bridge.model.scope import READ
from bridge.networks import is_this_machine
from bridge.telemetry.metrics import Metric

#: headers that a proxy or a content delivery network adds: a request with one comes from somebody else
_ADDED_BY_PROXIES = frozenset(
    name.lower()
    for name in (
        "Forwarded", "Via", "CDN-Loop", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
        "X-Forwarded-Server", "X-Original-Forwarded-For", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP",
        "X-Originating-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Ray", "Fastly-Client-IP", "Fly-Client-IP",
        "X-Azure-ClientIP", "X-Azure-SocketIP", "X-ARR-LOG-ID", "X-Amz-Cf-Id", "X-Amzn-Trace-Id", "X-Varnish",
        "X-Envoy-External-Address",
    )
)  # fmt: skip


def routes(gateway: Gateway, readers: Sequence[str], behind_proxy: bool = False) -> Sequence[web.RouteDef]:
    """The route, for `readers` (networks) and for operators' bearer tokens.

    `behind_proxy`: the configuration says that a proxy stands in front of the bridge.
    """

    async def scrape(request: web.Request) -> web.Response:
        try:
            refusal = await _refusal(gateway, readers, request, behind_proxy)
        except BridgeError as error:
            refusal = error.message
        if refusal:
            return web.Response(status=403, text=f"{refusal}\n")
        body, kind = await _scraped(gateway, request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    return [web.get("/metrics", scrape)]


async def _refusal(gateway: Gateway, readers: Sequence[str], request: web.Request, behind_proxy: bool) -> str:
    """Why this caller may not read them; "" when it may."""
    if token := bearer(request.headers):
        return "" if await _is_operator(gateway, token, request) else "This key does not belong to an operator account."
    here = address(request)
    if _may_be_a_proxy(request, here, behind_proxy):
        return (
            "This request may have come through a proxy, so its origin is unknown. "
            "Send an operator's key: Authorization: Bearer <key>."
        )
    if allowed(here, readers):
        return ""
    networks = ", ".join(f'"{each}"' for each in (*readers, here))
    return (
        f"{here or 'This address'} may not read the metrics. Add it to the configuration, [metrics] "
        f"allow = [{networks}], or send an operator's key: Authorization: Bearer <key>."
    )


def _may_be_a_proxy(request: web.Request, here: str, behind_proxy: bool) -> bool:
    """Whether the address may be a proxy's, which many callers share.

    A proxy on this machine need not add any header. So where one is configured, this machine's address proves nothing.
    """
    peer = plain(request.remote or "")
    if here != peer:
        return False  # a trusted proxy told who calls
    if any(name.lower() in _ADDED_BY_PROXIES for name in request.headers):
        return True
    return request.app[PROXIES].trusts(request.remote or "") or (behind_proxy and is_this_machine(peer))


async def _is_operator(gateway: Gateway, token: str, request: web.Request) -> bool:
    try:
        return (await gateway.authenticator.enter("apikey", "", token, address(request), READ, other="token")).operator
    except UnknownCaller:
        return False


async def _scraped(gateway: Gateway, accept: str) -> tuple[bytes, str]:
    """The body, and its media type by the `Accept` header."""
    now: list[Metric] = [readings.build(), *readings.lines(gateway.own_lines())]
    try:
        now += readings.backlog(await gateway.store_health.backlog(), gateway.now())
        now += readings.room(await gateway.store_health.room())
    except StoreUnavailable:
        pass  # these are missing then, and what is counted says why
    counted = [metric.copy() for metric in gateway.metrics.all.values()]
    return await asyncio.to_thread(exposition.write, [*now, *counted, *readings.process()], accept)
