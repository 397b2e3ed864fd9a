"""`/send` of the account/MD5 dialect."""

import uuid
from urllib.parse import urlencode

import pytest

from bridge.model.account import AccountChange, Payment, Verification
from bridge.model.message import Draft, State
from bridge.model.query import MessageQuery
from tests.support.account_v1_calls import OTHER, PWD, SHOP, TO, post, pull, refused, send, send_form, set_terms
from tests.support.http_site import HttpSite


async def test_answers_as_the_page_prints_it(site: HttpSite) -> None:
    answer = await post(site, "/api/v1/send", send_form(taskId="b681adb3-fc1a-422d-80dd-b95cec7be769"))
    sample = '{"code": "00", "data": {"taskId": "b681adb3-fc1a-422d-80dd-b95cec7be769"}, "message": "成功"}'
    assert answer.body.decode() == sample


async def test_makes_up_an_id_when_the_caller_has_none(site: HttpSite) -> None:
    first, second = await send(site), await send(site, taskId="")
    assert uuid.UUID(first).version == uuid.UUID(second).version == 4
    assert first != second


async def test_queues_a_message_for_each_number(site: HttpSite) -> None:
    task = await send(site, mobiles=f"{TO},{OTHER}", content="端午节快乐【商店】", extNo="10")
    first, second = await site.messages()
    assert [first.written, second.written] == [TO, OTHER]
    assert first.text == second.text == "端午节快乐【商店】"
    assert [first.client_ref, second.client_ref] == [f"{task}#1", f"{task}#2"]
    assert {each.tag for each in (first, second)} == {"10"}
    assert {each.dialect for each in (first, second)} == {"account_v1"}


@pytest.mark.parametrize("written", [f"{TO},{OTHER}", f" {TO} , {OTHER},", f"{TO}\uff0c{OTHER}", f"{TO},,{OTHER},{TO}"])
async def test_reads_the_list_as_people_write_it_and_each_number_once(site: HttpSite, written: str) -> None:
    await send(site, mobiles=written)
    assert [message.written for message in await site.messages()] == [TO, OTHER]


@pytest.mark.parametrize("country", ["", "CN"])
async def test_one_person_in_several_spellings_gets_the_text_once(site: HttpSite, country: str) -> None:
    await set_terms(site, country=country)
    spellings = [TO, "138-0013-8000", "138 0013 8000", f"+86{TO}", f"0086{TO}", f"86{TO}", "+86 138 0013 8000"]
    await send(site, mobiles=",".join([*spellings, OTHER, "0044 7700 900123"]))
    assert [message.written for message in await site.messages()] == [TO, OTHER]


async def test_numbers_of_two_countries_with_the_same_digits_are_two_people(site: HttpSite) -> None:
    await send(site, mobiles=f"+{TO},{TO}")
    assert [message.recipient for message in await site.messages()] == [f"+{TO}", TO]


async def test_a_long_list_in_other_spellings_is_each_person_once(site: HttpSite) -> None:
    await set_terms(site, country="GB")
    numbers = [f"07700900{number:03}" for number in range(900)]
    await send(site, mobiles=",".join(numbers + [f"+44{number[1:]}" for number in numbers]))
    assert sorted(message.written for message in await site.messages()) == numbers


@pytest.mark.parametrize("raw", ["+8613800138000,+447700900123", "%2B8613800138000,%2B447700900123"])
async def test_a_raw_plus_in_the_list_is_a_plus(site: HttpSite, raw: str) -> None:
    form = send_form()
    del form["mobiles"]
    body = f"{urlencode(form)}&mobiles={raw}".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await site.ask("POST", "/api/v1/send", data=body, headers=headers)).json["code"] == "00"
    assert [message.recipient for message in await site.messages()] == ["+8613800138000", "+447700900123"]


@pytest.mark.parametrize("charset", ["GBK", "gb2312", "GB18030"])
async def test_reads_a_form_in_a_chinese_charset_that_it_names(site: HttpSite, charset: str) -> None:
    body = urlencode(send_form(content="端午节快乐"), encoding=charset).encode()
    headers = {"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"}
    assert (await site.ask("POST", "/api/v1/send", data=body, headers=headers)).json["code"] == "00"
    assert (await site.the_message()).text == "端午节快乐"


