from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.http_site import HttpSite, open_site

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path) as opened:
        yield opened


async def script(site: HttpSite) -> str:
    """The path of the page's first script."""
    first = (await site.ask("GET", "/", headers=BROWSER)).body.decode()
    return "/" + first.partition('<script type="module" src="')[2].partition('"')[0]


async def test_a_browser_gets_the_page_and_curl_gets_text(site: HttpSite) -> None:
    page = await site.ask("GET", "/", headers=BROWSER)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'<div id="page">' in page.body
    text = await site.ask("GET", "/")
    assert text.headers["Content-Type"].startswith("text/plain")
    assert b"Dialects spoken here" in text.body


async def test_nothing_of_others_may_run_in_the_page(site: HttpSite) -> None:
    for path in ("/", await script(site)):
        headers = (await site.ask("GET", path, headers=BROWSER)).headers
        policy = headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(policy)
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


async def test_the_first_file_is_asked_for_again_and_not_sent_again(site: HttpSite) -> None:
    first = await site.ask("GET", "/", headers=BROWSER)
    assert first.headers["Cache-Control"] == "no-cache"
    again = await site.ask("GET", "/", headers=BROWSER | {"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    other = await site.ask("GET", "/", headers=BROWSER | {"If-None-Match": '"another"'})
    assert other.status == 200


async def test_the_other_files_are_kept_for_good(site: HttpSite) -> None:
    path = await script(site)
    answer = await site.ask("GET", path, headers=BROWSER)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_who_takes_no_gzip_gets_the_file_as_it_is(site: HttpSite) -> None:
    plain = await site.ask("GET", await script(site), headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert b"import" in plain.body


@pytest.mark.parametrize("name", ["nothing.js", "../files.py", "%2e%2e/files.py", "index.html", "vendor/README.md"])
async def test_only_files_of_the_page_are_given_away(site: HttpSite, name: str) -> None:
    folder = (await script(site)).rpartition("/")[0]
    assert (await site.ask("GET", f"{folder}/{name}", headers=BROWSER)).status == 404


async def test_a_file_of_another_release_is_not_taken_for_one_of_this(site: HttpSite) -> None:
    answer = await site.ask("GET", "/page/0123456789abcdef/main.js", headers=BROWSER)
    assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")


async def test_the_page_is_where_the_native_api_is(tmp_path: Path) -> None:
    async with open_site(tmp_path, dialects={"native": "/sms"}) as site:
        assert b'<meta name="api" content="/sms">' in (await site.ask("GET", "/", headers=BROWSER)).body
    (tmp_path / "other").mkdir()
    async with open_site(tmp_path / "other", dialects={"smsmobile": ""}) as site:
        assert (await site.ask("GET", "/", headers=BROWSER)).headers["Content-Type"].startswith("text/plain")
