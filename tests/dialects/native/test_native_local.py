"""The operations for this very process: what HTTP answers, they answer."""

import json
from typing import Any

import pytest

from api.dialects.native.local import Local
from api.dialects.native.operations import OPERATIONS
from tests.support.native_site import Site

OPERATOR = {"X-Api-Key": "operator-key"}
#: calls that change nothing, and mistakes: method, path with query, body
CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/v1/accounts", None),
    ("GET", "/v1/accounts/shop", None),
    ("GET", "/v1/accounts/nobody", None),
    ("GET", "/v1/accounts/a%2Fb%20c", None),
    ("GET", "/v1/accounts/shop/movements?limit=2", None),
    ("GET", "/v1/accounts/shop/movements?limit=0", None),
    ("GET", "/v1/accounts/shop/movements?limit=1&limit=2", None),
    ("GET", "/v1/accounts/shop/suppressed/%2B15550100", None),
    ("GET", "/v1/keys?all=true", None),
    ("GET", "/v1/keys?al=true", None),
    ("GET", "/v1/audit?account=shop", None),
    ("GET", "/v1/webhooks", None),
    ("GET", "/v1/ledger?state=dead", None),
    ("GET", "/v1/ledger?state=alive", None),
    ("GET", "/v1/lines", None),
    ("GET", "/v1/nothing", None),
    ("PATCH", "/v1/accounts/shop", {}),
    ("PATCH", "/v1/accounts/shop", {"terms": {"zone": "Paris"}}),
    ("PATCH", "/v1/accounts/operator", {"disabled": True}),
    ("POST", "/v1/accounts", {"name": "shop"}),
    ("POST", "/v1/accounts", {"nam": "clinic"}),
    ("POST", "/v1/accounts/shop/credits", {"credits": "x"}),
    ("DELETE", "/v1/webhooks/7", None),
    ("DELETE", "/v1/keys/crm", None),
]


def coded(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=str)
async def test_answers_as_over_http(site: Site, method: str, path: str, body: Any) -> None:
    told = await Local(site.gateway).answer(method, path, OPERATOR, coded(body))
    over_http = await site.operator.call(method, path, body)
    assert (told.status, json.loads(told.body) if told.body else "") == (over_http.status, over_http.body)


async def test_changes_what_http_changes(site: Site) -> None:
    local = Local(site.gateway)
    told = await local.answer("PUT", "/v1/accounts/shop/suppressed/%2B1%20555%200100", OPERATOR, b'{"reason": "STOP"}')
    assert (told.status, json.loads(told.body)["number"]) == (200, "+15550100")
    acting = OPERATOR | {"SMS-Bridge-Account": "shop"}
    made = json.loads((await local.answer("POST", "/v1/webhooks", acting, b'{"url": "http://127.0.0.1:9"}')).body)
    assert (await site.shop.get(f"/v1/webhooks/{made['id']}")).body["url"] == "http://127.0.0.1:9"
    told = await local.answer("DELETE", f"/v1/webhooks/{made['id']}", acting)
    assert (told.status, told.body) == (204, b"")


async def test_wants_the_credentials_and_the_scopes_that_http_wants(site: Site) -> None:
    local = Local(site.gateway)
    assert (await local.answer("GET", "/v1/accounts", {})).status == 401
    assert (await local.answer("GET", "/v1/accounts", {"X-Api-Key": "shop-key"})).status == 403
    made = await site.operator.with_headers(SMS_Bridge_Account="shop").post(
        "/v1/keys", {"name": "x", "scopes": ["send"]}
    )
    bearer = {"Authorization": f"Bearer {made.body['credentials']['apikey']}"}
    assert (await local.answer("GET", "/v1/messages", bearer)).status == 403
    assert (await local.answer("POST", "/v1/messages", bearer, b'{"to": "+15550100", "text": "x"}')).status == 202


@pytest.mark.parametrize(("user", "who"), [("", "command line"), ("root", "command line (root)")])
async def test_the_trail_names_the_user(site: Site, user: str, who: str) -> None:
    token = {"Authorization": f"Bearer {site.gateway.authenticator.grant_to_commands()}"}
    await Local(site.gateway, user).answer("PATCH", "/v1/accounts/shop", token, b'{"disabled": true}')
    [entry] = (await site.operator.get("/v1/audit")).body["entries"]
    assert entry["who"] == who


async def test_a_body_has_the_limits_that_http_has(site: Site) -> None:
    body = json.dumps({"note": "x" * 1_100_000, "credits": 1}).encode()
    told = await Local(site.gateway).answer("POST", "/v1/accounts/shop/credits", OPERATOR, body)
    assert told.status == 413


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
async def test_finds_each_operation(site: Site, operation: Any) -> None:
    path = operation.path.replace("{name}", "shop").replace("{device}", "till").replace("{number}", "+15550100")
    told = await Local(site.gateway).answer(operation.method, path.replace("{id}", "x"), OPERATOR, b"[]")
    assert "nothing at this path" not in told.body.decode()
