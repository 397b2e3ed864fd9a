"""/v1/accounts and /v1/audit: what operators keep about accounts, and what an account may do for itself."""

import asyncio
from typing import Any

import pytest

from bridge.accounts import credentials
from bridge.bus import Bus
from bridge.gateway.gateway import Gateway
from bridge.model.account import UnknownPolicy
from bridge.model.user import Role
from tests.support.native_site import Caller, Site

TERMS = {
    "payment": "prepaid",
    "addresses": ["127.0.0.1", "::1"],
    "requests_per_minute": 600,
    "daily_per_recipient": 3,
    "zone": "Europe/Paris",
    "country": "GB",
    "verification": "approved",
    "report_on": "delivered",
    "lines": ["office"],
    "inbound_lines": [],
}


async def put(caller: Caller, path: str, body: Any = None) -> Any:
    answer = await caller.call("PUT", path, body)
    assert answer.status == 200, answer.body
    return answer.body


async def test_two_changes_of_an_account_at_once_both_count(site: Site) -> None:
    one, other = {"terms": {"requests_per_minute": 50}}, {"disabled": True, "terms": {"daily_per_recipient": 6}}
    await asyncio.gather(*(site.operator.patch("/v1/accounts/shop", change) for change in (one, other)))
    shown = (await site.operator.get("/v1/accounts/shop")).body
    limits = shown["terms"]["requests_per_minute"], shown["terms"]["daily_per_recipient"]
    assert (shown["disabled"], *limits) == (True, 50, 6)


async def test_a_change_with_one_term_that_makes_no_sense_changes_nothing(site: Site) -> None:
    change = {"disabled": True, "terms": {"daily_per_recipient": 6, "zone": "Mars/Olympus"}}
    before = (await site.operator.get("/v1/accounts/shop")).body
    assert (await site.operator.patch("/v1/accounts/shop", change)).problem == (400, "bad-request", "terms.zone")
    assert (await site.operator.get("/v1/accounts/shop")).body == before


async def test_an_operator_sees_every_account(site: Site) -> None:
    rows = (await site.operator.get("/v1/accounts")).body["accounts"]
    assert [(row["name"], row["operator"], row["credits"]) for row in rows] == [
        ("bakery", False, None), ("operator", True, None), ("shop", False, None),
    ]  # fmt: skip
    assert (await site.operator.get("/v1/accounts/shop")).body == rows[2]
    assert (await site.operator.get("/v1/accounts/nobody")).problem == (404, "no-such-thing", "")
    assert (await site.operator.get("/v1/accounts/a%20b")).problem == (404, "no-such-thing", "")


async def test_changes_what_is_named_and_leaves_the_rest(site: Site) -> None:
    changed = (await site.operator.patch("/v1/accounts/shop", {"terms": TERMS, "on_unknown": "resend"})).body
    assert (changed["terms"], changed["on_unknown"], changed["disabled"]) == (TERMS, "resend", False)
    changed = (await site.operator.patch("/v1/accounts/shop", {"terms": {"report_on": "auto"}})).body
    assert changed["terms"] == TERMS | {"report_on": "auto"}
    assert changed["on_unknown"] == "resend"
    changed = (await site.operator.patch("/v1/accounts/shop", {"terms": {"addresses": []}, "disabled": True})).body
    assert (changed["terms"]["addresses"], changed["disabled"]) == ([], True)
    assert (await site.operator.patch("/v1/accounts/shop", {"disabled": False})).body["disabled"] is False


