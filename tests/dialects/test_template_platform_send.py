"""What the parameters of `/api/sms/send` and `/api/sms/batch-send` do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from api.dialect.masking import masked
from bridge.model.account import Verification
from bridge.model.line import Line, LineState
from tests.support.http_site import LINES, HttpSite, open_site
from tests.support.template_calls import (
    HEADERS,
    SHOWN,
    TO,
    add_template,
    agree,
    assert_refused,
    assert_untouched,
    batch,
    furnish,
    prepaid,
    records,
    send,
)


@pytest.fixture(autouse=True)
async def furnished(site: HttpSite) -> None:
    await furnish(site)


class TestTemplates:
    @pytest.mark.parametrize(
        ("text", "params", "meant"),
        [
            ("码{code}", {"code": "1234"}, "码1234"),
            ("码${code}", {"code": "1234"}, "码1234"),
            ("{1}和{2}", {"1": "甲", "2": "乙"}, "甲和乙"),
            ("{a}{a}", {"a": "x"}, "xx"),
            ("没有参数", ..., "没有参数"),
            ("没有参数", [], "没有参数"),
            ("没有参数", None, "没有参数"),
            ("没有参数", {"more": "ignored"}, "没有参数"),
            ("{n} {x} {yes} {no}", {"n": 5, "x": 1.5, "yes": True, "no": False}, "5 1.5 true false"),
            ("{a}{b}", {"a": "{b}", "b": "${a}"}, "{b}${a}"),
            ("{a}!", {"a": ""}, "!"),
        ],
    )
    async def test_fills_the_places(self, site: HttpSite, text: str, params: Any, meant: str) -> None:
        await add_template(site, "t", text)
        answer = await send(site, template_id="t", params=params)
        assert answer.status == 200, answer.body
        assert (await site.the_message()).text == meant

    @pytest.mark.parametrize("number", ["12.50", "1e3", "0.00001", "-0.0", "12345678901234567890123"])
    async def test_fills_a_number_in_as_it_is_written(self, site: HttpSite, number: str) -> None:
        await add_template(site, "t", "{a}")
        body = f'{{"phone": "{TO}", "template_id": "t", "params": {{"a": {number}}}}}'
        answer = await site.ask("POST", "/api/sms/send", data=body, headers=HEADERS)
        assert answer.status == 200, answer.body
        assert (await site.the_message()).text == number

    async def test_names_the_values_that_are_missing(self, site: HttpSite) -> None:
        await add_template(site, "t", "{code} {time} {code}")
        assert_refused(await send(site, template_id="t", params={"more": "x"}), 400, "code, time")
        await assert_untouched(site)

    @pytest.mark.parametrize("template", ["999", "draft", "短信", "x' OR 1=1"])
    async def test_names_a_template_that_it_cannot_send_by(self, site: HttpSite, template: str) -> None:
        assert_refused(await send(site, template_id=template), 400, template)
        await assert_untouched(site)

    async def test_knows_no_template_of_another_account(self, site: HttpSite) -> None:
        await site.gateway.administration.remove_template("tests", "shop", "123456")
        assert_refused(await send(site), 400, "123456 不存在或未通过审核(请用 sms-bridge template add 添加)")

    @pytest.mark.parametrize("value", ["x" * 40_000, "a\x00b", "\ud83d", " "])
    async def test_refuses_a_text_that_cannot_be_sent(self, site: HttpSite, value: str) -> None:
        await add_template(site, "t", "{a}")
        assert_refused(await send(site, template_id="t", params={"a": value}), 400, "短信内容")
        await assert_untouched(site)


class TestProviders:
    async def test_sends_by_any_line_when_none_is_named(self, site: HttpSite) -> None:
        for absent in (..., None, ""):
            await send(site, provider=absent)
        assert {message.route for message in await site.messages()} == {""}

    @pytest.mark.parametrize(("named", "route"), [("office", "office"), ("Duo", "duo"), ("duo:2", "duo:2")])
    async def test_sends_by_the_route_that_is_named(self, site: HttpSite, named: str, route: str) -> None:
        assert (await send(site, provider=named)).status == 200
        assert (await site.the_message()).route == route
        assert (await records(site))["records"][0]["provider"] == route

    @pytest.mark.parametrize("named", ["tencent", "aliyun", "+15550100", "*"])
    async def test_names_what_there_is_instead_of_a_provider_that_is_not_configured(
        self, site: HttpSite, named: str
    ) -> None:
        assert_refused(await send(site, provider=named), 400, "provider", "duo, duo:1, duo:2, office")
        await assert_untouched(site)

    async def test_sends_by_the_cloud_routes_of_the_page_once_they_are_configured(self, tmp_path: Path) -> None:
        def lines() -> Sequence[Line]:
            return (*LINES, Line("tencent", "tencent", "cloud", LineState.READY))

        folder = tmp_path / "cloud"
        folder.mkdir()
        async with open_site(folder, lines) as site:
            await furnish(site)
            assert (await send(site, provider="tencent")).status == 200
            assert (await site.the_message()).route == "tencent"
            assert_refused(await send(site, provider="aliyun"), 400, "tencent")

    async def test_keeps_template_and_provider_with_the_message(self, site: HttpSite) -> None:
        await send(site, provider="office")
        assert (await site.the_message()).tag == "template_id=123456;provider=office"


class TestMasking:
    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("13800138000", "138****8000"),
            ("138 0013 8000", "138****8000"),
            ("+8613800138000", "+86138****8000"),
            ("008613800138000", "+86138****8000"),
            ("+15550123", "+15****23"),
            ("+447700900123", "+4477****123"),
            ("10010", "1****0"),
            ("12", "****2"),
            ("", "****"),
            ("x", "****"),
            ("not a number", "not****ber"),
        ],
    )
    def test_shows_the_ends_of_a_number(self, written: str, shown: str) -> None:
        assert masked(written) == shown

    @pytest.mark.parametrize("length", range(1, 21))
    def test_shows_no_more_than_half_of_a_number_of_another_length(self, length: int) -> None:
        number = "12345678901234567890"[:length]
        left = sum(char.isdigit() for char in masked(number))
        assert left == 7 if length == 11 else left <= length / 2


class TestCountries:
    async def test_takes_national_numbers_for_those_of_the_accounts_country(self, site: HttpSite) -> None:
        await agree(site, country="CN")
        assert (await send(site)).json["data"]["phone"] == SHOWN
        message = await site.the_message()
        assert (message.recipient, message.written) == ("+8613800138000", TO)
        assert (await records(site))["records"][0]["phone"] == SHOWN


class TestBatches:
    async def test_takes_a_hundred_numbers_and_not_one_more(self, site: HttpSite) -> None:
        numbers = [f"+447700900{index:03}" for index in range(101)]
        assert_refused(await batch(site, *numbers), 400, "phones", "100")
        await assert_untouched(site)
        data = (await batch(site, *numbers[:100])).json["data"]
        assert (data["total"], data["success_count"], data["failed_count"]) == (100, 100, 0)
        messages = await site.messages()
        assert [message.recipient for message in messages] == numbers[:100]
        assert [result["message_id"] for result in data["results"]] == [message.id for message in messages]
        assert {message.created_at for message in messages} == {site.clock.at}

    async def test_lets_the_rest_go_when_a_number_is_wrong(self, site: HttpSite) -> None:
        odd = ["shop", "", None, 13800138000, [], "1" * 500, "13800138000,15550123"]
        answer = await batch(site, TO, *odd, "+15550123")
        assert answer.status == 200
        data = answer.json["data"]
        assert (data["total"], data["success_count"], data["failed_count"]) == (9, 2, 7)
        assert [result["success"] for result in data["results"]] == [True, *[False] * 7, True]
        for phone, result in zip(odd, data["results"][1:8], strict=True):
            assert set(result) == {"phone", "success", "message"}
            wrong = "不是有效的手机号码" if isinstance(phone, str) else "必须是字符串"
            assert result["message"] == f"请求参数错误:phone {wrong}"
        assert [message.recipient for message in await site.messages()] == [TO, "+15550123"]

    async def test_sends_to_a_number_that_comes_twice_once(self, site: HttpSite) -> None:
        data = (await batch(site, "+15550123", "001 555 0123")).json["data"]
        assert [result["success"] for result in data["results"]] == [True, False]
        assert "重复" in data["results"][1]["message"]
        assert len(await site.messages()) == 1

    async def test_sends_to_one_person_in_several_spellings_once(self, site: HttpSite) -> None:
        spellings = ("+8613800138000", "138-0013-8000", "0086 138 0013 8000", "8613800138000")
        data = (await batch(site, "13800138000", *spellings, "+13800138000")).json["data"]
        assert [result["success"] for result in data["results"]] == [True, *[False] * 4, True]
        assert [message.recipient for message in await site.messages()] == ["13800138000", "+13800138000"]

    async def test_answers_when_no_number_is_right(self, site: HttpSite) -> None:
        data = (await batch(site, "a", "b")).json["data"]
        assert (data["success_count"], data["failed_count"]) == (0, 2)
        await assert_untouched(site)

    async def test_queues_nothing_when_the_credits_do_not_cover_all(self, site: HttpSite) -> None:
        await prepaid(site, 2)
        assert_refused(await batch(site, TO, "+15550123", "+15550124"), 400, "余额不足")
        await assert_untouched(site, credits=2)
        assert (await batch(site, TO, "bad", "+15550124")).json["data"]["success_count"] == 2
        await assert_untouched(site, messages=2, credits=0)

    async def test_lets_the_rest_go_when_a_number_had_its_messages_for_today(self, site: HttpSite) -> None:
        await agree(site, daily_per_recipient=1)
        await send(site)
        assert_refused(await send(site), 400, "上限")
        data = (await batch(site, TO, "+15550123")).json["data"]
        assert [result["success"] for result in data["results"]] == [False, True]
        assert "上限" in data["results"][0]["message"]
        assert [message.recipient for message in await site.messages()] == [TO, "+15550123"]

    async def test_takes_a_provider_too(self, site: HttpSite) -> None:
        answer = await batch(site, TO, provider="office")
        message = await site.the_message()
        assert message.route == "office"
        assert message.tag == f"template_id=123456;provider=office;batch={answer.json['data']['batch_id']}"


async def test_sends_nothing_for_an_account_that_is_not_verified(site: HttpSite) -> None:
    for verification in (Verification.PENDING, Verification.REJECTED):
        await agree(site, verification=verification)
        assert_refused(await send(site), 403, "未完成实名认证")
        assert_refused(await batch(site, TO, "bad"), 403, "未完成实名认证")
    await assert_untouched(site)
