"""Webhooks end to end: the real store on a file, the real HTTP client, receivers that misbehave."""

import asyncio
import logging
import random
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from api.webhooks import Webhooks
from bridge.errors import StoreUnavailable
from bridge.events import Bus, Event
from bridge.gateway import Gateway
from bridge.lane import BATCH, Poster
from bridge.ledger import Ledger
from bridge.model import Account, Delivery, DeliveryState, Endpoint
from bridge.ports import InboundPart
from bridge.queries import LedgerQuery
from bridge.store.sqlite import SqliteStore
from bridge.verdict import DAY, TRIES, Answer
from tests.receivers import DEADLINE, Answering, Heard, NameTable, Receiver, StrictReceiver, accept

SHOP = Account("shop")
START = 1_790_164_800_000
SECOND = 1000


class Hands:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        return self.at


class FullDisk(SqliteStore):
    """A store whose disk can fill up: it then records no more outcomes."""

    full = False

    async def record_attempt(self, *made: Delivery) -> None:
        if self.full:
            raise StoreUnavailable("the disk is full")
        await super().record_attempt(*made)


@dataclass
class Bench:
    """A store, a ledger at work on it, and what else a test needs at hand."""

    path: Path
    timeout: float = 5.0
    grace: float = 2.0
    clock: Hands = field(default_factory=Hands)
    bus: Bus = field(default_factory=Bus)
    deaths: list[BaseException] = field(default_factory=list)
    _slots: int = 0

    async def open(self) -> None:
        self.store = FullDisk(str(self.path), self.bus)
        await self.store.open()
        self.gateway = Gateway(self.store, self.bus, lines=lambda: (), clock=self.clock)
        self.webhooks = Webhooks(timeout=self.timeout)
        await self.begin(self.webhooks)

    async def begin(self, post: Poster) -> None:
        self.ledger = Ledger(self.store, self.bus, self.clock, post, self.deaths.append, self.grace)
        self.gateway.poke = self.ledger.poke
        await self.ledger.start()

    async def restart(self, post: Poster | None = None) -> None:
        await self.ledger.close()
        await self.begin(post or self.webhooks)

    async def close(self) -> None:
        await self.ledger.close()
        await self.webhooks.close()
        await self.store.close()
        assert self.deaths == []

    async def endpoint(self, receiver: Receiver, **options: Any) -> Endpoint:
        return await self.gateway.add_endpoint(SHOP, receiver.url, **options)

    async def sms(self, *texts: str) -> None:
        """SMS come in, committed one after the other."""
        for text in texts:
            self._slots += 1
            part = InboundPart("office", f"slot-{self._slots}", "+15550100", text, sent_at=self.clock.at)
            assert await self.store.receive(part, "office", self.clock.at) is not None

    async def rows(self, state: DeliveryState | None = None) -> list[Delivery]:
        """The ledger, oldest first."""
        page = await self.store.ledger("", LedgerQuery(state=state, limit=1000))
        return sorted(page.rows, key=lambda row: row.seq)

    async def until(self, fits: Callable[[list[Delivery]], bool]) -> list[Delivery]:
        """Wait until the ledger looks like this."""
        async with asyncio.timeout(DEADLINE):
            while not fits(rows := await self.rows()):
                await asyncio.sleep(0.005)
        return rows

    async def delivered(self, count: int) -> list[Delivery]:
        """Wait until so many are delivered."""
        return await self.until(lambda rows: sum(row.state is DeliveryState.DELIVERED for row in rows) >= count)

    async def tried(self, attempts: int) -> Delivery:
        """Wait until the first row has seen so many attempts."""
        return (await self.until(lambda rows: bool(rows) and rows[0].attempts >= attempts))[0]

    def pass_time(self, milliseconds: int) -> None:
        self.clock.at += milliseconds
        self.ledger.poke()

    def pass_until(self, at: int) -> None:
        self.pass_time(at - self.clock.at)


@asynccontextmanager
async def at_work(path: Path, **options: Any) -> AsyncIterator[Bench]:
    bench = Bench(path, **options)
    await bench.open()
    try:
        yield bench
    finally:
        await bench.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with at_work(tmp_path / "bridge.db") as bench:
        yield bench


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