async def test_a_disabled_account_is_refused(site: Site) -> None:
    await site.operator.patch("/v1/accounts/shop", {"disabled": True})
    assert (await site.shop.get("/v1/me")).problem == (403, "not-allowed", "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"terms": []}, "terms"),
        ({"terms": {"payment": "barter"}}, "terms.payment"),
        ({"terms": {"addresses": ["here"]}}, "terms.addresses"),
        ({"terms": {"addresses": "192.0.2.1"}}, "terms.addresses"),
        ({"terms": {"zone": "Paris"}, "disabled": True}, "terms.zone"),
        ({"terms": {"country": "XX"}, "on_unknown": "fail"}, "terms.country"),
        ({"terms": {"requests_per_minute": -1}}, "terms.requests_per_minute"),
        ({"terms": {"colour": "red"}}, "terms.colour"),
        ({"disabled": 1}, "disabled"),
        ({"name": "stall"}, "name"),
    ],
)
async def test_refuses_a_change_that_makes_no_sense_whole(site: Site, body: Any, field: str) -> None:
    before = (await site.operator.get("/v1/accounts/shop")).body
    assert (await site.operator.patch("/v1/accounts/shop", body)).problem == (400, "bad-request", field)
    assert (await site.operator.get("/v1/accounts/shop")).body == before
    assert (await site.operator.get("/v1/audit")).body["entries"] == []


async def test_the_account_of_the_command_line_cannot_be_switched_off(site: Site) -> None:
    answer = await site.operator.patch("/v1/accounts/operator", {"disabled": True})
    assert answer.problem == (409, "not-possible", "")
    assert (await site.operator.get("/v1/me")).body["disabled"] is False


async def test_tops_up_and_tells_of_each_movement(site: Site) -> None:
    asked = {"credits": 2, "note": "invoice 7"}
    assert (await site.operator.post("/v1/accounts/shop/credits", asked)).body["credits"] == 2
    sent = await site.shop.send()
    assert (await site.shop.get("/v1/me")).body["credits"] == 1
    [taken, added] = (await site.shop.get("/v1/accounts/shop/movements")).body["movements"]
    assert (added["kind"], added["amount"], added["balance"], added["note"]) == ("top_up", 2, 2, "invoice 7")
    assert (taken["kind"], taken["amount"], taken["message"]) == ("reserve", -1, sent["id"])
    page = (await site.shop.get("/v1/accounts/shop/movements", limit=1)).body
    rest = (await site.shop.get("/v1/accounts/shop/movements", limit=1, cursor=page["cursor"])).body
    assert page["movements"] + rest["movements"] == [taken, added]


async def test_adds_an_account_whose_credentials_work_at_once(site: Site) -> None:
    answer = await site.operator.post("/v1/accounts", {"name": "clinic", "on_unknown": "fail"})
    assert (answer.status, answer.headers["Location"]) == (201, "/v1/accounts/clinic")
    printed = answer.body.pop("credentials")
    assert (printed["account"], set(printed)) == (
        "clinic",
        {"account", *(key for kind in credentials.KINDS.values() for key in kind.keys)},
    )
    assert answer.body == (await site.operator.get("/v1/accounts/clinic")).body
    assert answer.body["on_unknown"] == "fail"
    await site.caller(printed["apikey"]).send()
    [entry] = (await site.operator.get("/v1/audit")).body["entries"]
    assert (entry["who"], entry["what"], entry["account"]) == ("operator", "add_account", "clinic")


async def test_an_account_that_says_nothing_about_unknown_outcomes_has_what_the_bridge_has(site: Site) -> None:
    gateway = Gateway(site.store, Bus(), on_unknown=UnknownPolicy.RESEND)
    account, _ = await gateway.administration.add_account("test", "clinic")
    assert account.on_unknown == UnknownPolicy.RESEND
    assert (await site.store.account("clinic")).on_unknown == UnknownPolicy.RESEND


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, (400, "bad-request", "name")),
        ({"name": "my shop"}, (400, "bad-request", "name")),
        ({"name": "operator"}, (400, "bad-request", "name")),
        ({"name": "x" * 33}, (400, "bad-request", "name")),
        ({"name": "clinic", "on_unknown": "guess"}, (400, "bad-request", "on_unknown")),
        ({"name": "shop"}, (409, "not-possible", "")),
    ],
)
async def test_says_what_is_wrong_with_a_new_account(site: Site, body: Any, problem: tuple[int, str, str]) -> None:
    before = (await site.operator.get("/v1/accounts")).body
    assert (await site.operator.post("/v1/accounts", body)).problem == problem
    assert (await site.operator.get("/v1/accounts")).body == before


