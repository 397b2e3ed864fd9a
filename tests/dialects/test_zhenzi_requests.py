"""The calls of Zhenzi's page, and the answers that it prints."""

import json
from pathlib import Path

import pytest

from bridge.model.message import Draft, State
from tests.support.http_site import HttpSite, open_site
from tests.support.zhenzi_calls import (
    APP,
    BALANCE,
    BY_TEMPLATE,
    CREDITS,
    FIND,
    GOOD,
    SEND,
    TO,
    add_template,
    agree,
    assert_refused,
    assert_untouched,
    call,
    furnish,
)

SENT = b'{"code": 0, "data": "\xe5\x8f\x91\xe9\x80\x81\xe6\x88\x90\xe5\x8a\x9f"}'
DAY = 86_400_000


@pytest.fixture(autouse=True)
async def furnished(site: HttpSite) -> None:
    await furnish(site)


class TestSending:
    async def test_sends_as_the_page_says(self, site: HttpSite) -> None:
        answer = await call(site, SEND)
        assert (answer.status, answer.body) == (200, SENT)
        assert answer.json == {"code": 0, "data": "发送成功"}
        message = await site.the_message()
        assert (message.written, message.text, message.state) == (TO, "您的验证码是1234", State.QUEUED)
        await assert_untouched(site, messages=1, credits=CREDITS - 1)

    async def test_takes_fields_in_the_query_and_in_json(self, site: HttpSite) -> None:
        assert (await site.ask("POST", SEND, params=GOOD[SEND])).body == SENT
        assert (await site.ask("POST", SEND, json=GOOD[SEND])).body == SENT
        by_template = GOOD[BY_TEMPLATE] | {"templateParams": [1234, "5"]}
        assert (await site.ask("POST", BY_TEMPLATE, json=by_template)).body == SENT
        assert [message.text for message in await site.messages()][-1] == "您的验证码是1234,5分钟内有效"

    async def test_takes_numbers_as_values_of_a_template(self, site: HttpSite) -> None:
        await call(site, BY_TEMPLATE, templateParams="[1234, 5]")
        assert (await site.the_message()).text == "您的验证码是1234,5分钟内有效"

    async def test_numbers_of_a_template_are_as_they_are_written(self, site: HttpSite) -> None:
        await call(site, BY_TEMPLATE, templateParams="[12.50, 0.00001]")
        assert (await site.the_message()).text == "您的验证码是12.50,0.00001分钟内有效"
        for odd in ("NaN", "-Infinity", "true", "null"):
            assert_refused(await call(site, BY_TEMPLATE, templateParams=f'["1", {odd}]'), 100, "templateParams")

    async def test_a_number_counts_for_the_day_however_it_is_written(self, site: HttpSite) -> None:
        await agree(site, daily_per_recipient=2)
        for number in (TO, f"+86{TO}"):
            assert (await call(site, SEND, number=number)).body == SENT
        assert (await call(site, SEND, number=f"0086{TO}")).json["code"] == 109

    async def test_takes_a_form_in_several_parts_too(self, site: HttpSite) -> None:
        fields = APP | {"message": "两行\r\n100% ✓", "number": TO}
        parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields]
        data = "".join([*parts, "--x--\r\n"]).encode()
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert (await site.ask("POST", SEND, data=data, headers=headers)).body == SENT
        assert (await site.the_message()).text == "两行\r\n100% ✓"

    async def test_takes_a_thousand_characters_and_not_one_more(self, site: HttpSite) -> None:
        assert (await call(site, SEND, message="字" * 1000)).body == SENT
        assert len((await site.the_message()).text) == 1000
        assert_refused(await call(site, SEND, message="字" * 1001), 101, "1000")
        assert_refused(await call(site, SEND, message="字" * 40_000), 101)
        assert len(await site.messages()) == 1

    async def test_keeps_the_id_of_its_caller(self, site: HttpSite) -> None:
        assert (await call(site, SEND, messageId="order-1")).body == SENT
        assert (await site.the_message()).client_ref == "order-1"

    async def test_refuses_an_id_that_was_used_before(self, site: HttpSite) -> None:
        await call(site, SEND, messageId="order-1")
        for path in (SEND, BY_TEMPLATE):
            assert_refused(await call(site, path, messageId="order-1"), 100, "messageId")
        await assert_untouched(site, messages=1, credits=CREDITS - 1)

    async def test_says_where_a_template_is_from(self, site: HttpSite) -> None:
        answer = await call(site, BY_TEMPLATE, templateId="none")
        assert_refused(answer, 100, "模板 none 不存在或未通过审核(请用 sms-bridge template add 添加)")

    async def test_wants_a_callback_url_for_an_id(self, site: HttpSite) -> None:
        (endpoint,) = await site.gateway.endpoints.find(site.account)
        await site.gateway.endpoints.remove("test", site.account, endpoint.id)
        await site.gateway.endpoints.add("test", site.account, "http://127.0.0.1:9/other", "v2")
        for path in (SEND, BY_TEMPLATE):
            assert_refused(
                await call(site, path, messageId="order-1"),
                100,
                "messageId",
                "回调地址(sms-bridge webhook add --format zhenzi)",
            )
            assert (await call(site, path, messageId="")).body == SENT
        assert len(await site.messages()) == 2


