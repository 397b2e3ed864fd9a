"""Endpoints come, go, pause and lead elsewhere; what was delivered is delivered again."""

import asyncio
import ssl
from pathlib import Path

import pytest

from api.webhooks.poster import Webhooks
from bridge.bus import Bus
from bridge.gateway.gateway import Gateway
from bridge.model.query import LedgerQuery
from bridge.model.webhook import DeliveryState
from bridge.store.sqlite import SqliteStore
from bridge.webhooks.retry_policy import DAY, TRIES
from tests.support.receivers import DEADLINE, NameTable, Receiver
from tests.support.webhook_site import SECOND, SHOP, Bench, answers, numbered


class TestAnEndpoint:
    async def test_that_is_gone_is_paused_and_what_is_owed_waits(self, bench: Bench, receiver: Receiver) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(410)
        await bench.sms("first", "second")
        await bench.tried(1)
        async with asyncio.timeout(DEADLINE):
            while not (await bench.gateway.endpoints.get(SHOP, endpoint.id)).paused:
                await asyncio.sleep(0.005)
        bench.pass_time(3 * DAY)
        assert [row.state for row in await bench.rows()] == ["owed", "owed"]
        await bench.gateway.endpoints.pause("test", SHOP, endpoint.id, paused=False)
        await bench.delivered(2)
        assert receiver.texts == ["first", "first", "second"]

    async def test_that_is_paused_gets_nothing_until_it_is_resumed(self, bench: Bench, receiver: Receiver) -> None:
        async with Receiver() as other:
            endpoint = await bench.endpoint(receiver)
            await bench.endpoint(other)
            await bench.gateway.endpoints.pause("test", SHOP, endpoint.id, paused=True)
            await bench.restart()
            await bench.sms("first", "second")
            await bench.delivered(2)
            assert (other.texts, receiver.texts) == (["first", "second"], [])
            await bench.gateway.endpoints.pause("test", SHOP, endpoint.id, paused=False)
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
        await bench.gateway.endpoints.pause("test", SHOP, endpoint.id, paused=False)
        await bench.delivered(1)

    async def test_that_is_asked_for_in_a_loop_does_not_burn_its_tries(self, bench: Bench, receiver: Receiver) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(then=500)
        await bench.sms("hello")
        await bench.tried(1)
        for _ in range(TRIES):
            await bench.gateway.endpoints.pause("test", SHOP, endpoint.id, paused=False)
            await asyncio.sleep(0)
        bench.pass_until((await bench.tried(1)).due_at)
        assert (await bench.tried(2)).attempts == 2

    @pytest.mark.parametrize("change", ["remove", "pause"])
    async def test_that_was_changed_gets_nothing_more_however_long_the_change_takes_to_be_read(
        self, bench: Bench, receiver: Receiver, change: str
    ) -> None:
        endpoint = await bench.endpoint(receiver)
        receiver.answer = answers(then=500)
        await bench.sms("hello")
        row = await bench.tried(1)
        async with Receiver() as other:
            await bench.endpoint(other)
            await bench.sms("meanwhile")
            await bench.delivered(1)
            bench.store.readable.clear()
            if change == "remove":
                await bench.gateway.endpoints.remove("test", SHOP, endpoint.id)
            else:
                await bench.gateway.endpoints.pause("test", SHOP, endpoint.id, paused=True)
            bench.clock.at = row.due_at
            await bench.sms("later")
            await bench.delivered(2)
            bench.store.readable.set()
            await bench.ledger.close()
        assert receiver.texts == ["hello"]

    async def test_added_by_another_process_is_found(self, bench: Bench, receiver: Receiver) -> None:
        command_line = SqliteStore(str(bench.path))
        await command_line.open()
        elsewhere = Gateway(command_line, Bus(), clock=bench.clock)
        await elsewhere.endpoints.add("test", SHOP, receiver.url)
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
        assert await bench.gateway.endpoints.redeliver(SHOP, LedgerQuery(), [rows[1].id]) == 1
        await receiver.has(4)
        assert receiver.texts == ["n000", "n001", "n002", "n001"]
        assert receiver.heard[3].event_id == receiver.heard[1].event_id
        assert receiver.heard[3].raw == receiver.heard[1].raw

    async def test_empties_the_dead_letters_in_order(self, bench: Bench, receiver: Receiver) -> None:
        await bench.endpoint(receiver, max_attempts=1)
        receiver.answer = answers(500, 400, 500)
        await bench.sms(*numbered(3))
        await bench.until(lambda rows: [row.state for row in rows] == ["dead"] * 3)
        assert await bench.gateway.endpoints.redeliver(SHOP, LedgerQuery(state=DeliveryState.DEAD)) == 3
        await bench.delivered(3)
        assert receiver.texts == numbered(3) * 2


class TestTargets:
    async def test_outside_are_not_connected_to_by_plain_http(self, bench: Bench) -> None:
        await bench.gateway.endpoints.add("test", SHOP, "http://192.0.2.1/hook")
        await bench.sms("hello")
        row = await bench.tried(1)
        assert (row.state, row.status) == ("owed", 0)
        assert row.error.startswith("192.0.2.1 is outside this network: use https")

    async def test_are_judged_by_where_their_name_leads_now(self, bench: Bench, receiver: Receiver) -> None:
        """A name that led home when the endpoint was added leads elsewhere later."""
        names = NameTable({"till.lan": ["127.0.0.1"]})
        rebinding = Webhooks(resolver=names)
        await bench.restart(rebinding)
        await bench.gateway.endpoints.add("test", SHOP, receiver.url.replace("127.0.0.1", "till.lan"))
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
        assert row.error == "till.lan is link-local or a cloud's metadata service; webhooks never go there"
        await bench.ledger.close()
        await rebinding.close()
        assert receiver.texts == ["first"]

    async def test_that_speak_no_tls_are_down(self, bench: Bench, receiver: Receiver) -> None:
        await bench.gateway.endpoints.add("test", SHOP, receiver.url.replace("http:", "https:"))
        await bench.sms("hello")
        row = await bench.tried(1)
        assert (row.state, row.status) == ("owed", 0)
        assert row.error.startswith("cannot connect: TLS fails (")

    async def test_whose_name_does_not_resolve_are_down(self, bench: Bench) -> None:
        lost = Webhooks(resolver=NameTable({}))
        await bench.restart(lost)
        await bench.gateway.endpoints.add("test", SHOP, "https://till.lan/hook")
        await bench.sms("hello")
        row = await bench.tried(1)
        assert (row.state, row.status, row.error) == ("owed", 0, "its name does not resolve")
        await bench.ledger.close()
        await lost.close()

    @pytest.mark.needs("openssl")
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