async def test_a_disabled_account_is_out_at_once(site: Site) -> None:
    await site.shop.get("/v1/me")
    await site.operator.patch("/v1/accounts/shop", {"disabled": True})
    assert (await site.shop.get("/v1/me")).problem == (403, "not-allowed", "")
    await site.operator.patch("/v1/accounts/shop", {"disabled": False})
    assert (await site.shop.get("/v1/me")).status == 200


async def test_changed_terms_count_at_once(site: Site) -> None:
    await site.shop.get("/v1/me")
    await site.operator.patch("/v1/accounts/shop", {"terms": {"addresses": ["192.0.2.0/24"]}})
    assert (await site.shop.get("/v1/me")).problem == (403, "not-allowed", "")


async def test_says_once_that_a_postpaid_account_s_credits_are_counted_from_now_on(site: Site) -> None:
    first = (await site.operator.post("/v1/accounts/shop/credits", {"credits": 5})).body
    assert "This account is postpaid" in first["notice"]
    again = (await site.operator.post("/v1/accounts/shop/credits", {"credits": 5})).body
    assert (again["credits"], "notice" in again) == (10, False)


async def test_says_nothing_about_the_first_credits_of_a_prepaid_account(site: Site) -> None:
    await site.operator.patch("/v1/accounts/shop", {"terms": {"payment": "prepaid"}})
    first = (await site.operator.post("/v1/accounts/shop/credits", {"credits": 5})).body
    assert (first["credits"], "notice" in first) == (5, False)


async def test_fresh_credits_are_seen_at_once(site: Site) -> None:
    await site.shop.get("/v1/me")
    await site.operator.post("/v1/accounts/shop/credits", {"credits": 5})
    assert (await site.shop.get("/v1/me")).body["credits"] == 5


@pytest.mark.parametrize("body", [{}, {"credits": 1.5}, {"credits": 10**13}, {"credits": True}])
async def test_credits_are_whole_numbers(site: Site, body: Any) -> None:
    answer = await site.operator.post("/v1/accounts/shop/credits", body)
    assert answer.problem == (400, "bad-request", "credits")


async def test_rotates_a_key_that_lives_on_for_the_overlap(site: Site) -> None:
    asked = {"kind": "apikey", "overlap": 60}
    fresh = (await site.operator.post("/v1/accounts/shop/rotate", asked)).body
    assert list(fresh) == ["account", "apikey"]
    for caller in (site.shop, site.caller(fresh["apikey"])):
        assert (await caller.get("/v1/me")).body["name"] == "shop"
    last = (await site.operator.post("/v1/accounts/bakery/rotate", {"kind": "apikey"})).body["apikey"]
    assert (await site.bakery.get("/v1/me")).problem == (401, "not-authenticated", "")
    assert (await site.caller(last).get("/v1/me")).status == 200


@pytest.mark.parametrize(
    ("body", "field"), [({}, "kind"), ({"kind": "password"}, "kind"), ({"kind": "v1", "overlap": -1}, "overlap")]
)
async def test_refuses_a_rotation_that_is_none(site: Site, body: Any, field: str) -> None:
    assert (await site.operator.post("/v1/accounts/shop/rotate", body)).problem == (400, "bad-request", field)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/accounts", None),
        ("GET", "/v1/audit", None),
        ("POST", "/v1/reload", {}),
        ("POST", "/v1/accounts", {"name": "clinic"}),
        ("PATCH", "/v1/accounts/shop", {"disabled": False}),
        ("POST", "/v1/accounts/shop/credits", {"credits": 100}),
        ("POST", "/v1/accounts/shop/rotate", {"kind": "apikey"}),
        ("GET", "/v1/accounts/bakery", None),
        ("GET", "/v1/accounts/nobody", None),
        ("GET", "/v1/accounts/bakery/movements", None),
        ("GET", "/v1/accounts/bakery/templates", None),
        ("GET", "/v1/accounts/bakery/templates/code", None),
        ("PUT", "/v1/accounts/bakery/templates/code", {"text": "x"}),
        ("DELETE", "/v1/accounts/bakery/templates/code", None),
        ("GET", "/v1/accounts/bakery/suppressed", None),
        ("GET", "/v1/accounts/bakery/suppressed/+15550100", None),
        ("PUT", "/v1/accounts/bakery/suppressed/+15550100", {}),
        ("DELETE", "/v1/accounts/bakery/suppressed/+15550100", None),
    ],
)
async def test_an_account_cannot_do_what_is_the_operators(site: Site, method: str, path: str, body: Any) -> None:
    assert (await site.shop.call(method, path, body)).problem == (403, "not-allowed", "")
    assert (await site.operator.get("/v1/audit")).body["entries"] == []


