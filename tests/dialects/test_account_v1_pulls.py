"""`/report` and `/mo` of the account/MD5 dialect: each row once, in the page's types."""

import asyncio

import pytest

from bridge.model.message import Draft, Message, State
from bridge.model.radio import InboundReport
from bridge.ports.store_rows import Outcome
from tests.support.account_v1_calls import OTHER, PWD, SHOP, TO, post, pull, send, set_terms
from tests.support.http_site import HttpSite


async def end(site: HttpSite, state: State, error: str = "", reports: bool = True) -> None:
    """The oldest queued message comes to this."""
    claim = await site.store.claim("office", ("",), site.clock.at)
    assert claim is not None
    await site.store.record(Outcome(claim.message.id, claim.index, state, 7, error, reports=reports), site.clock.at)


async def report(site: HttpSite, message: Message, state: State, detail: str = "") -> None:
    """The network tells of a message that went out."""
    item = InboundReport("office", "1", message.recipient, 7, state, detail)
    assert await site.store.settle(item, site.clock.at) is not None


class TestReports:
    async def test_answers_as_the_page_prints_it(self, site: HttpSite) -> None:
        await set_terms(site, zone="Asia/Shanghai")
        task = await send(site)
        await end(site, State.DELIVERED)
        answer = await post(site, "/api/v1/report", {"account": SHOP, "pwd": PWD})
        sample = (
            f'{{"code": "00", "data": [{{"sendId": "{task}", "status": "DELIVER", "times": "2026-03-21 05:07:45",'
            ' "mobile": "138****8000", "extNo": ""}], "message": "成功"}'
        )
        assert answer.body.decode() == sample

    async def test_hands_out_each_row_once(self, site: HttpSite) -> None:
        first = await send(site, mobiles=f"{TO},{OTHER}", extNo="10")
        await end(site, State.DELIVERED)
        await end(site, State.DELIVERED)
        rows = await pull(site, "report")
        assert [(row["sendId"], row["mobile"], row["extNo"]) for row in rows] == [
            (first, "138****8000", "10"),
            (first, "+4477****123", "10"),
        ]
        assert await pull(site, "report") == []
        await send(site)
        assert await pull(site, "report") == []
        await end(site, State.DELIVERED)
        assert len(await pull(site, "report")) == 1

    @pytest.mark.parametrize("written", ["138-0013-8000", "138 0013 8000", "(138) 0013.8000"])
    async def test_masks_a_number_however_it_was_written(self, site: HttpSite, written: str) -> None:
        await send(site, mobiles=written)
        await end(site, State.DELIVERED)
        assert [row["mobile"] for row in await pull(site, "report")] == ["138****8000"]

    async def test_hands_out_each_row_once_to_callers_at_the_same_time(self, site: HttpSite) -> None:
        await send(site, mobiles=",".join(f"+155501{number:02}" for number in range(20)))
        for _ in range(20):
            await end(site, State.DELIVERED)
        pulled = await asyncio.gather(*(pull(site, "report") for _ in range(8)))
        assert sum(len(rows) for rows in pulled) == 20

    @pytest.mark.parametrize(
        ("state", "error", "word"),
        [
            (State.DELIVERED, "", "DELIVER"),
            (State.FAILED, "+CMS ERROR: 42 (congestion)", "REJECTD"),
            (State.UNKNOWN, "no answer", "UNKNOWN"),
        ],
    )
    async def test_has_a_word_for_what_came_of_it(self, site: HttpSite, state: State, error: str, word: str) -> None:
        task = await send(site)
        await end(site, state, error)
        (row,) = await pull(site, "report")
        assert (row["sendId"], row["status"]) == (task, word)

    async def test_tells_when_the_network_gave_up_on_what_it_had_taken(self, site: HttpSite) -> None:
        await send(site)
        await end(site, State.SENT)
        assert await pull(site, "report") == []
        message = await site.the_message()
        await report(site, message, State.FAILED, "absent subscriber")
        (row,) = await pull(site, "report")
        assert row["status"] == "UNDELIV"

    async def test_tells_of_time_that_ran_out_and_of_what_was_taken_back(self, site: HttpSite) -> None:
        await send(site)
        await site.gateway.cancel(site.account, (await site.the_message()).id)
        await send(site)
        site.clock.at += 3 * 86_400_000
        await site.store.advance(site.clock.at)
        assert [row["status"] for row in await pull(site, "report")] == ["DELETED", "EXPIRED"]

    async def test_tells_of_numbers_that_nothing_is_sent_to(self, site: HttpSite) -> None:
        await site.gateway.administration.suppress("test", "shop", TO)
        task = await send(site, mobiles=f"{TO},{OTHER}")
        (row,) = await pull(site, "report")
        assert (row["sendId"], row["status"], row["mobile"]) == (task, "MBBLACK", "138****8000")
        assert (await site.messages())[1].state is State.QUEUED

    async def test_sent_is_enough_where_the_account_says_so(self, site: HttpSite) -> None:
        await set_terms(site, report_on="sent")
        await send(site)
        await end(site, State.SENT)
        assert [row["status"] for row in await pull(site, "report")] == ["DELIVER"]

    async def test_sent_is_enough_where_the_line_can_tell_no_more(self, site: HttpSite) -> None:
        await send(site)
        await end(site, State.SENT, reports=False)
        assert [row["status"] for row in await pull(site, "report")] == ["DELIVER"]

    async def test_tells_of_messages_that_came_in_by_other_ways_under_their_own_id(self, site: HttpSite) -> None:
        sent = await site.gateway.submit(site.account, [Draft(TO, "hello", client_ref="a#b", tag="no number")])
        await end(site, State.DELIVERED)
        (row,) = await pull(site, "report")
        assert (row["sendId"], row["extNo"]) == (sent.messages[0].id, "")


