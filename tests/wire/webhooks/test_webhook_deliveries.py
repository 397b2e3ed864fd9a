"""What a receiver gets to see of a webhook, and what its answers do."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

import pytest
from aiohttp import web

from tests.support.clocks import START
from tests.support.receivers import Heard, Receiver, StrictReceiver
from tests.support.webhook_site import SHOP, Bench, answers, numbered


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
        rotating = await bench.gateway.endpoints.rotate("test", SHOP, (await bench.endpoint(receiver)).id)
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


class TestAnAnswer:
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
        await bench.gateway.endpoints.add("test", SHOP, f"http://127.0.0.1:{port}/")
        await bench.sms("hello")
        row = await bench.tried(1)
        assert (row.state, row.status) == ("owed", 0)
        assert row.error.startswith("no proper answer")
        server.close()
        await server.wait_closed()


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
    await bench.gateway.endpoints.pause("test", SHOP, endpoint.id, paused=False)
    row = await bench.tried(5)
    assert row.error == "cannot connect: Connection refused"
    told = caplog.text + repr(row) + row.error + repr(bench.ledger) + repr(bench.webhooks)
    assert "webhook" in told
    assert endpoint.secret not in told + repr(endpoint)
    assert "receivers-own-token" not in told