async def test_what_an_account_writes_itself_waits_for_approval(site: Site) -> None:
    path = "/v1/accounts/shop/templates/code"
    made = await put(site.shop, path, {"text": "Your code is {code}, ${name}"})
    assert (made["id"], made["places"], made["approved"]) == ("code", ["code", "name"], False)
    answer = await site.shop.call("PUT", path, {"text": "x", "approved": True})
    assert answer.problem == (403, "not-allowed", "")
    assert (await put(site.operator, path, {"text": made["text"]}))["approved"] is True
    assert (await put(site.shop, path, {"text": made["text"]}))["approved"] is True
    assert (await put(site.shop, path, {"text": "Buy more!"}))["approved"] is False
    assert (await put(site.operator, path, {"text": "Buy more!", "approved": False}))["approved"] is False
    assert (await site.shop.get(path)).body["text"] == "Buy more!"
    assert [row["id"] for row in (await site.shop.get("/v1/accounts/shop/templates")).body["templates"]] == ["code"]
    assert (await site.shop.delete(path)).status == 204
    assert (await site.shop.get(path)).problem == (404, "no-such-thing", "")


@pytest.mark.parametrize(("id", "text", "field"), [("code", "", "text"), ("code", " ", "text"), ("x" * 65, "x", "id")])
async def test_refuses_a_template_that_is_none(site: Site, id: str, text: str, field: str) -> None:
    answer = await site.shop.call("PUT", f"/v1/accounts/shop/templates/{id}", {"text": text})
    assert answer.problem == (400, "bad-request", field)


async def test_an_account_keeps_its_own_list_of_numbers(site: Site) -> None:
    await site.operator.patch("/v1/accounts/shop", {"terms": {"country": "GB"}})
    row = await put(site.shop, "/v1/accounts/shop/suppressed/07700900123", {"reason": "asked by letter"})
    assert (row["number"], row["reason"]) == ("+447700900123", "asked by letter")
    path = "/v1/accounts/shop/suppressed/+447700900123"
    assert await put(site.shop, path) == row
    assert (await site.shop.get(path)).body == row
    assert (await site.shop.get("/v1/accounts/shop/suppressed")).body == {"suppressed": [row]}
    assert (await site.shop.send("+447700900123"))["state"] == "failed"
    assert (await site.shop.delete(path)).status == 204
    assert (await site.shop.delete(path)).problem == (404, "no-such-thing", "")
    assert (await site.shop.get(path)).problem == (404, "no-such-thing", "")
    assert (await site.shop.get("/v1/accounts/shop/suppressed/nobody")).problem == (400, "bad-request", "number")


async def test_a_stop_is_listed_for_every_account_and_is_the_operators_to_lift(site: Site) -> None:
    await site.receive("+15550123", "Stop.")
    [row] = (await site.shop.get("/v1/accounts/shop/suppressed")).body["suppressed"]
    assert (row["number"], row["line"], row["reason"]) == ("+15550123", "office", "the recipient wrote STOP to office")
    refused = await site.shop.send("+15550123")
    assert (refused["state"], refused["error"].partition(":")[0]) == ("failed", "MBBLACK")
    path = "/v1/accounts/shop/suppressed/+15550123"
    assert (await site.shop.delete(path)).problem == (403, "not-allowed", "")
    assert (await site.operator.get(path)).body == row
    assert (await site.operator.delete(path)).status == 204
    assert (await site.shop.send("+15550123"))["state"] == "queued"
    trail = (await site.operator.get("/v1/audit", account="shop")).body["entries"]
    assert [(each["who"], each["what"]) for each in trail] == [("operator", "allow"), ("the recipient", "suppress")]