async def test_answers_at_a_base_url_that_ends_in_a_slash(site: HttpSite) -> None:
    for path in ("//api/v1/send", "//api/v1/send/", "///api/v1/send"):
        assert (await post(site, path, send_form())).json["code"] == "00"


async def test_takes_3000_numbers_in_one_piece(site: HttpSite) -> None:
    numbers = [f"+1555{number:07}" for number in range(3000)]
    task = await send(site, mobiles=",".join(numbers), taskId="t" * 100)
    page = await site.gateway.messages(site.account, MessageQuery(limit=3001))
    assert sorted(message.recipient for message in page.rows) == numbers
    assert refused(await post(site, "/api/v1/send", send_form(taskId=task))) == "06"


async def test_refuses_3001_numbers(site: HttpSite) -> None:
    numbers = ",".join(f"+1555{number:07}" for number in range(3001))
    answer = await post(site, "/api/v1/send", send_form(mobiles=numbers))
    assert refused(answer) == "04"
    assert "3000" in answer.json["message"]
    assert refused(await post(site, "/api/v1/send", send_form(mobiles=",".join([TO] * 3001)))) == "04"
    assert not await site.messages()


async def test_one_wrong_number_among_many_holds_all_of_them_and_is_named(site: HttpSite) -> None:
    for mobiles in (f"{TO},shop,{OTHER}", "shop"):
        answer = await post(site, "/api/v1/send", send_form(mobiles=mobiles))
        assert refused(answer) == "03"
        assert "mobiles" in answer.json["message"]
        assert "shop" in answer.json["message"]
    assert not await site.messages()


async def test_a_task_id_is_good_for_one_request(site: HttpSite) -> None:
    await send(site, taskId="order-17")
    assert refused(await post(site, "/api/v1/send", send_form(taskId="order-17", mobiles=OTHER))) == "06"
    assert (await site.the_message()).written == TO


async def test_a_text_longer_than_advised_goes_in_parts(site: HttpSite) -> None:
    await send(site, content="端" * 1000)
    assert (await site.the_message()).parts == 15


@pytest.mark.parametrize("text", ["", " ", "x" * 40_000, "x\x00y"])
async def test_refuses_a_text_that_cannot_be_sent(site: HttpSite, text: str) -> None:
    answer = await post(site, "/api/v1/send", send_form(content=text))
    assert (refused(answer), "content" in answer.json["message"]) == ("07", True)
    assert not await site.messages()


@pytest.mark.parametrize("number", ["0", "1", "10", "007", "9" * 20])
async def test_takes_an_extension_of_digits_as_it_is(site: HttpSite, number: str) -> None:
    await send(site, extNo=number)
    assert (await site.the_message()).tag == number


@pytest.mark.parametrize("number", ["-1", "1.5", "ten", "1e3", "٣", "1" * 21, "+1"])
async def test_refuses_any_other_extension(site: HttpSite, number: str) -> None:
    answer = await post(site, "/api/v1/send", send_form(extNo=number))
    assert (refused(answer), "extNo" in answer.json["message"]) == ("03", True)
    assert not await site.messages()


