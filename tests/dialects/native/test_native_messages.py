"""/v1/messages: a message from its submission to its end."""

import re
import time
from datetime import datetime

import pytest
from yarl import URL

from bridge.model.message import State
from tests.support.native_site import Caller, Site


async def test_accepts_a_message_and_shows_it(shop: Caller) -> None:
    answer = await shop.post("/v1/messages", {"to": "+1 (555) 0100", "text": "Your parcel is here."})
    assert answer.status == 202
    assert answer.body["state"] == "queued"
    assert (answer.body["to"], answer.body["written"]) == ("+15550100", "+1 (555) 0100")
    assert answer.headers["Location"] == f"/v1/messages/{answer.body['id']}"
    shown = await shop.get(answer.headers["Location"])
    assert shown.body == answer.body | {"tried": []}


async def test_tells_times_in_utc_with_milliseconds_and_null_for_not_yet(shop: Caller) -> None:
    message = await shop.send()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["created_at"])
    assert (message["sent_at"], message["delivered_at"]) == (None, None)


async def test_keeps_everything_that_the_caller_said(shop: Caller) -> None:
    message = await shop.send(
        line="office", slot=1, on_unknown="resend", report=False, client_ref="order-7", tag="autumn", ttl=60
    )
    kept = ("route", "slot", "on_unknown", "report", "client_ref", "tag", "dialect", "account")
    assert [message[name] for name in kept] == ["office", 1, "resend", False, "order-7", "autumn", "native", "shop"]


@pytest.mark.parametrize("moment", ["2095-01-01T01:00:00+01:00", "2095-01-01T00:00:00Z", "2095-01-01 00:00:00.0z"])
async def test_reads_moments_with_any_offset(shop: Caller, moment: str) -> None:
    answer = await shop.get("/v1/messages", since=moment)
    assert (answer.status, answer.body["messages"]) == (200, [])


async def test_schedules_by_unix_seconds_and_counts_the_ttl_from_then(shop: Caller) -> None:
    later = int(time.time()) + 3600
    message = await shop.send(not_before=later, ttl=90)
    assert message["state"] == "scheduled"
    due, end = (datetime.fromisoformat(message[name]).timestamp() for name in ("due_at", "expires_at"))
    assert (due, end) == (later, later + 90)


async def test_one_text_to_many_is_answered_with_ids_in_their_order(shop: Caller) -> None:
    numbers = [f"+155501{number:02}" for number in range(20)]
    answer = await shop.post("/v1/messages", {"to": numbers, "text": "We open at nine.", "tag": "morning"})
    assert (answer.status, answer.body["count"]) == (202, 20)
    shown = [(await shop.get(f"/v1/messages/{made}")).body for made in answer.body["ids"]]
    assert [message["to"] for message in shown] == numbers
    assert {message["tag"] for message in shown} == {"morning"}


async def test_different_messages_go_in_one_call(shop: Caller) -> None:
    batch = [{"to": "+15550100", "text": "one"}, {"to": "+8613800138000", "text": "二", "tag": "b"}]
    answer = await shop.post("/v1/messages", {"messages": batch})
    texts = [(await shop.get(f"/v1/messages/{made}")).body["text"] for made in answer.body["ids"]]
    assert texts == ["one", "二"]


async def test_a_list_of_one_is_answered_like_a_list(shop: Caller) -> None:
    assert (await shop.post("/v1/messages", {"to": ["+15550100"], "text": "x"})).body["count"] == 1
    assert (await shop.post("/v1/messages", {"messages": [{"to": "+15550100", "text": "x"}]})).body["count"] == 1


BAD_ENTRIES = {
    "messages[2].to": {"to": "not a number", "text": "x"},
    "messages[2].text": {"to": "+15550100", "text": ""},
    "messages[2].line": {"to": "+15550100", "text": "x", "line": "attic"},
    "messages[2].slot": {"to": "+15550100", "text": "x", "slot": "1"},
    "messages[2].txet": {"to": "+15550100", "txet": "x"},
    "messages[2]": "not an object",
}


