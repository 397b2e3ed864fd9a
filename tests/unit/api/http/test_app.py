from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.http.app import build_app
from bridge.errors import ConfigError
from bridge.model.account import AccountChange
from tests.support.http_site import CREDENTIALS, HttpSite, open_site

SEND = {"apikey": CREDENTIALS["apikey"], "recipients": "+15550123", "message": "hello"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path, dialects={"smsmobile": "/vendor/"}) as opened:
        yield opened


async def test_a_dialect_answers_under_its_prefix_only(site: HttpSite) -> None:
    assert (await site.ask("POST", "/vendor/sendsms", data=SEND)).status == 200
    assert (await site.ask("POST", "/vendor/sendsms/", data=SEND)).status == 200
    assert (await site.ask("POST", "/sendsms", data=SEND)).status == 404
    assert len(await site.messages()) == 2


@pytest.mark.parametrize("path", ["//vendor/sendsms", "///vendor/sendsms", "//vendor/sendsms/"])
async def test_a_base_url_may_end_in_a_slash(site: HttpSite, path: str) -> None:
    assert (await site.ask("POST", path, data=SEND)).status == 200
    assert (await site.ask("POST", f"{path}/more", data=SEND)).status == 404
    assert len(await site.messages()) == 1


async def test_an_unknown_path_is_told_in_the_words_of_the_dialect_it_is_under(site: HttpSite) -> None:
    for path in ("/vendor", "/vendor/", "/vendor/nothing", "/vendor/sendsms/more"):
        assert (await site.ask("GET", path)).json["error"] == "unknown_path"


async def test_an_unknown_path_of_nobodys_names_the_dialects_that_there_are(site: HttpSite) -> None:
    for path in ("/nothing", "/vendors", "//", "/%ff", "/sendsms"):
        answer = await site.ask("GET", path)
        assert (answer.status, answer.json["error"]) == (404, "not_found")
        assert answer.json["dialects"]["smsmobile"]["prefix"] == "/vendor"
        assert "https://smsmobileapi.com/doc" in answer.json["dialects"]["smsmobile"]["about"]


async def test_without_a_prefix_the_first_segment_tells_whose_a_path_is(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        assert (await site.ask("GET", "/log/received")).json["error"] == "unknown_path"
        assert (await site.ask("GET", "/logs")).json["error"] == "not_found"


async def test_the_front_page_says_what_this_is(site: HttpSite) -> None:
    answer = await site.ask("GET", "/")
    assert answer.status == 200
    for words in (b"sms-bridge", b"/vendor", b"smsmobile", b"/readyz"):
        assert words in answer.body


@pytest.mark.parametrize(
    ("kwargs", "problem"),
    [
        ({"dialects": {"klingon": ""}}, "dialects.klingon: there is only "),
        (
            {"dialects": {"smsmobile": "/v1/messages", "native": ""}},
            "dialects.native: /v1/messages/{id} is smsmobile's already; give one of them a prefix or a port of its own",
        ),
        ({"options": {"smsmobile": {"legacy": True}}}, "options.legacy: no such option; there is legacy_http_200"),
        ({"options": {"smsmobile": {"legacy_http_200": "yes"}}}, "legacy_http_200: must be true or false, not 'yes'"),
        ({"options": {"smsmobile": {"timezone": "Mars/Olympus"}}}, "'Mars/Olympus' is not a time zone"),
        ({"options": {"smsmobile": {"timezone": 1}}}, "1 is not a time zone"),
        ({"options": {"smsmobile": {"timezone": "../etc/passwd"}}}, "is not a time zone"),
    ],
)
async def test_says_what_does_not_fit(kwargs: dict[str, Any], problem: str, tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        with pytest.raises(ConfigError) as caught:
            build_app(site.gateway, **kwargs)
    assert any(problem in each for each in caught.value.problems)


async def test_a_disabled_account_is_shut_out_within_a_second(site: HttpSite) -> None:
    assert (await site.ask("POST", "/vendor/sendsms", data=SEND)).status == 200
    await site.gateway.administration.change_account("test", site.account.name, AccountChange(disabled=True))
    site.clock.at += 1001
    assert (await site.ask("POST", "/vendor/sendsms", data=SEND)).status == 403
