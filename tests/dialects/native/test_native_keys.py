"""/v1/keys: an account's own keys, made and ended by itself or by an operator for it."""

import pytest

from bridge.model.scope import Scope
from tests.support.native_site import Caller, Site

ALL = [scope.value for scope in Scope]


async def key(caller: Caller, *scopes: str, name: str = "crm", **more: object) -> str:
    answer = await caller.post("/v1/keys", {"name": name, "scopes": scopes, **more})
    assert answer.status == 201, answer.body
    return str(answer.body["credentials"]["apikey"])


async def test_a_key_is_shown_once_and_works_at_once(site: Site) -> None:
    answer = await site.shop.post("/v1/keys", {"name": "crm", "scopes": ["send"], "expires_at": "2099-01-01T00:00:00Z"})
    assert (answer.status, answer.headers["Location"]) == (201, "/v1/keys/crm")
    made = answer.body["credentials"]["apikey"]
    assert (answer.body["hint"], answer.body["expires_at"]) == (made[:6], "2099-01-01T00:00:00.000Z")
    crm = site.caller(made)
    await crm.send()
    assert (await crm.get("/v1/messages")).problem == (403, "not-allowed", "")
    listed = (await site.shop.get("/v1/keys")).body["keys"]
    assert [(row["name"], row["scopes"], row["used_at"] is not None) for row in listed] == [("crm", ["send"], True)]
    assert made not in str(listed)


async def test_a_revoked_key_opens_nothing(site: Site) -> None:
    crm = site.caller(await key(site.shop, "read"))
    assert (await site.shop.delete("/v1/keys/crm")).status == 204
    assert (await crm.get("/v1/me")).status == 401
    assert (await site.shop.delete("/v1/keys/crm")).problem == (404, "no-such-thing", "")
    assert (await site.shop.get("/v1/keys")).body == {"keys": []}


async def test_a_revoked_key_ends_at_once_though_it_was_used_a_moment_ago(site: Site) -> None:
    crm = site.caller(await key(site.shop, "read"))
    for _ in range(2):
        assert (await crm.get("/v1/messages")).status == 200
    await site.shop.delete("/v1/keys/crm")
    assert (await crm.get("/v1/messages")).problem == (401, "not-authenticated", "")


async def test_a_key_gives_away_no_more_than_it_has(site: Site) -> None:
    clerk = site.caller(await key(site.shop, "admin", "read", name="clerk"))
    answer = await clerk.post("/v1/keys", {"name": "more", "scopes": ["read", "send", "inbox"]})
    assert answer.problem == (403, "not-allowed", "")
    assert answer.detail == "The key is good, but not for this: it lacks the scope send inbox."
    assert (await site.caller(await key(clerk, "read", name="less")).get("/v1/messages")).status == 200


async def test_a_key_with_admin_can_make_one_that_lives_longer(site: Site) -> None:
    ends = {"name": "clerk", "expires_at": "2098-01-01T00:00:00Z"}
    clerk = site.caller(await key(site.shop, "admin", **ends))
    answer = await clerk.post("/v1/keys", {"name": "heir", "scopes": ["admin"], "expires_at": "2099-01-01T00:00:00Z"})
    assert (answer.status, answer.body["expires_at"]) == (201, "2099-01-01T00:00:00.000Z")


async def test_only_admin_makes_keys(site: Site) -> None:
    most = site.caller(await key(site.shop, *(scope for scope in ALL if scope != "admin")))
    for answer in (
        await most.get("/v1/keys"),
        await most.post("/v1/keys", {"name": "x", "scopes": ["send"]}),
        await most.delete("/v1/keys/crm"),
    ):
        assert answer.problem == (403, "not-allowed", "")


async def test_accounts_see_their_own_keys_and_an_operator_those_of_any(site: Site) -> None:
    await key(site.shop, "send")
    assert (await site.bakery.get("/v1/keys")).body == {"keys": []}
    assert (await site.bakery.delete("/v1/keys/crm")).status == 404
    for_shop = site.operator.with_headers(SMS_Bridge_Account="shop")
    assert [row["name"] for row in (await for_shop.get("/v1/keys")).body["keys"]] == ["crm"]
    await key(for_shop, "read", name="audit")
    assert (await for_shop.delete("/v1/keys/crm")).status == 204
    own = await site.operator.post("/v1/keys", {"name": "x", "scopes": ["send"]})
    assert own.problem == (409, "not-possible", "")


async def test_an_operator_may_ask_for_the_keys_of_all_accounts(site: Site) -> None:
    await key(site.shop, "send")
    await key(site.bakery, "read", name="till")
    listed = (await site.operator.get("/v1/keys", all="true")).body["keys"]
    assert [(row["account"], row["name"]) for row in listed] == [("bakery", "till"), ("shop", "crm")]
    assert (await site.operator.get("/v1/keys")).body == {"keys": []}
    assert (await site.shop.get("/v1/keys", all="true")).problem == (403, "not-allowed", "")


async def test_the_trail_says_by_which_key(site: Site) -> None:
    clerk = site.caller(await key(site.shop, *ALL, name="clerk"))
    await key(clerk, "send", name="till")
    entries = (await site.operator.get("/v1/audit")).body["entries"]
    assert [(row["who"], row["what"], row["detail"]) for row in entries] == [
        ("shop (key clerk)", "add_key", "till, apikey, send, no end"),
        ("shop", "add_key", "clerk, apikey, send read inbox webhooks admin, no end"),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["send"]}, "name"),
        ({"name": "x"}, "scopes"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["everything"]}, "scopes"),
        ({"name": "x", "scopes": "send"}, "scopes"),
        ({"name": "a b", "scopes": ["send"]}, "name"),
        ({"name": "x" * 33, "scopes": ["send"]}, "name"),
        ({"name": "x", "scopes": ["send"], "kind": "webhook"}, "kind"),
        ({"name": "x", "scopes": ["send"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ],
)
async def test_says_what_is_wrong_with_a_key(site: Site, body: object, field: str) -> None:
    assert (await site.shop.post("/v1/keys", body)).problem == (400, "bad-request", field)
    assert (await site.shop.get("/v1/keys")).body == {"keys": []}


async def test_an_account_has_a_hundred_keys_at_most(site: Site) -> None:
    for number in range(100):
        await key(site.shop, "send", name=f"key-{number}")
    answer = await site.shop.post("/v1/keys", {"name": "one-more", "scopes": ["send"]})
    assert answer.problem == (409, "not-possible", "")