def numbered(count: int) -> list[str]:
    return [f"n{number:03}" for number in range(count)]


def answers(*statuses: int, then: int = 202, headers: Mapping[str, str] | None = None) -> Answering:
    """First these statuses, one a request, then another one for good."""
    left = list(statuses)

    def answer(heard: Heard, request: web.Request) -> web.Response:
        return web.Response(status=left.pop(0), headers=headers) if left else web.Response(status=then)

    return answer


def refuses(*texts: str, status: int = 400) -> Answering:
    """Takes everything but these."""
    return lambda heard, request: web.Response(status=status if heard.text in texts else 202)


async def hang(heard: Heard, request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


class TestADelivery:
    async def test_satisfies_a_receiver_that_checks_everything(self, bench: Bench, receiver: Receiver) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = StrictReceiver(endpoint.secret, now=lambda: bench.clock.at / 1000)
        await bench.sms("Çay hazır 😀")
        (row,) = await bench.delivered(1)
        assert (row.status, row.attempts, row.error, row.delivered_at) == (202, 1, "", START)
        assert receiver.texts == ["Çay hazır 😀"]

    async def test_has_a_length_and_is_not_chunked(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        await bench.sms("hello")
        await receiver.has(1)
        (heard,) = receiver.heard
        assert heard.headers["Content-Length"] == str(len(heard.raw))
        assert "Transfer-Encoding" not in heard.headers
        assert heard.headers["User-Agent"].startswith("sms-bridge")
        assert heard.headers["Content-Type"] == "application/json"

    async def test_may_be_flat(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver, format="v1")
        await bench.sms("hello")
        await receiver.has(1)
        assert set(receiver.heard[0].json) == {"date", "hour", "time_received", "message", "number", "guid"}

    async def test_is_signed_with_both_secrets_during_a_rotation(self, bench: Bench, receiver: Receiver) -> None:
        rotating = await bench.gateway.rotate_secret(SHOP, (await bench.endpoint(receiver)).id)
        await bench.restart()
        await bench.sms("hello")
        await receiver.has(1)
        (heard,) = receiver.heard
        assert StrictReceiver(rotating.secret, now=lambda: bench.clock.at / 1000).judge(heard)[0] == 202
        swapped = {**heard.headers, "X-SMSMobileAPI-Signature": heard.headers["X-SMSMobileAPI-Signature-Next"]}
        following = StrictReceiver(rotating.next_secret, now=lambda: bench.clock.at / 1000)
        assert following.judge(replace(heard, headers=swapped))[0] == 202

    async def test_keeps_its_place_in_a_burst(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        await asyncio.gather(*(bench.sms(text) for text in numbered(250)))
        await bench.delivered(250)
        assert receiver.texts == numbered(250)

    async def test_shares_its_connection_with_the_next(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        await bench.sms(*numbered(20))
        await bench.delivered(20)
        assert len({heard.peer for heard in receiver.heard}) == 1

    async def test_goes_to_every_endpoint(self, bench: Bench, receiver: Receiver) -> None:
        async with Receiver() as other:
            await bench.endpoint(receiver)
            await bench.endpoint(other)
            await bench.sms("hello")
            await bench.delivered(2)
            assert receiver.texts == other.texts == ["hello"]

    async def test_goes_nowhere_when_nobody_asked_for_that_event(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver, names=("message.sent",))
        await bench.sms("hello")
        assert await bench.rows() == []


class TestAReceiverThatIsDown:
    async def test_is_tried_again_with_the_same_bytes_under_a_new_signature(
        self, bench: Bench, receiver: Receiver
    ) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(500, 502, 503)
        await bench.sms("hello")
        strict = StrictReceiver(endpoint.secret, now=lambda: bench.clock.at / 1000)
        for attempt in (1, 2, 3, 4):
            await receiver.has(attempt)
            assert strict.judge(receiver.heard[-1])[0] == (202 if attempt == 1 else 200)
            bench.pass_until((await bench.tried(attempt)).due_at)
        (row,) = await bench.delivered(1)
        assert row.attempts == 4
        assert len({heard.raw for heard in receiver.heard}) == len({heard.event_id for heard in receiver.heard}) == 1
        assert len({heard.headers["X-SMSMobileAPI-Signature"] for heard in receiver.heard}) == 4

    @pytest.mark.parametrize("status", [500, 503, 408, 425, 429])
    async def test_holds_its_line_up_in_order(self, bench: Bench, receiver: Receiver, status: int) -> None:
        await bench.endpoint(receiver)
        receiver.answer = answers(202, status, status)
        await bench.sms(*numbered(5))
        for attempts in (1, 2):
            (_, waiting, *behind) = await bench.until(lambda rows, n=attempts: rows[1].attempts == n)  # type: ignore[misc]
            assert [row.attempts for row in behind] == [0, 0, 0]
            bench.pass_until(waiting.due_at)
        await bench.delivered(5)
        assert receiver.texts == ["n000", "n001", "n001", "n001", "n002", "n003", "n004"]

    async def test_waits_no_longer_than_it_should(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = answers(then=500)
        await bench.sms("hello")
        waits = []
        for attempt in range(1, 6):
            row = await bench.tried(attempt)
            waits.append((row.due_at - bench.clock.at) / SECOND)
            bench.pass_until(row.due_at)
        assert waits == [pytest.approx(seconds, rel=0.1) for seconds in (5, 10, 20, 40, 80)]

    async def test_is_asked_again_by_itself_when_the_time_has_come(self, bench: Bench, receiver: Receiver) -> None:
        """The one test that lets real time do the waking: the clock is put just before the moment."""
        await bench.endpoint(receiver)
        receiver.answer = answers(500)
        await bench.sms("hello")
        row = await bench.tried(1)
        bench.pass_until(row.due_at - 30)
        asyncio.get_running_loop().call_later(0.02, setattr, bench.clock, "at", row.due_at)
        assert [row.attempts for row in await bench.delivered(1)] == [2]

    async def test_loses_nothing_when_it_dies_in_a_burst_and_comes_back(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        dead = asyncio.Event()

        def die_at_the_fortieth(heard: Heard, request: web.Request) -> web.Response:
            if heard.text == "n040" and request.transport is not None:
                dead.set()
                request.transport.abort()
            return web.Response(status=202)

        receiver.answer = die_at_the_fortieth
        await asyncio.gather(*(bench.sms(text) for text in numbered(100)))
        async with asyncio.timeout(DEADLINE):
            await dead.wait()
        await receiver.die()
        rows = await bench.until(lambda rows: any(row.attempts and row.state == "owed" for row in rows))
        assert [row.attempts for row in rows if row.state == "owed"] == [1, *[0] * 59]
        receiver.answer = accept
        await receiver.rise()
        bench.pass_time(10 * SECOND)
        await bench.delivered(100)
        assert list(dict.fromkeys(receiver.texts)) == numbered(100)
        assert {text for text, times in receiver.repeats.items() if times > 1} == {"n040"}
        assert len({heard.event_id for heard in receiver.heard}) == 100

    async def test_gets_the_patience_it_asks_for(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = answers(503, headers={"Retry-After": "120"})
        await bench.sms("hello")
        assert (await bench.tried(1)).due_at == START + 120 * SECOND

    async def test_may_ask_for_it_by_a_date(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        bench.clock.at = round(datetime.now(UTC).timestamp() * 1000)
        moment = datetime.fromtimestamp(bench.clock.at // 1000 + 600, UTC)
        receiver.answer = answers(429, headers={"Retry-After": format_datetime(moment, usegmt=True)})
        await bench.sms("hello")
        assert (await bench.tried(1)).due_at == pytest.approx(bench.clock.at + 600 * SECOND, abs=5 * SECOND)

    @pytest.mark.parametrize("nonsense", ["soon", "-5", "1e9", "", "٣"])
    async def test_may_not_ask_for_nonsense(self, bench: Bench, receiver: Receiver, nonsense: str) -> None:
        await bench.endpoint(receiver)
        receiver.answer = answers(503, headers={"Retry-After": nonsense})
        await bench.sms("hello")
        assert (await bench.tried(1)).due_at == pytest.approx(START + 5 * SECOND, rel=0.1)

    async def test_gets_a_dead_letter_after_two_days_and_then_the_next(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = refuses("first", status=503)
        await bench.sms("first")
        await bench.tried(1)
        await bench.sms("second")
        for attempt in range(1, TRIES):
            bench.pass_until((await bench.tried(attempt)).due_at)
        first, second = await bench.delivered(1)
        assert (first.state, first.attempts, first.error) == ("dead", TRIES, "HTTP 503 Service Unavailable")
        assert (second.state, second.attempts) == ("delivered", 1)
        assert START + 1.8 * DAY < bench.clock.at < START + 2.3 * DAY

    async def test_gets_one_attempt_where_one_is_wanted(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver, max_attempts=1)
        receiver.answer = answers(500)
        await bench.sms("first", "second")
        first, _ = await bench.delivered(1)
        assert (first.state, first.attempts, first.status) == ("dead", 1, 500)
        assert receiver.texts == ["first", "second"]

    async def test_keeps_nobody_else_waiting(self, tmp_path: Path, receiver: Receiver) -> None:
        async with Receiver(hang) as hanging, at_work(tmp_path / "bridge.db", timeout=1.0) as bench:
            slow = await bench.endpoint(hanging)
            await bench.endpoint(receiver)
            await bench.sms(*numbered(50))
            await bench.delivered(50)
            assert receiver.texts == numbered(50)
            rows = await bench.until(lambda rows: any(row.endpoint == slow.id and row.attempts for row in rows))
            held = [row for row in rows if row.endpoint == slow.id]
            assert (held[0].state, held[0].status, held[0].error) == ("owed", 0, "no answer within 1 s")
            assert [row.attempts for row in held[1:]] == [0] * 49


class TestAnEventThatIsRefused:
    async def test_steps_aside_after_three_attempts(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = refuses("bad")
        await bench.sms("bad", "good", "better")
        for attempt in (1, 2):
            bench.pass_until((await bench.tried(attempt)).due_at)
        bad, *_ = await bench.delivered(2)
        assert receiver.texts == ["bad", "bad", "bad", "good", "better"]
        assert (bad.state, bad.attempts, bad.error) == ("owed", 3, "HTTP 400 Bad Request")

    async def test_is_tried_again_at_its_own_times_until_it_is_taken(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = refuses("bad", status=422)
        await bench.sms("bad")
        for attempt in (1, 2, 3, 4):
            bench.pass_until((await bench.tried(attempt)).due_at)
        bad = await bench.tried(5)
        await bench.sms("good")
        await bench.delivered(1)
        receiver.answer = accept
        bench.pass_until(bad.due_at)
        await bench.delivered(2)
        assert receiver.texts == ["bad"] * 5 + ["good", "bad"]

    async def test_still_stands_aside_after_a_restart(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = refuses("bad")
        await bench.sms("bad")
        for attempt in (1, 2):
            bench.pass_until((await bench.tried(attempt)).due_at)
        await bench.tried(3)
        await bench.restart()
        await bench.sms("good")
        await bench.delivered(1)
        assert receiver.texts == ["bad", "bad", "bad", "good"]

    async def test_among_more_than_a_batch_of_others_blocks_nobody(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        await bench.ledger.close()
        await bench.sms(*numbered(BATCH + 20), "good")
        for row in (await bench.rows())[:-1]:
            later = START + 3600 * SECOND
            await bench.store.record_attempt(replace(row, attempts=9, status=400, error="HTTP 400", due_at=later))
        await bench.begin(bench.webhooks)
        await bench.delivered(1)
        assert receiver.texts == ["good"]
        bench.pass_time(3600 * SECOND)
        await bench.delivered(BATCH + 21)
        assert receiver.texts == ["good", *numbered(BATCH + 20)]

    async def test_comes_first_again_when_the_receiver_went_down_over_it(
        self, bench: Bench, receiver: Receiver
    ) -> None:
        await bench.endpoint(receiver)
        receiver.answer = answers(400, 400, 400, 503)
        await bench.sms("bad")
        for attempt in (1, 2, 3):
            bench.pass_until((await bench.tried(attempt)).due_at)
        row = await bench.tried(4)
        assert row.due_at - bench.clock.at == pytest.approx(5 * SECOND, rel=0.1)
        await bench.sms("good")
        bench.pass_until(row.due_at)
        await bench.delivered(2)
        assert receiver.texts == ["bad"] * 5 + ["good"]

    async def test_by_a_mistake_of_ours_steps_aside_too(
        self, bench: Bench, receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def clumsy(endpoint: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
            if event.data["text"] == "bad":
                raise ZeroDivisionError
            return await bench.webhooks(endpoint, delivery, event, now)

        await bench.restart(clumsy)
        await bench.endpoint(receiver)
        await bench.sms("bad", "good")
        for attempt in (1, 2):
            bench.pass_until((await bench.tried(attempt)).due_at)
        bad, _ = await bench.delivered(1)
        assert (bad.state, bad.error) == ("owed", "internal error: ZeroDivisionError")
        assert "ZeroDivisionError" in caplog.text


class TestAnEndpoint:
    async def test_that_is_gone_is_paused_and_what_is_owed_waits(self, bench: Bench, receiver: Receiver) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(410)
        await bench.sms("first", "second")
        await bench.tried(1)
        async with asyncio.timeout(DEADLINE):
            while not (await bench.gateway.endpoint(SHOP, endpoint.id)).paused:
                await asyncio.sleep(0.005)
        bench.pass_time(3 * DAY)
        assert [row.state for row in await bench.rows()] == ["owed", "owed"]
        await bench.gateway.pause_endpoint(SHOP, endpoint.id, paused=False)
        await bench.delivered(2)
        assert receiver.texts == ["first", "first", "second"]

    async def test_that_is_paused_gets_nothing_until_it_is_resumed(self, bench: Bench, receiver: Receiver) -> None:
        async with Receiver() as other:
            endpoint = await bench.endpoint(receiver)
            await bench.endpoint(other)
            await bench.gateway.pause_endpoint(SHOP, endpoint.id, paused=True)
            await bench.restart()
            await bench.sms("first", "second")
            await bench.delivered(2)
            assert (other.texts, receiver.texts) == (["first", "second"], [])
            await bench.gateway.pause_endpoint(SHOP, endpoint.id, paused=False)
            await bench.delivered(4)
            assert receiver.texts == ["first", "second"]

    async def test_that_somebody_resumes_is_tried_at_once_and_not_when_it_is_due(
        self, bench: Bench, receiver: Receiver
    ) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(500, 500, 500, 500)
        await bench.sms("hello")
        for attempt in (1, 2, 3):
            bench.pass_until((await bench.tried(attempt)).due_at)
        due_at = (await bench.tried(4)).due_at
        bench.clock.at += 6 * SECOND
        assert bench.clock.at < due_at - 20 * SECOND
        await bench.gateway.pause_endpoint(SHOP, endpoint.id, paused=False)
        await bench.delivered(1)

    async def test_that_is_asked_for_in_a_loop_does_not_burn_its_tries(self, bench: Bench, receiver: Receiver) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(then=500)
        await bench.sms("hello")
        await bench.tried(1)
        for _ in range(TRIES):
            await bench.gateway.pause_endpoint(SHOP, endpoint.id, paused=False)
            await asyncio.sleep(0)
        bench.pass_until((await bench.tried(1)).due_at)
        assert (await bench.tried(2)).attempts == 2

    async def test_that_is_removed_gets_nothing_more(self, bench: Bench, receiver: Receiver) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(then=500)
        await bench.sms("hello")
        row = await bench.tried(1)
        bench.pass_until(row.due_at - 50)
        await bench.tried(1)
        await bench.gateway.remove_endpoint(SHOP, endpoint.id)
        async with Receiver() as other:
            await bench.endpoint(other)
            bench.clock.at = row.due_at
            await bench.sms("later")
            await bench.delivered(1)
            await asyncio.sleep(0.1)  # by now it would have been tried again
        assert receiver.texts == ["hello"]

    async def test_added_by_another_process_is_found(self, bench: Bench, receiver: Receiver) -> None:
        command_line = SqliteStore(str(bench.path))
        await command_line.open()
        elsewhere = Gateway(command_line, Bus(), lines=lambda: (), clock=bench.clock)
        await elsewhere.add_endpoint(SHOP, receiver.url)
        await command_line.close()
        bench.bus.publish(())  # how the daemon tells that another process wrote
        await bench.sms("hello")
        await bench.delivered(1)
        assert receiver.texts == ["hello"]


class TestRedelivery:
    async def test_sends_the_same_event_once_more(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        await bench.sms(*numbered(3))
        rows = await bench.delivered(3)
        bench.clock.at += DAY
        assert await bench.gateway.redeliver(SHOP, LedgerQuery(), [rows[1].id]) == 1
        await receiver.has(4)
        assert receiver.texts == ["n000", "n001", "n002", "n001"]
        assert receiver.heard[3].event_id == receiver.heard[1].event_id
        assert receiver.heard[3].raw == receiver.heard[1].raw

    async def test_empties_the_dead_letters_in_order(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver, max_attempts=1)
        receiver.answer = answers(500, 400, 500)
        await bench.sms(*numbered(3))
        await bench.until(lambda rows: [row.state for row in rows] == ["dead"] * 3)
        assert await bench.gateway.redeliver(SHOP, LedgerQuery(state=DeliveryState.DEAD)) == 3
        await bench.delivered(3)
        assert receiver.texts == numbered(3) * 2


class TestAnAnswer:
    async def test_that_redirects_is_not_followed(self, bench: Bench, receiver: Receiver) -> None:
        async with Receiver() as elsewhere:
            await bench.endpoint(receiver)
            receiver.answer = answers(302, 307, 308, headers={"Location": elsewhere.url})
            await bench.sms("hello")
            for attempt in (1, 2, 3):
                bench.pass_until((await bench.tried(attempt)).due_at)
            await bench.delivered(1)
            assert (elsewhere.heard, len(receiver.heard)) == ([], 4)

    async def test_without_end_costs_a_connection_and_no_time(self, bench: Bench, receiver: Receiver) -> None:
        written = 0

        async def endless(heard: Heard, request: web.Request) -> web.StreamResponse:
            nonlocal written
            response = web.StreamResponse(status=200)
            await response.prepare(request)
            with suppress(ConnectionError):
                while True:
                    await response.write(b"x" * 16384)
                    written += 16384
            return response

        receiver.answer = endless
        await bench.endpoint(receiver)
        await bench.sms("first", "second")
        await bench.delivered(2)
        assert receiver.texts == ["first", "second"]
        assert written < 64 * 2**20  # what the kernel's buffers take, not what fits into a second

    async def test_that_drips_is_not_waited_for(self, bench: Bench, receiver: Receiver) -> None:
        async def dripping(heard: Heard, request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(status=200)
            await response.prepare(request)
            await response.write(b"o")
            await asyncio.Event().wait()
            return response

        receiver.answer = dripping
        await bench.endpoint(receiver)
        await bench.sms("hello")
        (row,) = await bench.delivered(1)
        assert row.status == 200

    async def test_on_a_connection_that_was_just_closed_is_asked_for_again_at_once(
        self, bench: Bench, receiver: Receiver
    ) -> None:
        """Servers close idle connections, now and then just as the next request is on its way."""

        def close_on_the_second(heard: Heard, request: web.Request) -> web.Response:
            if len(receiver.heard) == 2 and request.transport is not None:
                request.transport.abort()
            return web.Response(status=202)

        receiver.answer = close_on_the_second
        await bench.endpoint(receiver)
        await bench.sms("first", "second")
        assert [row.attempts for row in await bench.delivered(2)] == [1, 1]
        assert receiver.texts == ["first", "second", "second"]

    async def test_that_is_no_http_is_a_receiver_that_is_down(self, bench: Bench) -> None:
        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"+CMTI: 3\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await bench.gateway.add_endpoint(SHOP, f"http://127.0.0.1:{port}/")
        await bench.sms("hello")
        row = await bench.tried(1)
        assert (row.state, row.status) == ("owed", 0)
        assert row.error.startswith("no proper answer")
        server.close()
        await server.wait_closed()


class TestTargets:
    async def test_outside_are_not_connected_to_by_plain_http(self, bench: Bench) -> None:
        await bench.gateway.add_endpoint(SHOP, "http://192.0.2.1/hook")
        await bench.sms("hello")
        row = await bench.tried(1)
        assert (row.state, row.status) == ("owed", 0)
        assert row.error.startswith("192.0.2.1 is outside this network: use https")

    async def test_are_judged_by_where_their_name_leads_now(self, bench: Bench, receiver: Receiver) -> None:
        """A name that led home when the endpoint was added leads elsewhere later."""
        names = NameTable({"till.lan": ["127.0.0.1"]})
        rebinding = Webhooks(resolver=names)
        await bench.restart(rebinding)
        await bench.gateway.add_endpoint(SHOP, receiver.url.replace("127.0.0.1", "till.lan"))
        await bench.sms("first")
        await bench.delivered(1)
        names.addresses["till.lan"] = ["192.0.2.1"]
        await rebinding.close()  # its connections, and what it remembers of names
        await bench.sms("second")
        _, row = await bench.until(lambda rows: rows[-1].attempts == 1)
        assert (row.state, row.status) == ("owed", 0)
        assert row.error.startswith("till.lan is outside this network: use https")
        names.addresses["till.lan"] = ["127.0.0.1", "169.254.169.254"]
        await rebinding.close()
        bench.pass_until(row.due_at)
        _, row = await bench.until(lambda rows: rows[-1].attempts == 2)
        assert row.error == "till.lan is a cloud metadata service; webhooks never go there"
        await bench.ledger.close()
        await rebinding.close()
        assert receiver.texts == ["first"]

    async def test_whose_name_does_not_resolve_are_down(self, bench: Bench) -> None:
        lost = Webhooks(resolver=NameTable({}))
        await bench.restart(lost)
        await bench.gateway.add_endpoint(SHOP, "https://till.lan/hook")
        await bench.sms("hello")
        row = await bench.tried(1)
        assert (row.state, row.status, row.error) == ("owed", 0, "its name does not resolve")
        await bench.ledger.close()
        await lost.close()

    async def test_with_a_certificate_that_nobody_signed_are_down(self, bench: Bench, tmp_path: Path) -> None:
        await self_signed(tmp_path)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        async with Receiver(tls=tls) as impostor:
            await bench.endpoint(impostor)
            await bench.sms("hello")
            row = await bench.tried(1)
            assert (row.state, row.status) == ("owed", 0)
            assert row.error == "its certificate is not accepted: self-signed certificate"
            assert impostor.heard == []


async def self_signed(folder: Path) -> None:
    """A key and a certificate for 127.0.0.1 that vouches for itself."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=till "
        "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    )
    process = await asyncio.create_subprocess_exec(*command.split(), cwd=folder, stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0


class TestAStoreThatIsFull:
    async def test_stops_the_line_until_outcomes_can_be_written(
        self, bench: Bench, receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        await bench.endpoint(receiver)
        bench.store.full = True
        await bench.sms("first")
        async with asyncio.timeout(DEADLINE):
            while "not recorded yet: the disk is full" not in caplog.text:
                await asyncio.sleep(0.005)
        async with Receiver() as other:
            await bench.endpoint(other)
            await bench.sms("second")
            await other.has(1)  # which took longer, for it had no connection yet
            assert receiver.texts == ["first"]
            bench.store.full = False
            await bench.delivered(3)
        assert receiver.texts == ["first", "second"]
        assert other.texts == ["second"]


class TestTheEnd:
    async def test_waits_for_the_attempt_under_way(self, bench: Bench, receiver: Receiver) -> None:
        began = asyncio.Event()

        async def slow(heard: Heard, request: web.Request) -> web.Response:
            began.set()
            await asyncio.sleep(0.1)
            return web.Response(status=200)

        receiver.answer = slow
        await bench.endpoint(receiver)
        await bench.sms("first", "second")
        await began.wait()
        await bench.ledger.close()
        assert [row.state for row in await bench.rows()] == ["delivered", "owed"]

    async def test_leaves_a_hanging_attempt_owed(self, tmp_path: Path) -> None:
        async with Receiver(hang) as hanging, at_work(tmp_path / "bridge.db", grace=0.1) as bench:
            await bench.endpoint(hanging)
            await bench.sms("hello")
            await hanging.has(1)
            await bench.ledger.close()
            (row,) = await bench.rows()
            assert (row.state, row.attempts) == ("owed", 0)


BRIDGE_IN_A_PROCESS = """
import asyncio, sys
from api.webhooks import Webhooks
from bridge.events import Bus
from bridge.ledger import Ledger
from bridge.ports import SystemClock
from bridge.store.sqlite import SqliteStore

async def main():
    bus = Bus()
    store = SqliteStore(sys.argv[1], bus)
    await store.open()
    ledger = Ledger(store, bus, SystemClock(), Webhooks())
    await ledger.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


class TestAKill:
    async def test_in_a_burst_loses_nothing_and_repeats_with_the_same_ids(self, tmp_path: Path) -> None:
        path = tmp_path / "bridge.db"
        async with Receiver() as receiver:
            async with at_work(path) as bench:
                await bench.gateway.add_endpoint(SHOP, receiver.url)
                await bench.ledger.close()
                await bench.sms(*numbered(200))
                events = {row.event_id for row in await bench.rows(DeliveryState.OWED)}
            victim = await asyncio.create_subprocess_exec(sys.executable, "-c", BRIDGE_IN_A_PROCESS, str(path))
            await receiver.has(60)
            victim.send_signal(signal.SIGKILL)
            assert await victim.wait() == -signal.SIGKILL
            before = len(receiver.heard)
            assert before < 200
            async with at_work(path) as bench:
                await bench.delivered(200)
            assert list(dict.fromkeys(receiver.texts)) == numbered(200)
            assert {heard.event_id for heard in receiver.heard} == events
            assert len({(heard.event_id, heard.raw) for heard in receiver.heard}) == 200
            again = [text for text, times in receiver.repeats.items() if times > 1]
            assert again == sorted(receiver.texts[:before])[before - len(again) :]


async def test_order_holds_whatever_the_receiver_does(bench: Bench, receiver: Receiver) -> None:
    """A receiver of moods: fails, hangs up, refuses some for good, is slow; the clock leaps."""
    moods = random.Random(20260923)
    poison = {"n007", "n023", "n024", "n041"}

    async def moody(heard: Heard, request: web.Request) -> web.Response:
        if heard.text in poison:
            return web.Response(status=moods.choice((400, 404, 422)))
        mood = moods.random()
        if mood < 0.1 and request.transport is not None:
            request.transport.abort()
        if mood < 0.2:
            await asyncio.sleep(0.002)
        return web.Response(status=202 if mood > 0.4 else moods.choice((500, 502, 503, 429, 408)))

    receiver.answer = moody
    await bench.endpoint(receiver)
    await asyncio.gather(*(bench.sms(text) for text in numbered(60)))
    async with asyncio.timeout(30):
        while await bench.rows(DeliveryState.OWED):
            bench.pass_time(600 * SECOND)
            await asyncio.sleep(0.003)
    rows = await bench.rows()
    by_text = dict(zip(numbered(60), rows, strict=True))
    assert {text for text, row in by_text.items() if row.state is DeliveryState.DEAD} == poison
    taken = [text for text in dict.fromkeys(receiver.texts) if text not in poison]
    assert taken == [text for text in numbered(60) if text not in poison]


async def test_no_secret_gets_into_a_log_a_repr_or_the_ledger(
    bench: Bench, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = await bench.endpoint(receiver)
    receiver.answer = answers(500, 400, 302, 410, headers={"Location": receiver.url})
    await bench.sms("hello")
    for attempt in (1, 2, 3):
        bench.pass_until((await bench.tried(attempt)).due_at)
    await bench.tried(4)
    await receiver.die()
    await bench.gateway.pause_endpoint(SHOP, endpoint.id, paused=False)
    row = await bench.tried(5)
    told = caplog.text + repr(row) + row.error + repr(bench.ledger) + repr(bench.webhooks)
    assert "webhook" in told
    assert endpoint.secret not in told + repr(endpoint)
    assert "receivers-own-token" not in told
