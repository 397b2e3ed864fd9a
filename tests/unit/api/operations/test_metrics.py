"""`/metrics` over the real gateway and store: who may read it, in which format, and what of HTTP it counts."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from api.http.proxies import Proxies
from bridge.accounts.credentials import digest
from bridge.model.account import Account
from bridge.ports.store_rows import Credential
from tests.support.http_site import CREDENTIALS, Answer, HttpSite, open_site

HERE = ("127.0.0.1",)
KEY = CREDENTIALS["apikey"]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path, readers=HERE) as opened:
        yield opened


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[HttpSite]:
    """Nobody is let in for the address alone."""
    async with open_site(tmp_path, readers=()) as opened:
        await opened.store.add_account(Account("boss", operator=True), [Credential("apikey", "", digest("boss-key"))])
        yield opened


async def scrape(site: HttpSite, **headers: str) -> Answer:
    return await site.ask("GET", "/metrics", headers=headers)


async def samples(site: HttpSite) -> dict[tuple[str, ...], float]:
    """Name and label values, in the order of the labels' names → value."""
    text = (await scrape(site)).body.decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


async def send(site: HttpSite, key: str = KEY, to: str = "+15550123") -> Answer:
    return await site.ask("POST", "/sendsms", data={"apikey": key, "recipients": to, "message": "hello"})


class TestAccess:
    async def test_is_for_the_networks_of_the_configuration(self, site: HttpSite) -> None:
        assert (await scrape(site)).status == 200

    async def test_others_are_told_what_to_set(self, closed: HttpSite) -> None:
        answer = await scrape(closed)
        assert answer.status == 403
        assert b'[metrics] allow = ["127.0.0.1"]' in answer.body
        assert b"sms_bridge_" not in answer.body

    async def test_an_operators_key_is_always_good(self, closed: HttpSite) -> None:
        assert (await scrape(closed, Authorization="Bearer boss-key")).status == 200

    @pytest.mark.parametrize("key", [KEY, "wrong", ""])
    async def test_no_other_key_is(self, closed: HttpSite, key: str) -> None:
        assert (await scrape(closed, Authorization=f"Bearer {key}")).status == 403

    @pytest.mark.parametrize(
        "header",
        ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "CDN-Loop", "cf-ray", "X-Forwarded-Proto", "X-Varnish"],
    )
    async def test_a_proxy_that_nobody_named_does_not_lend_its_address(self, site: HttpSite, header: str) -> None:
        answer = await scrape(site, **{header: "for=203.0.113.7"})
        assert answer.status == 403
        assert b"proxy" in answer.body

    async def test_where_a_proxy_is_configured_this_machines_address_proves_nothing(self, tmp_path: Path) -> None:
        for number, options in enumerate(
            ({"proxies": Proxies.of(HERE)}, {"proxies": Proxies(unix=True)}, {"public_url": "https://sms.example.com"})
        ):
            folder = tmp_path / str(number)
            folder.mkdir()
            async with open_site(folder, readers=HERE, **options) as site:
                assert (await scrape(site)).status == 403
                boss = [Credential("apikey", "", digest("boss-key"))]
                await site.store.add_account(Account("boss", operator=True), boss)
                assert (await scrape(site, Authorization="Bearer boss-key")).status == 200

    async def test_a_trusted_proxy_says_who_asks(self, tmp_path: Path) -> None:
        async with open_site(tmp_path, readers=("203.0.113.0/24",), proxies=Proxies.of(HERE)) as site:
            assert (await scrape(site, **{"X-Forwarded-For": "203.0.113.7", "Via": "1.1 front"})).status == 200
            assert (await scrape(site, **{"X-Forwarded-For": "198.51.100.7"})).status == 403

    async def test_is_not_there_unless_asked_for(self, tmp_path: Path) -> None:
        async with open_site(tmp_path) as site:
            assert (await scrape(site)).status == 404


class TestFormat:
    async def test_is_the_text_format_unless_asked_otherwise(self, site: HttpSite) -> None:
        answer = await scrape(site)
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert len(list(parse(answer.body.decode()))) > 30

    async def test_is_openmetrics_when_asked_for(self, site: HttpSite) -> None:
        await send(site)
        # as Prometheus asks
        accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
        answer = await scrape(site, Accept=accept)
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert len(list(parse_openmetrics(answer.body.decode()))) > 30

    @pytest.mark.parametrize("accept", ["application/openmetrics-text;version=x", "text/plain;version=zz", "*", ";,"])
    async def test_an_accept_header_of_nonsense_gets_an_answer(self, site: HttpSite, accept: str) -> None:
        assert (await scrape(site, Accept=accept)).status == 200

    async def test_has_help_for_everything(self, site: HttpSite) -> None:
        text = (await scrape(site)).body.decode()
        assert all(family.documentation for family in parse(text))

    async def test_names_no_number_text_or_key(self, site: HttpSite) -> None:
        await send(site)
        await site.hear("a secret text", sender="+15550199")
        text = (await scrape(site)).body.decode()
        assert 'sms_bridge_messages_received_total{line="office"} 1.0' in text
        for private in ("5550123", "5550199", "5550100", "hello", "secret", KEY):
            assert private not in text

    async def test_a_label_may_hold_anything(self, tmp_path: Path) -> None:
        from bridge.model.line import Line, LineState

        odd = Line("x", "x", "gsm_modem", LineState.READY, model='E"3\\372\nmore', operator="Operatör\x00")
        async with open_site(tmp_path, lambda: [odd], readers=HERE) as site:
            assert (await samples(site))[("sms_bridge_line_state", "x", "x", "ready")] == 1
            assert (await scrape(site, Accept="application/openmetrics-text")).status == 200


