"""Bodies that two parsers might read differently, and credentials in every place."""

import asyncio
import gc
import gzip
import json

import pytest

from bridge.model.account import AccountChange
from tests.support.native_site import Caller, Site

SOUND = {"to": "+15550100", "text": "x"}


async def refused(caller: Caller, raw: bytes) -> str:
    answer = await caller.post("/v1/messages", raw)
    assert answer.problem[:2] == (400, "bad-request")
    assert (await caller.get("/v1/messages")).body["messages"] == []
    return answer.detail


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"to": "+15550100", "text": "x"', "line 1 column 32"),
        (b'{"to": "+15550100", "text": "x"} {}', "Extra data"),
        (b"   ", "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b'{"to": "+15550100", "text": "\xff"}', "not UTF-8: byte 29 is 0xff"),
        (b'\xff\xfe{\x00"\x00', "not UTF-8"),
        (b'\xef\xbb\xbf{"to": "+15550100", "text": "x"}', "leave out the byte order mark"),
        (b'{"to": "+15550100", "text": "x", "text": "y"}', "`text` is given twice"),
        (b'{"messages": [{"to": "+15550100", "to": "+15550101", "text": "x"}]}', "`to` is given twice"),
        (b'{"to": "+15550100", "text": "a\x00b"}', "not JSON"),
        (b'{"to": "+15550100", "text": "a\\u0000b"}', "`text` must not hold a NUL character"),
        (b'{"to": "+15550100", "text": "\\ud83d"}', "`text` is not valid Unicode"),
        (b'{"to": "+15550100", "t\\ud83dxt": "x"}', "`t?xt` is not known here; did you mean `text`?"),
        (b'{"' + b"n" * 90_000 + b'": 1}', "nnn` is not known here"),
        (b'{"to": "+15550100", "text": "x", "ttl": NaN}', "NaN"),
        (b'{"to": "+15550100", "text": "x", "ttl": -Infinity}', "-Infinity"),
        (b'{"to": "+15550100", "text": "x", "not_before": 1e999}', "`not_before` must lie between"),
        (b'{"to": "+15550100", "text": "x", "slot": ' + b"9" * 400 + b"}", "`slot` must be a whole number"),
        (b'{"to": "+15550100", "text": "x", "slot": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"to": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
async def test_refuses_what_is_doubtful(shop: Caller, raw: bytes, words: str) -> None:
    assert words in await refused(shop, raw)


async def test_a_long_body_is_read_as_strictly_as_a_short_one(shop: Caller) -> None:
    batch = [SOUND] * 6000 + [{"to": "+15550100", "text": 7}]
    answer = await shop.post("/v1/messages", {"messages": batch})
    assert answer.problem == (400, "bad-request", "messages[6000].text")
    assert "not UTF-8" in await refused(shop, json.dumps({"messages": batch}).encode() + b"\xff")


async def test_other_callers_are_answered_while_a_long_body_is_read(site: Site) -> None:
    batch = json.dumps({"messages": [SOUND] * 30_000 + [{}]}).encode()
    await site.bakery.get("/v1/me")  # looking at a key for the first time is another matter
    bulk = asyncio.get_running_loop().create_task(site.shop.post("/v1/messages", batch))
    answered = 0
    while not bulk.done():
        assert (await site.bakery.get("/v1/me")).status == 200
        answered += 1
    assert bulk.result().problem == (400, "bad-request", "messages[30000].to")
    assert answered >= 2


@pytest.mark.parametrize("end", [[], [{}]], ids=["taken", "refused at its end"])
async def test_only_new_objects_are_looked_at_from_the_first_piece_of_a_long_body_to_its_answer(
    shop: Caller, end: list[object]
) -> None:
    batch = json.dumps({"messages": [SOUND] * 6000 + end}).encode()
    await shop.get("/v1/me")
    spared, thresholds = list[bool](), gc.get_threshold()

    def look(phase: str, about: dict[str, int]) -> None:
        spared.append(gc.get_threshold()[2] > 100_000)

    gc.set_threshold(100, 2, 1)
    gc.callbacks.append(look)
    try:
        answer = await shop.post("/v1/messages", batch)
    finally:
        gc.callbacks.remove(look)
        after = gc.get_threshold()
        gc.set_threshold(*thresholds)
    assert answer.status == (400 if end else 202)
    assert end or len(set(answer.body["ids"])) == answer.body["count"] == 6000
    # in the order of the messages, whose ids ascend
    assert end or answer.body["ids"] == sorted(answer.body["ids"])
    assert after == (100, 2, 1)
    first, last = spared.index(True), len(spared) - spared[::-1].index(True)
    assert all(spared[first:last])
    assert last - first > 20


async def test_texts_of_any_script_come_through_unchanged(shop: Caller) -> None:
    for text in ("Grüße €", "验证码 5678", "👩‍👩‍👧 \n\ttab", "\u202eright to left"):
        assert (await shop.send(text=text))["text"] == text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"])
async def test_wants_the_body_to_be_called_json(shop: Caller, kind: str) -> None:
    answer = await shop.with_headers(Content_Type=kind).post("/v1/messages", SOUND)
    assert answer.problem == (415, "not-json", "")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"])
async def test_takes_json_by_any_of_its_names(shop: Caller, kind: str) -> None:
    assert (await shop.with_headers(Content_Type=kind).post("/v1/messages", SOUND)).status == 202


async def test_takes_a_compressed_body(shop: Caller) -> None:
    packed = gzip.compress(json.dumps(SOUND).encode())
    assert (await shop.with_headers(Content_Encoding="gzip").post("/v1/messages", packed)).status == 202


async def test_an_api_key_goes_in_either_header(site: Site) -> None:
    assert (await site.nobody.with_headers(X_Api_Key="shop-key").get("/v1/me")).body["name"] == "shop"
    assert (await site.nobody.with_headers(Authorization="bearer shop-key").get("/v1/me")).body["name"] == "shop"


async def test_takes_an_oauth_token_until_it_ends(site: Site) -> None:
    client = await site.gateway.administration.rotate("test", "shop", "client", 0)
    pair = client["client_id"], client["client_secret"]
    token, ended = await site.gateway.issue_token(*pair), await site.gateway.issue_token(*pair, seconds=0)
    assert (await site.caller(token).get("/v1/me")).body["name"] == "shop"
    assert (await site.caller(ended).get("/v1/me")).problem == (401, "not-authenticated", "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic c2hvcDpzaG9wLWtleQ=="},
        {"Authorization": "shop-key"},
        {"Authorization": "Bearer gr\u00fc\u00df"},
        {"X-Api-Key": ""},
        {"X-Api-Key": "x" * 7000},
    ],
)
async def test_nobody_gets_in_without_good_credentials(site: Site, headers: dict[str, str]) -> None:
    answer = await Caller(site.http, headers).get("/v1/me")
    assert answer.problem == (401, "not-authenticated", "")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_a_disabled_account_is_told_so(site: Site) -> None:
    await site.gateway.administration.change_account("test", "bakery", AccountChange(disabled=True))
    assert (await site.bakery.get("/v1/me")).problem == (403, "not-allowed", "")
