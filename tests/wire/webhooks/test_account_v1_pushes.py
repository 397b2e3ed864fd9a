"""The pushes of the account/MD5 page: reports and received SMS, each posted once, received or not."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bridge.model.account import Account, AccountChange, Terms
from bridge.model.message import Draft, Message, State
from bridge.model.query import LedgerQuery
from bridge.model.radio import InboundReport
from bridge.model.webhook import DeliveryState, Endpoint
from bridge.ports.store_rows import Outcome
from tests.support.receivers import DEADLINE, Receiver
from tests.support.webhook_site import SHOP, Bench, answers

STATUS, INBOUND = "account_v1_status", "account_v1_inbound"
TO = "13800138000"


#: 2026-09-23 20:00:00 in China
PAGE = 1_790_164_800_000


@pytest.fixture
async def shop(bench: Bench) -> Account:
    """An account in China, at the time of the page's samples."""
    bench.clock.at = PAGE
    account = replace(SHOP, terms=Terms(zone="Asia/Shanghai"))
    await bench.store.add_account(account, [])
    return account


async def watch(bench: Bench, shop: Account, receiver: Receiver, format: str) -> Endpoint:
    return await bench.gateway.endpoints.add("test", shop, receiver.url, format)


async def submit(bench: Bench, shop: Account, *numbers: str, report: bool = True) -> Sequence[Message]:
    """One task, as the dialect keeps it."""
    drafts = [
        Draft(to, "hello", client_ref=f"order#17#{position}", tag="10", dialect="account_v1", report=report)
        for position, to in enumerate(numbers, 1)
    ]
    return (await bench.gateway.submit(shop, drafts)).messages


async def end(bench: Bench, state: State, error: str = "", reports: bool = True) -> Message:
    """The oldest queued message comes to this."""
    claim = await bench.store.claim("office", ("",), bench.clock.at)
    assert claim is not None
    outcome = Outcome(claim.message.id, claim.index, state, 7, error, reports=reports)
    return await bench.store.record(outcome, bench.clock.at)


async def report(bench: Bench, message: Message, state: State, detail: str = "") -> None:
    """The network tells of a message that went out."""
    item = InboundReport("office", "1", message.recipient, 7, state, detail)
    assert await bench.store.settle(item, bench.clock.at) is not None


def pushed(receiver: Receiver) -> list[Any]:
    return [heard.json for heard in receiver.heard]


async def test_pushes_a_report_as_the_page_prints_it(bench: Bench, receiver: Receiver, shop: Account) -> None:
    endpoint = await watch(bench, shop, receiver, STATUS)
    assert endpoint.max_attempts == 1
    await submit(bench, shop, TO)
    await end(bench, State.DELIVERED)
    await bench.delivered(1)
    (heard,) = receiver.heard
    sample = '{"sendId":"order#17","mobile":"13800138000","times":"2026-09-23 20:00:00","status":"DELIVRD"}'
    assert heard.raw.decode() == sample
    assert heard.headers["Content-Type"] == "application/json"


async def test_pushes_a_received_sms_as_the_page_prints_it(bench: Bench, receiver: Receiver, shop: Account) -> None:
    endpoint = await watch(bench, shop, receiver, INBOUND)
    assert endpoint.max_attempts == 1
    await bench.sms("端午节快乐")
    await bench.delivered(1)
    (heard,) = receiver.heard
    sample = '{"mobile":"+15550100","content":"端午节快乐","times":"2026-09-23 20:00:00","extNo":""}'
    assert heard.raw.decode() == sample


async def test_a_push_has_the_extension_of_the_last_message_before_it(
    bench: Bench, receiver: Receiver, shop: Account
) -> None:
    draft = Draft("+15550100", "hello", tag="007", dialect="account_v1")
    for each in (
        replace(draft, tag="10"),
        draft,
        replace(draft, tag="11", dialect="native"),
        replace(draft, recipient=TO),
    ):
        await bench.gateway.submit(shop, [each])
    await watch(bench, shop, receiver, INBOUND)
    await bench.sms("yes")
    await bench.delivered(1)
    assert [(told["content"], told["extNo"]) for told in pushed(receiver)] == [("yes", "007")]


async def test_a_push_that_comes_late_has_the_extension_of_its_time(
    bench: Bench, receiver: Receiver, shop: Account
) -> None:
    endpoint = await watch(bench, shop, receiver, INBOUND)
    await bench.gateway.submit(shop, [Draft("+15550100", "hello", tag="007", dialect="account_v1")])
    await bench.sms("yes")
    await bench.delivered(1)
    bench.pass_time(1000)
    await bench.gateway.submit(shop, [Draft("+15550100", "hello", tag="12", dialect="account_v1")])
    await bench.store.redeliver(shop.name, LedgerQuery(endpoint=endpoint.id), (), bench.clock.at)
    bench.ledger.poke()
    async with asyncio.timeout(DEADLINE):
        while len(receiver.heard) < 2:
            await asyncio.sleep(0.005)
    assert [told["extNo"] for told in pushed(receiver)] == ["007", "007"]