class TestCounts:
    async def test_submissions_by_account_and_dialect(self, site: HttpSite) -> None:
        await send(site)
        headers = {"Authorization": f"Bearer {KEY}"}
        many = {"to": ["+15550100", "+15550101"], "text": "x"}
        assert (await site.ask("POST", "/v1/messages", json=many, headers=headers)).status == 202
        found = await samples(site)
        assert found["sms_bridge_messages_submitted_total", "shop", "smsmobile"] == 1
        assert found["sms_bridge_messages_submitted_total", "shop", "native"] == 2
        assert found["sms_bridge_messages", "queued"] == 3

    async def test_a_replay_is_not_submitted_again(self, site: HttpSite) -> None:
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "once"}
        for _ in range(2):
            await site.ask("POST", "/v1/messages", json={"to": "+15550100", "text": "x"}, headers=headers)
        assert (await samples(site))["sms_bridge_messages_submitted_total", "shop", "native"] == 1

    async def test_requests_by_dialect_and_class_of_status(self, site: HttpSite) -> None:
        await send(site)
        await send(site, to="nonsense")
        await send(site, key="wrong")
        await site.ask("GET", "/v1/me", headers={"Authorization": "Bearer wrong"})
        found = await samples(site)
        assert found["sms_bridge_http_requests_total", "2xx", "smsmobile"] == 1
        assert found["sms_bridge_http_requests_total", "4xx", "smsmobile"] == 2
        assert found["sms_bridge_http_requests_total", "4xx", "native"] == 1
        assert found["sms_bridge_http_request_duration_seconds_count", "smsmobile"] == 3

    async def test_a_stream_has_no_duration(self, site: HttpSite) -> None:
        headers = {"Authorization": f"Bearer {KEY}", "Accept": "text/event-stream"}
        async with site.session.get(f"{site.url}/v1/events", headers=headers) as stream:
            assert stream.status == 200
        async with aiohttp.ClientSession() as other, other.get(f"{site.url}/livez"):
            found = await samples(site)
        assert ("sms_bridge_http_request_duration_seconds_count", "native") not in found

    @pytest.mark.parametrize(
        ("path", "form"),
        [
            ("/sendsms", {"apikey": "wrong", "recipients": "+15550100", "message": "x"}),
            ("/oauth2/token", {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}),
            ("/api/v1/send", {"account": "shop", "pwd": "0" * 32, "mobiles": "13800138000", "content": "x"}),
            ("/sms/send.do", {"appId": "1", "appSecret": "2", "number": "+15550100", "message": "x"}),
        ],
    )
    async def test_credentials_refused_by_any_dialect(self, site: HttpSite, path: str, form: dict[str, str]) -> None:
        await site.ask("POST", path, data=form)
        found = {key: count for key, count in (await samples(site)).items() if key[0].startswith("sms_bridge_rejected")}
        assert sum(found.values()) == 1, found

    async def test_credentials_refused_over_soap(self, site: HttpSite) -> None:
        body = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:sendSms xmlns:m="urn:any">'
            "<recipients>+15550100</recipients><message>x</message><apikey>wrong</apikey>"
            "</m:sendSms></s:Body></s:Envelope>"
        )
        answer = await site.ask("POST", "/sendsms/soap", data=body, headers={"Content-Type": "text/xml; charset=utf-8"})
        assert b"Fault" in answer.body
        assert (await samples(site))["sms_bridge_rejected_calls_total", "unknown_caller"] == 1


class TestStore:
    async def test_a_store_that_cannot_be_read_takes_its_gauges_along_and_nothing_else(self, site: HttpSite) -> None:
        await site.close_store()
        found = await samples(site)
        assert ("sms_bridge_store_disk_free_bytes",) not in found
        assert found["sms_bridge_store_commits_total",] > 0

    async def test_commits_are_timed(self, site: HttpSite) -> None:
        before = await samples(site)
        await send(site)
        after = await samples(site)
        for name in ("sms_bridge_store_commits_total", "sms_bridge_store_commit_duration_seconds_count"):
            assert after[name,] == before[name,] + 1
        assert (
            after["sms_bridge_store_commit_duration_seconds_sum",]
            > before["sms_bridge_store_commit_duration_seconds_sum",]
        )

    async def test_lines_are_told_as_they_are(self, site: HttpSite) -> None:
        found = await samples(site)
        assert found["sms_bridge_line_state", "duo", "duo:2", "absent"] == 1
        assert found["sms_bridge_line_state", "duo", "duo:2", "ready"] == 0
        assert found["sms_bridge_line_battery_ratio", "duo:1"] == 0.87
