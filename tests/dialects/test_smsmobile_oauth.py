"""`/oauth2/token` of the smsmobile API, and what a token opens."""

import base64
import io
from pathlib import Path

import pytest

from bridge.model.scope import READ
from tests.support.http_site import CREDENTIALS, Answer, HttpSite, open_site
from tests.support.smsmobile_calls import TO

ID, SECRET = CREDENTIALS["client_id"], CREDENTIALS["client_secret"]
ASK = {"grant_type": "client_credentials", "client_id": ID, "client_secret": SECRET}


def assert_token(answer: Answer) -> str:
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    token = str(body.pop("access_token"))
    assert body == {"token_type": "Bearer", "expires_in": 3600}
    return token


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/token/"])
async def test_gives_a_token_for_client_credentials(site: HttpSite, path: str) -> None:
    assert assert_token(await site.ask("POST", path, data=ASK))


async def test_takes_json_and_basic_authentication_too(site: HttpSite) -> None:
    assert_token(await site.ask("POST", "/oauth2/token", json=ASK))
    basic = {"Authorization": "Basic " + base64.b64encode(f"{ID}:{SECRET}".encode()).decode()}
    assert_token(await site.ask("POST", "/oauth2/token", data={"grant_type": "client_credentials"}, headers=basic))


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": "0" * 64}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
async def test_refuses_as_the_standard_says(site: HttpSite, changes: dict[str, str], status: int, code: str) -> None:
    answer = await site.ask("POST", "/oauth2/token", data=ASK | changes)
    assert (answer.status, answer.json["error"]) == (status, code)
    assert set(answer.json) == {"error", "error_description"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


async def test_a_wrong_method_or_a_huge_body_is_told_in_the_standards_shape(site: HttpSite) -> None:
    huge = await site.ask("POST", "/oauth2/token", data=io.BytesIO(b"x" * (1 << 20) + b"x"))
    assert (huge.status, huge.json["error"]) == (413, "invalid_request")
    assert (await site.ask("PUT", "/oauth2/token")).json["error"] == "invalid_request"


async def test_legacy_status_stays_away_from_tokens(tmp_path: Path) -> None:
    async with open_site(tmp_path, options={"smsmobile": {"legacy_http_200": True}}) as site:
        assert (await site.ask("POST", "/oauth2/token", data=ASK | {"client_secret": "x"})).status == 401


async def test_says_when_tokens_cannot_be_given_now(site: HttpSite) -> None:
    await site.close_store()
    answer = await site.ask("POST", "/oauth2/token", data=ASK)
    assert (answer.status, answer.json["error"]) == (503, "server_error")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_a_token_opens_every_path(site: HttpSite, scheme: str) -> None:
    token = assert_token(await site.ask("POST", "/oauth2/token", data=ASK))
    headers = {"Authorization": f"{scheme} {token}"}
    answer = await site.ask("POST", "/sendsms", data={"recipients": TO, "message": "hi"}, headers=headers)
    assert answer.json["result"]["sent"] == "1"
    for path in ("/log/sent/sms", "/getsms", "/gateway/mobile/list"):
        assert (await site.ask("GET", path, headers=headers)).status == 200


async def test_an_empty_key_does_not_cover_a_token(site: HttpSite) -> None:
    token = assert_token(await site.ask("POST", "/oauth2/token", data=ASK))
    assert (await site.ask("GET", "/getsms?apikey=", headers={"Authorization": f"Bearer {token}"})).status == 200


async def test_a_token_ends_after_its_hour(site: HttpSite) -> None:
    token = assert_token(await site.ask("POST", "/oauth2/token", data=ASK))
    headers = {"Authorization": f"Bearer {token}"}
    site.clock.at += 3599 * 1000
    assert (await site.ask("GET", "/getsms", headers=headers)).status == 200
    site.clock.at += 2 * 1000
    answer = await site.ask("GET", "/getsms", headers=headers)
    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nobody's",
        "Bearer ",
        "Bearer",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Digest x",
    ],
)
async def test_other_authorization_opens_nothing(site: HttpSite, header: str) -> None:
    for method, path in (("GET", "/getsms"), ("POST", "/oauth2/token")):
        answer = await site.ask(method, path, headers={"Authorization": header})
        assert 400 <= answer.status < 500


async def test_bytes_that_are_no_utf8_in_a_header_open_nothing(site: HttpSite) -> None:
    for value in (b"Bearer \xff\xfe", b"Basic \xff\xfe"):
        answer = await site.raw(b"GET /getsms HTTP/1.1\r\nHost: x\r\nAuthorization: " + value + b"\r\n\r\n")
        assert 400 <= answer.status < 500
    answer = await site.raw(b"GET /getsms HTTP/1.1\r\nHost: x\r\nX-Api-Key: \xff\r\n\r\n")
    assert answer.status == 403


async def test_a_token_may_do_what_its_client_may_and_ends_with_it(site: HttpSite) -> None:
    shop = site.account
    made, printed = await site.gateway.administration.add_key(
        "tests", shop, "crm", READ, "client", site.clock.at + 90_000
    )
    ask = {"grant_type": "client_credentials", **printed}
    answer = (await site.ask("POST", "/oauth2/token", data=ask)).json
    assert (answer["expires_in"], answer["scope"]) == (90, "read")
    token = {"Authorization": f"Bearer {answer['access_token']}"}
    assert (await site.ask("GET", "/log/sent/sms", headers=token)).status == 200
    refused = await site.ask("POST", "/sendsms", headers=token, data=TO)
    assert (refused.status, refused.json["error"]) == (403, "scope_missing")
    await site.gateway.administration.revoke_key("tests", "shop", made.name)
    site.clock.at += 1001
    assert (await site.ask("GET", "/log/sent/sms", headers=token)).status == 401
    assert (await site.ask("POST", "/oauth2/token", data=ask)).json["error"] == "invalid_client"


async def test_a_client_that_was_replaced_gets_no_token_even_within_the_second(site: HttpSite) -> None:
    assert_token(await site.ask("POST", "/oauth2/token", data=ASK))
    await site.gateway.administration.rotate("tests", "shop", "client", 0)
    assert (await site.ask("POST", "/oauth2/token", data=ASK)).json["error"] == "invalid_client"