async def test_tells_each_endpoint_of_its_own_things_only(bench: Bench, receiver: Receiver, shop: Account) -> None:
    await watch(bench, shop, receiver, STATUS)
    async with Receiver() as other:
        await watch(bench, shop, other, INBOUND)
        await submit(bench, shop, TO, "+447700900123")
        await bench.sms("hello")
        await end(bench, State.DELIVERED)
        await end(bench, State.FAILED, "barred")
        await bench.delivered(3)
        assert [(told["mobile"], told["status"]) for told in pushed(receiver)] == [
            (TO, "DELIVRD"),
            ("+447700900123", "REJECTD"),
        ]
        assert [told["content"] for told in pushed(other)] == ["hello"]


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_pushes_once_received_or_not(bench: Bench, receiver: Receiver, shop: Account, status: int) -> None:
    receiver.answer = answers(status)
    await watch(bench, shop, receiver, STATUS)
    await submit(bench, shop, TO, "+447700900123")
    await end(bench, State.DELIVERED)
    await end(bench, State.DELIVERED)
    first, second = await bench.until(lambda rows: len(rows) == 2 and rows[1].state is DeliveryState.DELIVERED)
    assert (first.state, first.status, first.attempts) == (DeliveryState.DEAD, status, 1)
    bench.pass_time(3 * 86_400_000)
    await end_of_everything(bench)
    assert [told["mobile"] for told in pushed(receiver)] == [TO, "+447700900123"]
    assert second.attempts == 1


async def end_of_everything(bench: Bench) -> None:
    """A last SMS to a last receiver: whatever was due before it has been tried."""
    async with Receiver() as last:
        await bench.gateway.endpoints.add("test", SHOP, last.url, "v1")
        await bench.sms("last")
        await last.has(1)


async def test_pushes_once_to_a_receiver_that_is_not_there(bench: Bench, receiver: Receiver, shop: Account) -> None:
    await watch(bench, shop, receiver, INBOUND)
    await receiver.die()
    await bench.sms("lost")
    (row,) = await bench.until(lambda rows: bool(rows) and rows[0].state is DeliveryState.DEAD)
    assert (row.attempts, row.status) == (1, 0)
    await receiver.rise()
    await bench.sms("heard")
    await receiver.has(1)
    assert [told["content"] for told in pushed(receiver)] == ["heard"]


class TestWhatCountsAsTheEnd:
    async def statuses(self, bench: Bench, receiver: Receiver) -> list[str]:
        """What was pushed, once all that is owed has gone."""
        await bench.until(lambda rows: all(row.state is DeliveryState.DELIVERED for row in rows))
        return [told["status"] for told in pushed(receiver)]

    async def test_delivery_by_default(self, bench: Bench, receiver: Receiver, shop: Account) -> None:
        await watch(bench, shop, receiver, STATUS)
        (message,) = await submit(bench, shop, TO)
        await end(bench, State.SENT)
        assert await bench.rows() == []
        await report(bench, message, State.DELIVERED)
        await receiver.has(1)
        assert await self.statuses(bench, receiver) == ["DELIVRD"]

    @pytest.mark.parametrize(("asked", "reports"), [(True, False), (False, True)])
    async def test_sending_where_no_report_can_come(
        self, bench: Bench, receiver: Receiver, shop: Account, asked: bool, reports: bool
    ) -> None:
        await watch(bench, shop, receiver, STATUS)
        await submit(bench, shop, TO, report=asked)
        await end(bench, State.SENT, reports=reports)
        await receiver.has(1)
        assert await self.statuses(bench, receiver) == ["DELIVRD"]

    async def test_sending_and_nothing_more_where_the_account_says_so(
        self, bench: Bench, receiver: Receiver, shop: Account
    ) -> None:
        await bench.gateway.administration.change_account("test", "shop", AccountChange(report_on="sent"))
        await watch(bench, shop, receiver, STATUS)
        first, _ = await submit(bench, shop, TO, "+447700900123")
        await end(bench, State.SENT)
        await report(bench, first, State.DELIVERED)
        await end(bench, State.FAILED, "barred")
        await receiver.has(2)
        assert await self.statuses(bench, receiver) == ["DELIVRD", "REJECTD"]

    async def test_delivery_alone_where_the_account_says_so(
        self, bench: Bench, receiver: Receiver, shop: Account
    ) -> None:
        await bench.gateway.administration.change_account("test", "shop", AccountChange(report_on="delivered"))
        await watch(bench, shop, receiver, STATUS)
        (message,) = await submit(bench, shop, TO, report=False)
        await end(bench, State.SENT)
        assert await bench.rows() == []
        await report(bench, message, State.FAILED, "absent subscriber")
        await receiver.has(1)
        assert await self.statuses(bench, receiver) == ["UNDELIV"]

    async def test_a_number_that_nothing_is_sent_to(self, bench: Bench, receiver: Receiver, shop: Account) -> None:
        await watch(bench, shop, receiver, STATUS)
        await bench.gateway.administration.suppress("test", "shop", TO)
        await submit(bench, shop, TO)
        await receiver.has(1)
        assert await self.statuses(bench, receiver) == ["MBBLACK"]


async def test_a_new_time_zone_holds_for_endpoints_that_are_there(
    bench: Bench, receiver: Receiver, shop: Account
) -> None:
    await watch(bench, shop, receiver, INBOUND)
    await bench.gateway.administration.change_account("test", "shop", AccountChange(zone="Europe/Paris"))
    await bench.restart()
    await bench.sms("hello")
    await receiver.has(1)
    assert pushed(receiver)[0]["times"] == "2026-09-23 14:00:00"