class TestTemplates:
    async def test_sends_by_template(self, site: HttpSite) -> None:
        assert (await call(site, BY_TEMPLATE)).body == SENT
        message = await site.the_message()
        assert (message.text, message.tag) == ("您的验证码是1234,5分钟内有效", "template_id=two")

    @pytest.mark.parametrize(
        ("text", "values", "meant"),
        [
            ("{1}和{2}", ["甲", "乙"], "甲和乙"),
            ("{2}和{1}", ["甲", "乙"], "乙和甲"),
            ("{b}{a}{b}", ["x", "y"], "xyx"),
            ("${a}", ["{a}"], "{a}"),
            ("没有参数", [], "没有参数"),
        ],
    )
    async def test_puts_values_into_their_places(
        self, site: HttpSite, text: str, values: list[str], meant: str
    ) -> None:
        await add_template(site, "t", text)
        answer = await call(site, BY_TEMPLATE, templateId="t", templateParams=json.dumps(values))
        assert answer.body == SENT
        assert (await site.the_message()).text == meant

    async def test_needs_no_values_where_there_are_no_places(self, site: HttpSite) -> None:
        await add_template(site, "t", "没有参数")
        for absent in (None, ""):
            assert (await call(site, BY_TEMPLATE, templateId="t", templateParams=absent, clientIp=absent)).body == SENT

    @pytest.mark.parametrize("values", [[], ["1"], ["1", "2", "3"]])
    async def test_wants_as_many_values_as_there_are_places(self, site: HttpSite, values: list[str]) -> None:
        answer = await call(site, BY_TEMPLATE, templateParams=json.dumps(values))
        assert_refused(answer, 100, "templateParams", f"需要 2 个参数,收到 {len(values)} 个")
        await assert_untouched(site)

    async def test_refuses_a_text_that_becomes_too_long(self, site: HttpSite) -> None:
        answer = await call(site, BY_TEMPLATE, templateParams=json.dumps(["字" * 990, "5"]))
        assert_refused(answer, 101)
        await assert_untouched(site)


class TestBalance:
    async def test_tells_how_many_messages_are_left(self, site: HttpSite) -> None:
        assert (await call(site, BALANCE)).json == {"code": 0, "data": CREDITS}
        await call(site, SEND)
        assert (await call(site, BALANCE)).json == {"code": 0, "data": CREDITS - 1}

    async def test_tells_a_whole_number_where_none_are_counted(self, tmp_path: Path) -> None:
        folder = tmp_path / "uncounted"
        folder.mkdir()
        async with open_site(folder) as site:
            assert (await call(site, BALANCE)).json == {"code": 0, "data": 2_147_483_647}


class TestFinding:
    async def test_finds_a_message_by_the_id_of_its_caller(self, site: HttpSite) -> None:
        await agree(site, zone="Asia/Shanghai", country="CN")
        await call(site, SEND, messageId="order-1")
        row = {
            "messageId": "order-1",
            "number": TO,
            "message": "您的验证码是1234",
            "status": "waiting",
            "createTime": "2026-03-21 05:07:46",
            "sendTime": "",
            "appId": APP["appId"],
        }
        assert (await call(site, FIND)).json == {"code": 0, "data": row}
        site.clock.at += 5000
        await site.bring((await site.the_message()).id, State.SENT)
        row |= {"status": "sent", "sendTime": "2026-03-21 05:07:51"}
        assert (await call(site, FIND)).json == {"code": 0, "data": row}

    @pytest.mark.parametrize("state", State)
    async def test_tells_the_state(self, site: HttpSite, state: State) -> None:
        later = site.clock.at + DAY if state is State.SCHEDULED else 0
        draft = Draft(TO, "hi", client_ref="order-1", not_before=later)
        (message,) = (await site.gateway.submit(site.account, [draft])).messages
        await site.bring(message.id, state)
        words = {"expired": "failed", "cancelled": "failed"} | dict.fromkeys(
            ("scheduled", "queued", "sending"), "waiting"
        )
        assert (await call(site, FIND)).json["data"]["status"] == words.get(state, state.value)

    async def test_finds_nothing_of_another_account_nor_by_another_id(self, site: HttpSite) -> None:
        await call(site, SEND)
        for wanted in ("order-1", (await site.the_message()).id, "%", "'"):
            assert_refused(await call(site, FIND, messageId=wanted), 100, "没有")