async def test_the_trail_names_who_called_also_when_it_acted_for_another(site: Site) -> None:
    await put(site.shop, "/v1/accounts/shop/suppressed/+15550100", {})
    acting = site.operator.with_headers(SMS_Bridge_Account="bakery")
    await put(acting, "/v1/accounts/bakery/suppressed/+15550101", {})
    await site.operator.patch("/v1/accounts/shop", {"disabled": True})
    rows = (await site.operator.get("/v1/audit")).body["entries"]
    assert [(row["who"], row["what"], row["account"]) for row in rows] == [
        ("operator", "disable", "shop"), ("operator", "suppress", "bakery"), ("shop", "suppress", "shop"),
    ]  # fmt: skip
    assert (await site.operator.get("/v1/audit", account="bakery")).body["entries"] == [rows[1]]
    assert (await site.operator.get("/v1/audit", limit=2)).body["cursor"]


# -- operator accounts ------------------------------------------------------------------------------
async def test_an_operator_account_sees_everything_with_what_its_keys_allow(site: Site) -> None:
    made = (await site.operator.post("/v1/accounts", {"name": "ops", "operator": True})).body
    assert made["operator"]
    ops = site.caller(made["credentials"]["apikey"])
    key = (await ops.post("/v1/keys", {"name": "prometheus", "scopes": ["read"]})).body["credentials"]["apikey"]
    sent = await site.shop.send()
    watcher = site.caller(key)
    assert [row["id"] for row in (await watcher.get("/v1/messages")).body["messages"]] == [sent["id"]]
    assert len((await watcher.get("/v1/accounts")).body["accounts"]) == 4
    assert (await watcher.post("/v1/messages", {"to": "+15550100", "text": "x"})).problem == (403, "not-allowed", "")
    assert (await watcher.with_headers(SMS_Bridge_Account="shop").get("/v1/messages")).status == 200
    trail = (await site.operator.get("/v1/audit", account="ops")).body["entries"][-1]
    assert (trail["what"], trail["detail"]) == ("add_account", "operator")


async def test_a_key_that_lacks_a_scope_makes_no_operator_who_has_it(site: Site) -> None:
    made = await site.operator.post("/v1/accounts", {"name": "ops", "operator": True})
    ops = site.caller(made.body["credentials"]["apikey"])
    key = (await ops.post("/v1/keys", {"name": "clerk", "scopes": ["admin", "read"]})).body["credentials"]["apikey"]
    clerk = site.caller(key)
    assert (await clerk.post("/v1/accounts", {"name": "cafe"})).status == 201
    answer = await clerk.post("/v1/accounts", {"name": "more", "operator": True})
    assert answer.problem == (403, "not-allowed", "")
    assert "send inbox webhooks" in answer.detail


async def test_what_the_command_line_sends_without_an_account_is_shown_like_all_else(site: Site) -> None:
    commands = site.caller(site.gateway.authenticator.grant_to_commands())
    sent = await commands.send()
    assert sent["account"] == "operator"
    page = await site.person(Role.READER)
    assert [row["id"] for row in (await page.get("/v1/messages")).body["messages"]] == [sent["id"]]
    assert "operator" in [row["name"] for row in (await page.get("/v1/accounts")).body["accounts"]]


async def test_an_account_limited_to_a_line_sends_by_that_line_alone(site: Site) -> None:
    await site.operator.patch("/v1/accounts/shop", {"terms": {"lines": ["office"]}})
    assert (await site.shop.send())["route"] == "office"
    answer = await site.shop.post("/v1/messages", {"to": "+15550100", "text": "x", "line": "shop-phone"})
    assert answer.problem == (400, "bad-request", "line")
    assert "it may send by: office" in answer.detail
    assert (await site.bakery.send())["route"] == ""