@pytest.mark.parametrize("field", BAD_ENTRIES)
async def test_names_the_entry_at_fault_and_queues_nothing(shop: Caller, field: str) -> None:
    good = {"to": "+15550100", "text": "x"}
    answer = await shop.post("/v1/messages", {"messages": [good, good, BAD_ENTRIES[field]]})
    assert answer.problem == (400, "bad-request", field)
    assert (await shop.get("/v1/messages")).body["messages"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to": ["+15550100", "nobody"], "text": "x"}, "to[1]"),
        ({"to": ["+15550100", 7], "text": "x"}, "to[1]"),
        ({"to": ["+15550100", "+15550101"], "text": ""}, "text"),
        ({"to": ["+15550100", "+15550101"], "text": "x", "line": "attic"}, "line"),
        ({"to": ["+15550100", "+15550101"], "text": "x", "client_ref": "r"}, "client_ref"),
        ({"to": [], "text": "x"}, "to"),
        ({"messages": []}, "messages"),
        ({"messages": {"to": "+15550100", "text": "x"}}, "messages"),
        ({"messages": [{"to": "nobody", "text": "x"}]}, "messages[0].to"),
        ({"messages": [{"to": "+15550100", "text": "x"}], "text": "x"}, "text"),
        ({"to": "nobody", "text": "x"}, "to"),
        ({"text": "x"}, "to"),
        ({"to": "+15550100"}, "text"),
        ({"to": "+15550100", "text": "x", "ttl": 60, "expires_at": 4102444800}, "ttl"),
        ({"to": "+15550100", "text": "x", "expires_at": 1}, "expires_at"),
        ({"to": "+15550100", "text": "x", "on_unknown": "ask"}, "on_unknown"),
        ({"to": "+15550100", "text": "x", "report": 1}, "report"),
        ({"to": "+15550100", "text": "x", "slot": True}, "slot"),
        ({"to": "+15550100", "text": "x", "slot": 3}, "slot"),
        ({"to": "+15550100", "text": "x", "ttl": 1.5}, "ttl"),
        ({"to": "+15550100", "text": "x", "not_before": "tomorrow"}, "not_before"),
        ({"to": "+15550100", "text": "x", "not_before": "2026-11-20T22:48:32"}, "not_before"),
        ({"to": "+15550100", "text": "x", "not_before": "2026-02-30T22:48:32Z"}, "not_before"),
        ({"to": "+15550100", "text": "x", "not_before": 1_795_215_712_123}, "not_before"),
        ({"to": "+15550100", "text": "x", "not_before": -1}, "not_before"),
        ({"to": "+15550100", "text": "x", "tag": "t" * 257}, "tag"),
        ({"to": None, "text": "x"}, "to"),
        ({"to": "+15550100", "text": "a\0b"}, "text"),
        ({"to": "+15550100", "text": "half \ud83d"}, "text"),
    ],
)
async def test_names_the_field_that_cannot_be_taken(shop: Caller, body: object, field: str) -> None:
    assert (await shop.post("/v1/messages", body)).problem == (400, "bad-request", field)


async def test_suggests_the_name_that_was_meant(shop: Caller) -> None:
    answer = await shop.post("/v1/messages", {"to": "+15550100", "txt": "x"})
    assert answer.detail == "`txt` is not known here; did you mean `text`?"


async def test_a_line_that_is_not_configured_is_told_with_those_that_are(shop: Caller) -> None:
    answer = await shop.post("/v1/messages", {"to": "+15550100", "text": "x", "line": "attic"})
    assert "office, shop-phone:2" in answer.detail


async def test_repeating_a_call_with_its_key_queues_nothing_again(site: Site) -> None:
    keyed = site.shop.with_headers(Idempotency_Key="order 7")
    first = await keyed.post("/v1/messages", {"to": "+15550100", "text": "x", "ttl": 3600})
    again = await keyed.post("/v1/messages", {"to": "+15550100", "text": "x", "ttl": 3600})
    assert (again.status, again.body) == (202, first.body)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len((await site.shop.get("/v1/messages")).body["messages"]) == 1


async def test_repeating_a_bulk_call_gives_the_same_ids(shop: Caller) -> None:
    keyed = shop.with_headers(Idempotency_Key="k")
    body = {"to": ["+15550100", "+15550101"], "text": "x"}
    first, again = [await keyed.post("/v1/messages", body) for _ in range(2)]
    assert again.body == first.body


async def test_a_key_with_another_body_is_a_conflict(shop: Caller) -> None:
    keyed = shop.with_headers(Idempotency_Key="k")
    await keyed.send(text="one")
    answer = await keyed.post("/v1/messages", {"to": "+15550100", "text": "two"})
    assert answer.problem == (409, "idempotency-conflict", "")


async def test_two_accounts_may_use_the_same_key(site: Site) -> None:
    answers = [await caller.with_headers(Idempotency_Key="k").send() for caller in (site.shop, site.bakery)]
    assert answers[0]["id"] != answers[1]["id"]


@pytest.mark.parametrize("key", ["", "k" * 256, "gr\u00fc\u00df"])
async def test_a_key_that_cannot_be_kept_is_refused(shop: Caller, key: str) -> None:
    answer = await shop.with_headers(Idempotency_Key=key).post("/v1/messages", {"to": "+15550100", "text": "x"})
    assert answer.problem == (400, "bad-request", "Idempotency-Key")


