"""/v1/session: people sign in with a password and a code, once or many times, and out again."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.dialects.native.cookie import COOKIE, PROOF_HEADER, name_at
from bridge.accounts import one_time_codes
from bridge.accounts.sessions import IDLE, LIFE, MOST_WAITING
from bridge.accounts.throttling import FREE
from bridge.model.user import Role
from tests.support.clocks import FakeClock
from tests.support.native_site import PASSWORD, Answer, Caller, Site, site_in

HERE = {"Host": "127.0.0.1:8080"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def site(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Site]:
    async with site_in(tmp_path, clock=clock) as site:
        yield site


async def sign_in(site: Site, name: str = "owner", password: str = PASSWORD, **more: str) -> Answer:
    return await site.nobody.post("/v1/session", {"name": name, "password": password, **more})


def browser(site: Site, answer: Answer) -> Caller:
    """What a page does with the answer to a sign-in."""
    assert answer.status == 201, answer.body
    secret = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    return Caller(site.http, {"Cookie": f"{COOKIE}={secret}", PROOF_HEADER: answer.body["csrf"]})


async def test_who_signs_in_can_work_until_he_signs_out(site: Site) -> None:
    await site.person(Role.OWNER)
    assert (await site.nobody.get("/v1/session")).body == {
        "user": None, "csrf": None, "expires_at": None, "idle_at": None, "setup": "none",
    }  # fmt: skip
    answer = await sign_in(site, "OWNER")
    assert (answer.body["user"]["name"], answer.body["user"]["role"]) == ("owner", "owner")
    page = browser(site, answer)
    assert (await page.get("/v1/session")).body == answer.body
    made = await page.send()
    assert made["account"] == "operator"
    assert [row["id"] for row in (await page.get("/v1/messages")).body["messages"]] == [made["id"]]
    assert (await page.delete("/v1/session")).status == 204
    assert (await page.get("/v1/messages")).problem == (401, "not-authenticated", "")
    assert (await page.get("/v1/session")).body["user"] is None


async def test_the_cookie_is_for_no_script_no_other_site_and_no_plain_http_behind_tls(site: Site) -> None:
    await site.person(Role.OWNER)
    cookie = (await sign_in(site)).headers["Set-Cookie"]
    assert cookie.endswith(f"; Path=/v1; Max-Age={LIFE // 1000}; HttpOnly; SameSite=Strict")
    async with site.http.post(
        "/v1/session", json={"name": "owner", "password": PASSWORD}, headers={"X-Forwarded-Proto": "https"}
    ) as answer:
        assert "Secure" not in answer.headers["Set-Cookie"], "nobody configured this proxy"


async def test_the_cookie_is_for_tls_where_callers_come_by_tls(tmp_path: Path) -> None:
    async with site_in(tmp_path, public_url="https://sms.example.com", prefix="/sms") as site:
        await site.person(Role.OWNER)
        async with site.http.post("/sms/v1/session", json={"name": "owner", "password": PASSWORD}) as answer:
            assert answer.headers["Set-Cookie"].endswith("SameSite=Strict; Secure")
            assert "Path=/sms/v1;" in answer.headers["Set-Cookie"]


async def test_a_page_of_another_site_cannot_sign_anybody_in(site: Site) -> None:
    await site.person(Role.OWNER)
    body = json.dumps({"name": "owner", "password": PASSWORD}).encode()
    async with site.http.post("/v1/session", data=body, headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415


async def test_wrong_names_and_wrong_passwords_hear_the_same(site: Site) -> None:
    await site.person(Role.OWNER)
    nobody, wrong = await sign_in(site, "nobody"), await sign_in(site, password="correct horse")
    assert nobody.problem == wrong.problem == (401, "not-authenticated", "")
    assert nobody.detail == wrong.detail == "The name or the password is wrong."


async def test_who_guesses_has_to_wait_and_no_guess_is_looked_at_meanwhile(site: Site, clock: FakeClock) -> None:
    page, reader = await site.person(Role.OWNER), await site.person(Role.READER)
    for _ in range(FREE):
        assert (await sign_in(site, password="guess")).status == 401
    answer = await sign_in(site)
    assert answer.problem == (429, "too-many", "")
    assert answer.headers["Retry-After"] == "1"
    # who is signed in stays so, and a link lets in
    assert (await reader.get("/v1/lines")).status == 200
    link = (await page.post("/v1/user-links", {"user": "owner"})).body["link"].rpartition("/")[2]
    assert (await welcome(site, link=link)).status == 201
    clock.at += 1001
    assert (await sign_in(site)).status == 201


async def test_many_guesses_at_once_are_counted_one_by_one(site: Site) -> None:
    await site.person(Role.OWNER)
    statuses = [each.status for each in await asyncio.gather(*(sign_in(site, password=f"{n}") for n in range(40)))]
    assert statuses.count(401) <= min(FREE, MOST_WAITING)
    assert set(statuses) == {401, 429}


async def test_a_session_ends_when_it_is_idle_and_a_used_one_at_its_end(site: Site, clock: FakeClock) -> None:
    page = await site.person(Role.OPERATOR)
    began = clock.at
    clock.at += IDLE - 1
    assert (await page.get("/v1/lines")).status == 200
    while clock.at < began + LIFE - IDLE:
        clock.at += IDLE - 1
        assert (await page.get("/v1/lines")).status == 200
    clock.at = began + LIFE
    assert (await page.get("/v1/lines")).status == 401
    other = await site.person(Role.OPERATOR)
    clock.at += IDLE
    assert (await other.get("/v1/lines")).status == 401


async def test_signing_out_everywhere_ends_all_of_ones_own_and_nobody_elses(site: Site) -> None:
    here, there, other = [await site.person(role) for role in (Role.OWNER, Role.OWNER, Role.READER)]
    rows = (await here.get("/v1/sessions")).body["sessions"]
    assert [(row["user"], row["address"], row["agent"]) for row in rows] == [("owner", "192.0.2.7", "a browser")] * 2
    assert [row["current"] for row in rows].count(True) == 1
    assert len((await here.get("/v1/sessions", all="true")).body["sessions"]) == 3
    assert (await here.delete("/v1/session", everywhere="true")).status == 204
    assert [(await each.get("/v1/lines")).status for each in (here, there, other)] == [401, 401, 200]


async def test_one_session_is_ended_by_itself_by_its_user_or_an_owner(site: Site) -> None:
    reader, elsewhere, owner = [await site.person(role) for role in (Role.READER, Role.READER, Role.OWNER)]
    rows = (await reader.get("/v1/sessions")).body["sessions"]
    [other] = [row["id"] for row in rows if not row["current"]]
    assert (await reader.delete(f"/v1/sessions/{other}")).status == 204
    assert [(await each.get("/v1/lines")).status for each in (reader, elsewhere)] == [200, 401]
    [owners] = [row["id"] for row in (await owner.get("/v1/sessions")).body["sessions"]]
    assert (await reader.delete(f"/v1/sessions/{owners}")).problem == (404, "no-such-thing", "")
    assert (await reader.get("/v1/sessions", all="true")).problem == (403, "not-allowed", "")
    [readers] = [row["id"] for row in (await owner.get("/v1/sessions", user="reader")).body["sessions"]]
    assert (await owner.delete(f"/v1/sessions/{readers}")).status == 204
    assert (await reader.get("/v1/lines")).status == 401


async def test_another_password_ends_the_other_sessions(site: Site) -> None:
    here, there = await site.person(Role.OWNER), await site.person(Role.OWNER)
    answer = await here.put("/v1/session/password", {"old": "wrong", "new": "another long one"})
    assert answer.problem == (401, "not-authenticated", "")
    answer = await here.put("/v1/session/password", {"old": PASSWORD, "new": "short"})
    assert answer.problem == (400, "bad-request", "password")
    assert (await here.put("/v1/session/password", {"old": PASSWORD, "new": "another long one"})).status == 204
    assert [(await each.get("/v1/lines")).status for each in (here, there)] == [200, 401]
    assert (await sign_in(site)).status == 401
    assert (await sign_in(site, password="another long one")).status == 201


# -- one-time codes -------------------------------------------------------------------------------
async def ask_for_codes(page: Caller, clock: FakeClock) -> tuple[str, list[str]]:
    """Switch them on; the secret and the recovery codes."""
    proposed = (await page.call("POST", "/v1/session/totp", {"password": PASSWORD})).body
    assert proposed["uri"].startswith("otpauth://totp/sms-bridge:owner?secret=" + proposed["secret"])
    answer = await page.put("/v1/session/totp", {"code": "000000"})
    assert answer.problem == (400, "bad-request", "code")
    answer = await page.put("/v1/session/totp", {"code": code(proposed["secret"], clock)})
    assert answer.status == 200
    clock.at += one_time_codes.PERIOD
    return proposed["secret"], answer.body["recovery_codes"]


def code(secret: str, clock: FakeClock) -> str:
    return one_time_codes.code(secret, clock.at // one_time_codes.PERIOD)


async def test_a_code_is_asked_for_once_it_was_shown_and_is_good_once(site: Site, clock: FakeClock) -> None:
    secret, _ = await ask_for_codes(await site.person(Role.OWNER), clock)
    assert (await sign_in(site)).problem == (401, "not-authenticated", "code")
    assert (await sign_in(site, code="000000")).problem == (401, "not-authenticated", "code")
    assert (await sign_in(site, code=code(secret, clock))).status == 201
    answer = await sign_in(site, code=code(secret, clock))
    assert answer.problem == (401, "not-authenticated", "code")
    assert answer.detail == "This code was used before: wait for the next one."
    assert (await sign_in(site, password="wrong", code=code(secret, clock))).problem[2] == ""


async def test_a_recovery_code_is_good_once_however_it_is_typed(site: Site, clock: FakeClock) -> None:
    _, codes = await ask_for_codes(await site.person(Role.OWNER), clock)
    assert len(set(codes)) == 10
    answer = await sign_in(site, code=codes[0].upper().replace("-", " "))
    assert answer.body["user"]["recovery_codes_left"] == 9
    assert (await sign_in(site, code=codes[0])).status == 401


async def test_codes_cannot_be_guessed_either(site: Site, clock: FakeClock) -> None:
    secret, _ = await ask_for_codes(await site.person(Role.OWNER), clock)
    for _ in range(FREE):
        assert (await sign_in(site, code="000000")).status == 401
    assert (await sign_in(site, code=code(secret, clock))).status == 429


async def test_codes_are_switched_off_by_the_password_alone_of_who_is_signed_in(site: Site, clock: FakeClock) -> None:
    page = await site.person(Role.OWNER)
    await ask_for_codes(page, clock)
    assert (await page.call("POST", "/v1/session/totp", {"password": PASSWORD})).problem == (409, "not-possible", "")
    assert (await page.call("DELETE", "/v1/session/totp", {"password": "wrong"})).status == 401
    assert (await page.call("DELETE", "/v1/session/totp", {"password": PASSWORD})).status == 204
    assert (await sign_in(site)).status == 201


# -- the first visit --------------------------------------------------------------------------------
async def welcome(site: Site, caller: Caller | None = None, **asked: str) -> Answer:
    return await (caller or site.nobody).post("/v1/session/welcome", {"password": PASSWORD, **asked})


async def test_the_first_visitor_from_this_machine_becomes_the_owner_and_no_other_does(site: Site) -> None:
    assert (await site.nobody.get("/v1/session")).body["setup"] == "here"
    assert (await welcome(site, name="a b")).problem == (400, "bad-request", "name")
    assert (await welcome(site, name="anna", password="short")).problem == (400, "bad-request", "password")
    answer = await welcome(site, name="anna")
    assert answer.body["user"]["role"] == "owner"
    assert (await browser(site, answer).get("/v1/users")).status == 200
    assert (await site.nobody.get("/v1/session")).body["setup"] == "none"
    assert (await welcome(site, name="eve")).problem == (409, "not-possible", "")


async def test_two_first_visitors_at_once_make_one_owner(site: Site) -> None:
    answers = await asyncio.gather(welcome(site, name="anna"), welcome(site, name="eve"))
    assert sorted(each.status for each in answers) == [201, 409]
    assert len(await site.gateway.users.all()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "sms.example.com"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "["},
        {"Origin": "http://evil.example"},
        {"X-Forwarded-For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
        {"Via": "1.1 proxy"},
    ],
    ids=str,
)
async def test_who_does_not_sit_at_this_machine_needs_a_link(site: Site, headers: dict[str, str]) -> None:
    stranger = Caller(site.http, headers)
    assert (await stranger.get("/v1/session")).body["setup"] == "link"
    answer = await welcome(site, stranger, name="eve")
    assert answer.problem == (403, "not-allowed", "")
    assert "sms-bridge user link" in answer.detail
    assert await site.gateway.users.are_there_none()


async def test_a_link_makes_the_first_owner_once(site: Site, clock: FakeClock) -> None:
    link, _ = await site.gateway.users.first_link()
    stranger = Caller(site.http, {"X-Forwarded-For": "192.0.2.1"})
    looked = (await stranger.post("/v1/session/link", {"link": link})).body
    assert (looked["name"], looked["role"]) == ("", "owner")
    assert (await welcome(site, stranger, name="anna", link=link)).status == 201
    assert (await welcome(site, stranger, name="eve", link=link)).problem == (404, "no-such-thing", "")
    assert (await stranger.post("/v1/session/link", {"link": link})).problem == (404, "no-such-thing", "")


async def test_a_link_ends_after_a_day(site: Site, clock: FakeClock) -> None:
    link, ends = await site.gateway.users.first_link()
    clock.at = ends
    assert (await welcome(site, name="anna", link=link)).problem == (404, "no-such-thing", "")


# -- what goes on for long --------------------------------------------------------------------------
async def test_a_stream_ends_with_its_session(site: Site) -> None:
    page = await site.person(Role.READER)
    async with site.http.get("/v1/events", headers=page.headers) as stream:
        assert await stream.content.readuntil(b"\n\n") == b": listening\n\n"
        await page.delete("/v1/session")
        with pytest.raises(Exception, match=r".*"):
            await asyncio.wait_for(_to_its_end(stream), 10)


async def _to_its_end(stream: Any) -> None:
    while await stream.content.readany():
        pass
    raise EOFError


async def test_the_trail_says_who_and_from_where(site: Site) -> None:
    page = await site.person(Role.OWNER)
    await page.put("/v1/accounts/shop/suppressed/+15550123", {})
    entries = (await page.get("/v1/audit")).body["entries"]
    assert (entries[0]["what"], entries[0]["who"]) == ("suppress", "owner from 127.0.0.1")
    assert (entries[1]["what"], entries[1]["who"], entries[1]["detail"]) == (
        "sign_in", "owner from 192.0.2.7", "a browser",
    )  # fmt: skip


async def test_a_person_acts_for_another_account_by_naming_it(site: Site) -> None:
    page = await site.person(Role.OPERATOR)
    made = await page.with_headers(SMS_Bridge_Account="shop").send()
    assert made["account"] == "shop"
    assert (await site.shop.get(f"/v1/messages/{made['id']}")).status == 200


async def test_a_key_in_the_headers_counts_more_than_a_cookie(site: Site) -> None:
    page = await site.person(Role.READER)
    assert (await page.with_headers(X_Api_Key="shop-key").without(PROOF_HEADER).send())["account"] == "shop"


async def test_a_key_has_no_session(site: Site) -> None:
    for answer in (await site.shop.delete("/v1/session"), await site.shop.get("/v1/sessions")):
        assert answer.problem == (403, "not-allowed", "")


async def test_two_bridges_on_one_host_do_not_sign_each_other_out(site: Site) -> None:
    """A browser sends the cookies of a host to each of its ports."""
    await site.person(Role.OWNER)
    answer = await sign_in(site)
    name, _, secret = answer.headers["Set-Cookie"].partition(";")[0].partition("=")
    assert name == f"{COOKIE}_{site.http.port}"
    both = {"Cookie": f"{COOKIE}_1=other; {name}={secret}; {COOKIE}=another", PROOF_HEADER: answer.body["csrf"]}
    assert (await Caller(site.http, both).get("/v1/session")).body["user"]["name"] == "owner"
    ended = await Caller(site.http, both).delete("/v1/session")
    assert ended.headers["Set-Cookie"].startswith(f"{name}=;")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("shop.example", COOKIE), ("192.0.2.7:8080", f"{COOKIE}_8080"), ("[2001:db8::7]", COOKIE),
        ("[2001:db8::7]:81", f"{COOKIE}_81"), ("", COOKIE), ("shop.example:", COOKIE), ("shop.example:x", COOKIE),
    ],
)  # fmt: skip
def test_the_cookie_is_named_by_the_port_of_the_address(host: str, name: str) -> None:
    assert name_at(host) == name