class TestTerms:
    async def test_takes_the_md5_in_either_case(self, site: HttpSite) -> None:
        await send(site, pwd=PWD.upper())
        await send(site, pwd=PWD.lower())

    @pytest.mark.parametrize(
        "pair", [{"pwd": "0" * 32}, {"pwd": "f3" * 16}, {"pwd": "x"}, {"account": "nobody"}, {"account": SHOP + " "}]
    )
    async def test_does_not_tell_a_wrong_account_from_a_wrong_password(
        self, site: HttpSite, pair: dict[str, str]
    ) -> None:
        answer = await post(site, "/api/v1/send", send_form(**pair))
        assert refused(answer) == "01"
        other = await post(site, "/api/v1/send", send_form(pwd="0" * 32))
        assert answer.json == other.json
        assert not await site.messages()

    async def test_asks_for_the_pair_in_every_call(self, site: HttpSite) -> None:
        for path in ("send", "report", "mo", "queryBalance"):
            for missing in ("account", "pwd"):
                answer = await post(site, f"/api/v1/{path}", send_form(**{missing: None}))
                assert (refused(answer), missing in answer.json["message"]) == ("03", True)
            assert refused(await post(site, f"/api/v1/{path}", send_form(pwd="0" * 32))) == "01"

    async def test_refuses_addresses_that_the_administrator_did_not_name(self, site: HttpSite) -> None:
        await set_terms(site, addresses=("192.0.2.0/24",))
        answer = await post(site, "/api/v1/send", send_form())
        assert (refused(answer), answer.json["message"]) == ("02", "IP 地址 127.0.0.1 不允许访问")
        await set_terms(site, addresses=("127.0.0.1",))
        await send(site)

    async def test_refuses_a_disabled_account(self, site: HttpSite) -> None:
        await site.gateway.administration.change_account("test", "shop", AccountChange(disabled=True))
        assert refused(await post(site, "/api/v1/send", send_form())) == "08"

    async def test_refuses_an_account_that_is_not_verified(self, site: HttpSite) -> None:
        await set_terms(site, verification=Verification.PENDING)
        assert refused(await post(site, "/api/v1/send", send_form())) == "08"

    async def test_refuses_more_requests_than_agreed(self, site: HttpSite) -> None:
        await set_terms(site, requests_per_minute=2)
        await send(site)
        await send(site)
        assert refused(await post(site, "/api/v1/send", send_form())) == "09"

    async def test_refuses_what_the_credits_do_not_cover_and_takes_none(self, site: HttpSite) -> None:
        await set_terms(site, payment=Payment.PREPAID)
        await site.gateway.administration.top_up("test", "shop", 2)
        assert refused(await post(site, "/api/v1/send", send_form(mobiles=f"{TO},{OTHER},+15550123"))) == "05"
        assert not await site.messages()
        assert (await pull(site, "queryBalance"))["balance"] == 2
        await send(site, mobiles=f"{TO},{OTHER}")
        assert (await pull(site, "queryBalance"))["balance"] == 0

    async def test_refuses_one_number_too_often_in_a_day(self, site: HttpSite) -> None:
        await set_terms(site, daily_per_recipient=1)
        await send(site)
        assert refused(await post(site, "/api/v1/send", send_form())) == "09"

    async def test_numbers_belong_to_the_country_of_the_account(self, site: HttpSite) -> None:
        await set_terms(site, country="CN")
        await send(site)
        message = await site.the_message()
        assert (message.recipient, message.written) == ("+8613800138000", TO)


class TestBalance:
    async def test_answers_as_the_page_prints_it(self, site: HttpSite) -> None:
        await set_terms(site, payment=Payment.PREPAID)
        await site.gateway.administration.top_up("test", "shop", 200_000)
        answer = await post(site, "/api/v1/queryBalance", {"account": SHOP, "pwd": PWD})
        sample = '{"code": "00", "data": {"balance": 200000, "payment": 0, "paymentName": "预付"}, "message": "成功"}'
        assert answer.body.decode() == sample

    async def test_tells_of_accounts_that_pay_afterwards(self, site: HttpSite) -> None:
        await site.gateway.administration.top_up("test", "shop", 1)
        await send(site, mobiles=f"{TO},{OTHER}")
        assert await pull(site, "queryBalance") == {"balance": -1, "payment": 1, "paymentName": "后付"}

    async def test_never_looks_empty_where_nothing_is_counted(self, site: HttpSite) -> None:
        assert (await pull(site, "queryBalance"))["balance"] == 999_999_999


async def test_a_message_of_the_same_account_by_another_way_keeps_clear_of_task_ids(site: HttpSite) -> None:
    await site.gateway.submit(site.account, [Draft(OTHER, "hello", client_ref="order-17")])
    await send(site, taskId="order-17")
    assert {message.state for message in await site.messages()} == {State.QUEUED}