async def test_a_client_ref_names_one_message_only(shop: Caller) -> None:
    await shop.send(client_ref="order-7")
    answer = await shop.post("/v1/messages", {"to": "+15550100", "text": "x", "client_ref": "order-7"})
    assert answer.problem == (409, "not-possible", "")


async def test_shows_what_became_of_each_part(site: Site) -> None:
    made = (await site.shop.send(text="long " * 50))["id"]
    await site.carry(State.SENT)
    message = (await site.shop.get(f"/v1/messages/{made}")).body
    assert (message["state"], message["line"], message["parts"]) == ("sent", "office", 2)
    assert [(part["index"], part["state"], part["reference"]) for part in message["tried"]] == [
        (1, "sent", 1),
        (2, "sent", 2),
    ]
    assert message["sent_at"] is not None


async def test_cancels_what_was_not_sent(site: Site) -> None:
    made = (await site.shop.send())["id"]
    answer = await site.shop.post(f"/v1/messages/{made}/cancel")
    assert (answer.status, answer.body["state"]) == (200, "cancelled")
    assert (await site.shop.post(f"/v1/messages/{made}/cancel")).problem == (409, "not-possible", "")


async def test_sends_again_what_failed_and_nothing_else(site: Site) -> None:
    made = (await site.shop.send())["id"]
    assert (await site.shop.post(f"/v1/messages/{made}/resend")).problem == (409, "not-possible", "")
    await site.carry(State.FAILED, "+CMS ERROR: 21 (short message transfer rejected)")
    assert "rejected" in (await site.shop.get(f"/v1/messages/{made}")).body["error"]
    answer = await site.shop.post(f"/v1/messages/{made}/resend")
    assert (answer.status, answer.body["state"], answer.body["error"]) == (202, "queued", "")


async def test_forgets_a_finished_message_but_not_one_on_its_way(site: Site) -> None:
    made = (await site.shop.send())["id"]
    refused = await site.shop.delete(f"/v1/messages/{made}")
    assert refused.problem == (409, "not-possible", "")
    assert "queued" in refused.detail
    await site.shop.post(f"/v1/messages/{made}/cancel")
    assert (await site.shop.delete(f"/v1/messages/{made}")).status == 204
    assert (await site.shop.delete(f"/v1/messages/{made}")).status == 404


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/resend")])
async def test_an_account_cannot_touch_the_messages_of_another(site: Site, method: str, tail: str) -> None:
    made = (await site.shop.send())["id"]
    assert (await site.bakery.call(method, f"/v1/messages/{made}{tail}")).problem == (404, "no-such-thing", "")
    assert (await site.shop.get(f"/v1/messages/{made}")).body["state"] == "queued"


@pytest.mark.parametrize("id", ["0" * 40, "x", "%00", "%FF", "a%2Fb", "x" * 5000, "%F0%9F%98%80"])
async def test_what_can_be_no_id_is_not_found(shop: Caller, id: str) -> None:
    assert (await shop.call("GET", URL(f"/v1/messages/{id}", encoded=True))).status == 404


async def test_answers_with_and_without_a_trailing_slash(shop: Caller) -> None:
    message = (await shop.post("/v1/messages/", {"to": "+15550100", "text": "x"})).body
    assert (await shop.get(f"/v1/messages/{message['id']}/")).status == 200


async def test_an_operator_submits_for_an_account(site: Site) -> None:
    message = await site.operator.with_headers(SMS_Bridge_Account="shop").send()
    assert message["account"] == "shop"
    assert (await site.shop.get(f"/v1/messages/{message['id']}")).status == 200


async def test_an_operator_who_acts_for_an_account_sees_what_it_sees(site: Site) -> None:
    await site.bakery.send()
    assert len((await site.operator.get("/v1/messages")).body["messages"]) == 1
    acting = site.operator.with_headers(SMS_Bridge_Account="shop")
    assert (await acting.get("/v1/messages")).body["messages"] == []
    assert (await acting.get("/v1/me")).body["name"] == "shop"


@pytest.mark.parametrize("name", ["attic", "", "a b", "gr\u00fc\u00df"])
async def test_nobody_acts_for_an_account_that_does_not_exist(site: Site, name: str) -> None:
    acting = site.operator.with_headers(SMS_Bridge_Account=name)
    answer = await acting.post("/v1/messages", {"to": "+15550100", "text": "x"})
    assert answer.problem == (403, "not-allowed", "")


async def test_an_ordinary_account_acts_for_itself_only(site: Site) -> None:
    assert (await site.shop.with_headers(SMS_Bridge_Account="shop").send())["account"] == "shop"
    answer = await site.shop.with_headers(SMS_Bridge_Account="bakery").get("/v1/messages")
    assert answer.problem == (403, "not-allowed", "")
