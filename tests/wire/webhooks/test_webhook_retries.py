"""Receivers that are down or refuse: order, patience, dead letters."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from bridge.model.event import Event
from bridge.model.webhook import Delivery, DeliveryState, Endpoint
from bridge.webhooks.endpoint_queue import BATCH
from bridge.webhooks.retry_policy import DAY, TRIES, Answer
from tests.support.clocks import START, skip
from tests.support.receivers import DEADLINE, Heard, Receiver, StrictReceiver, accept
from tests.support.webhook_site import SECOND, Bench, answers, at_work, hang, numbered, refuses


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

    async def test_is_not_rushed_after_a_restart(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = answers(then=500)
        await bench.sms("hello")
        for attempt in (1, 2, 3):
            bench.pass_until((await bench.tried(attempt)).due_at)
        await bench.tried(4)
        await bench.restart()
        bench.pass_until((await bench.tried(4)).due_at)
        row = await bench.tried(5)
        assert (row.due_at - bench.clock.at) / SECOND == pytest.approx(80, rel=0.1)

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
        async with Receiver(hang) as hanging, at_work(tmp_path / "bridge.db", timeout=100.0) as bench:
            slow = await bench.endpoint(hanging)
            await bench.endpoint(receiver)
            await bench.sms(*numbered(50))
            await bench.delivered(50)
            assert receiver.texts == numbered(50)
            await hanging.has(1)
            skip(100.0)
            rows = await bench.until(lambda rows: any(row.endpoint == slow.id and row.attempts for row in rows))
            held = [row for row in rows if row.endpoint == slow.id]
            assert (held[0].state, held[0].status, held[0].error) == ("owed", 0, "no answer within 100 s")
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

    async def put_aside(self, bench: Bench, due_at: int, *texts: str) -> None:
        """These were refused nine times before the ledger started; `bench.begin` starts it."""
        await bench.ledger.close()
        await bench.sms(*texts)
        rows = [replace(row, status=400, error="HTTP 400", due_at=due_at) for row in await bench.rows()]
        for attempts in range(1, 10):
            await bench.store.record_attempts([replace(row, attempts=attempts) for row in rows])

    async def test_among_more_than_a_batch_of_others_blocks_nobody(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        await self.put_aside(bench, START + 3600 * SECOND, *numbered(BATCH + 20))
        await bench.sms("good")
        await bench.begin(bench.webhooks)
        await bench.delivered(1)
        assert receiver.texts == ["good"]
        bench.pass_time(3600 * SECOND)
        await bench.delivered(BATCH + 21)
        assert receiver.texts == ["good", *numbered(BATCH + 20)]

    async def test_takes_turns_with_those_in_line(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        await self.put_aside(bench, START, "aside0", "aside1", "aside2")
        await bench.sms("line0", "line1")
        await bench.begin(bench.webhooks)
        await bench.delivered(5)
        assert receiver.texts == ["aside0", "line0", "aside1", "line1", "aside2"]

    async def test_is_not_tried_while_the_receiver_is_known_to_be_down(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver)
        receiver.answer = answers(503)
        await self.put_aside(bench, START + 2 * SECOND, "aside")
        await bench.sms("line")
        await bench.begin(bench.webhooks)
        _, line = await bench.until(lambda rows: rows[1].attempts == 1)
        bench.pass_time(3 * SECOND)
        await asyncio.sleep(0.05)  # time enough to do the wrong thing
        assert receiver.texts == ["line"]
        bench.pass_until(line.due_at)
        await bench.delivered(2)
        assert sorted(receiver.texts) == ["aside", "line", "line"]

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
        await bench.restart(clumsy)
        await bench.sms("better")
        await bench.delivered(2)
        assert receiver.texts == ["good", "better"]


async def test_a_clock_that_was_set_back_holds_nothing_up_for_years(bench: Bench, receiver: Receiver) -> None:
    await bench.endpoint(receiver)
    receiver.answer = answers(500)
    bench.clock.at = START + 4000 * DAY  # a machine without a battery, before it heard of the time
    await bench.sms("hello")
    await bench.tried(1)
    bench.clock.at = START
    bench.ledger.poke()
    await bench.delivered(1)
    assert receiver.texts == ["hello", "hello"]


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
    async with asyncio.timeout(120):  # hundreds of attempts
        while await bench.rows(DeliveryState.OWED):
            bench.pass_time(600 * SECOND)
            await asyncio.sleep(0.003)
    rows = await bench.rows()
    by_text = dict(zip(numbered(60), rows, strict=True))
    assert {text for text, row in by_text.items() if row.state is DeliveryState.DEAD} == poison
    taken = [text for text in dict.fromkeys(receiver.texts) if text not in poison]
    assert taken == [text for text in numbered(60) if text not in poison]