class TestReceived:
    async def test_answers_as_the_page_prints_it(self, site: HttpSite) -> None:
        await set_terms(site, zone="Asia/Shanghai")
        await send(site, extNo="10")
        await site.hear("端午节快乐", "+86" + TO)
        answer = await post(site, "/api/v1/mo", {"account": SHOP, "pwd": PWD})
        sample = (
            '{"code": "00", "data": [{"mobile": "138****8000", "content": "端午节快乐",'
            ' "times": "2026-03-21 05:07:45", "extNo": 10}], "message": "成功"}'
        )
        assert answer.body.decode() == sample

    async def test_hands_out_each_row_once(self, site: HttpSite) -> None:
        await site.hear("first")
        await site.hear("second", "MPESA")
        rows = await pull(site, "mo")
        assert [(row["content"], row["extNo"]) for row in rows] == [("first", ""), ("second", "")]
        assert rows[1]["mobile"] == "MPESA"
        assert await pull(site, "mo") == []
        await site.hear("third")
        assert [row["content"] for row in await pull(site, "mo")] == ["third"]

    @pytest.mark.parametrize(("sent", "told"), [("10", 10), ("007", "007"), ("9" * 16, "9" * 16)])
    async def test_an_extension_comes_back_as_it_was(self, site: HttpSite, sent: str, told: int | str) -> None:
        await send(site, mobiles="+15550123", extNo=sent)
        await site.hear("yes", "+15550123")
        assert [row["extNo"] for row in await pull(site, "mo")] == [told]

    async def test_an_answer_has_the_extension_of_its_time_however_late_it_is_pulled(self, site: HttpSite) -> None:
        for extension in ("10", "11", ""):
            await send(site, mobiles="+15550123", extNo=extension)
            site.clock.at += 1000
            await site.hear(f"to {extension}")
            site.clock.at += 1000
        await send(site, mobiles="+15550123", extNo="12")
        rows = await pull(site, "mo")
        assert [(row["content"], row["extNo"]) for row in rows] == [("to 10", 10), ("to 11", 11), ("to ", "")]

    @pytest.mark.parametrize(
        ("written", "sender"),
        [("8613800138000", "+8613800138000"), (TO, "+8613800138000"), ("07700 900123", OTHER), (OTHER, "07700900123")],
    )
    async def test_an_answer_is_to_what_was_sent_in_another_spelling(
        self, site: HttpSite, written: str, sender: str
    ) -> None:
        await send(site, mobiles=written, extNo="10")
        await site.hear("yes", sender)
        assert [row["extNo"] for row in await pull(site, "mo")] == [10]

    async def test_the_extension_is_that_of_the_last_message_to_the_sender(self, site: HttpSite) -> None:
        await send(site, mobiles="+15550123", extNo="10")
        await send(site, mobiles="+15550123,+15550124", extNo="11")
        await send(site, mobiles="+15550124")
        for sender in ("+15550123", "+15550124", "+15550125"):
            await site.hear("hello", sender)
        assert [row["extNo"] for row in await pull(site, "mo")] == [11, "", ""]
