"""Who calls, out of what a request has: a key, a bearer token, or a client's pair for one."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from api.dialect import auth
from api.http.errors import InvalidToken, MissingParameter
from api.http.proxies import NO_PROXIES, PROXIES
from bridge.bus import Bus
from bridge.errors import BridgeError, ScopeMissing, UnknownCaller
from bridge.gateway.gateway import Gateway
from bridge.model.scope import READ, SEND, Scope
from bridge.store import open_store
from tests.support.empty_store import empty_store

Http = TestClient[web.Request, web.Application]
#: what a route may need: nothing, a scope, or what it does not say
NEEDS = {"nothing": frozenset[Scope](), "send": SEND, "read": READ, "unsaid": None}


class Site:
    """A gateway with an account, and a server that tells whom it takes a caller for."""

    def __init__(self, gateway: Gateway, http: Http, keys: dict[str, str]) -> None:
        self.gateway = gateway
        self.http = http
        self.keys = keys

    async def told(self, path: str = "/", **headers: str) -> str:
        async with self.http.get(path, headers={name.replace("_", "-"): headers[name] for name in headers}) as answer:
            return await answer.text()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    store = await open_store(empty_store(tmp_path), exclusive=True)
    gateway = Gateway(store, Bus())
    _, keys = await gateway.administration.add_account("test", "shop")

    async def who(request: web.Request) -> web.Response:
        auth.NEEDS.set(NEEDS[request.query.get("needs", "nothing")])
        try:
            found = await auth.caller(gateway, request.query.get("apikey", ""), request)
        except BridgeError as error:
            return web.Response(text=type(error).__name__)
        return web.Response(text=found.name)

    async def grant(request: web.Request) -> web.Response:
        try:
            return web.json_response(await auth.grant(gateway, request.query, request))
        except auth.TokenRefused as error:
            return web.Response(text=error.code)

    app = web.Application()
    app[PROXIES] = NO_PROXIES
    app.add_routes([web.get("/", who), web.get("/token", grant)])
    async with TestClient(TestServer(app)) as http:
        yield Site(gateway, http, dict(keys))
    await store.close()


async def test_a_key_may_be_a_parameter_or_a_header_and_a_token_a_bearers(site: Site) -> None:
    key = site.keys["apikey"]
    token = json.loads(await site.told(f"/token?grant_type=client_credentials&{pair(site)}"))["access_token"]
    assert await site.told(f"/?apikey={key}") == "shop"
    assert await site.told(X_Api_Key=key) == "shop"
    assert await site.told(Authorization=f"Bearer {token}") == "shop"


async def test_says_what_is_missing_or_wrong(site: Site) -> None:
    assert await site.told() == MissingParameter.__name__
    assert await site.told("/?apikey=wrong") == UnknownCaller.__name__
    assert await site.told(Authorization="Bearer wrong") == InvalidToken.__name__
    # a key is not a token here
    assert await site.told(Authorization=f"Bearer {site.keys['apikey']}") == InvalidToken.__name__


async def test_a_key_without_the_scopes_of_the_route_is_refused(site: Site) -> None:
    shop = await site.gateway.administration.account("shop")
    _, printed = await site.gateway.administration.add_key("test", shop, "till", frozenset({Scope.SEND}))
    for needs, told in (("send", "shop"), ("read", ScopeMissing.__name__), ("unsaid", ScopeMissing.__name__)):
        assert await site.told(f"/?needs={needs}", X_Api_Key=printed["apikey"]) == told


def pair(site: Site) -> str:
    return f"client_id={site.keys['client_id']}&client_secret={site.keys['client_secret']}"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials", "invalid_client"),
        ("grant_type=client_credentials&client_id=x&client_secret=y", "invalid_client"),
    ],
)
async def test_no_token_without_a_right_pair(site: Site, query: str, code: str) -> None:
    assert await site.told(f"/token?{query}") == code
