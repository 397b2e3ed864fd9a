"""/v1/events: what happens, as it happens."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from api.dialects.native.events import GLANCE
from api.http.app import build_app, runner
from bridge.errors import ConfigError
from bridge.model.account import AccountChange, Author
from bridge.model.message import State
from bridge.model.user import Role
from tests.support.native_site import DOCUMENT, NOW, Caller, Site, site_in
from tests.support.waiting import until

DEADLINE = 12.0  # s


class Stream:
    """An open event stream, read block by block."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def block(self) -> list[str]:
        """The lines up to the next empty one; [] at the end of the stream."""
        lines = []
        async with asyncio.timeout(DEADLINE):
            while line := (await self.response.content.readline()).decode():
                if line == "\n":
                    break
                lines.append(line.removesuffix("\n"))
        return lines

    async def event(self) -> dict[str, Any]:
        """The data of the next event, found to be as documented."""
        block = await self.block()
        while block and block[0].startswith(":"):
            block = await self.block()
        fields = dict(line.split(": ", 1) for line in block)
        assert list(fields) == ["id", "event", "data"]
        data = json.loads(fields["data"])
        DOCUMENT.fits(DOCUMENT.schema("Event"), data)
        assert (fields["id"], fields["event"]) == (str(data["seq"]), data["name"])
        return dict(data)


@asynccontextmanager
async def listening(caller: Caller, headers: dict[str, str] | None = None, **query: Any) -> AsyncIterator[Stream]:
    how = {"headers": caller.headers | (headers or {}), "params": {key: str(value) for key, value in query.items()}}
    async with caller.http.get("/v1/events", **how) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        stream = Stream(response)
        assert await stream.block() == [": listening"]
        yield stream


async def test_a_stream_says_where_the_log_ends(site: Site) -> None:
    async with listening(site.shop, after=10**6) as stream:
        assert stream.response.headers["SMS-Bridge-Position"] == "0"
    await site.shop.send()
    async with listening(site.shop, after=0) as stream:
        event = await stream.event()
        assert stream.response.headers["SMS-Bridge-Position"] == str(event["seq"])


async def test_tells_what_happens_from_now_on(site: Site) -> None:
    await site.shop.send(text="before")
    async with listening(site.shop) as stream:
        made = await site.shop.send(text="now", client_ref="r")
        event = await stream.event()
        assert (event["name"], event["subject"], event["account"]) == ("message.submitted", made["id"], "shop")
        assert (event["data"]["text"], event["data"]["client_ref"]) == ("now", "r")
        assert event["data"]["created_at"] == made["created_at"]
        assert event["data"]["sent_at"] is None


async def test_tells_received_sms_to_every_account(site: Site) -> None:
    async with listening(site.shop) as shop, listening(site.bakery) as bakery:
        received = await site.receive("+15550123", "hello")
        for stream in (shop, bakery):
            event = await stream.event()
            assert (event["name"], event["subject"], event["data"]["from"]) == (
                "message.received",
                received.id,
                "+15550123",
            )


async def test_an_account_hears_nothing_of_anothers_messages(site: Site) -> None:
    async with listening(site.shop) as shop, listening(site.operator) as operator:
        await site.bakery.send(text="secret")
        await site.shop.send(text="mine")
        assert (await shop.event())["data"]["text"] == "mine"
        assert [(await operator.event())["data"]["text"] for _ in range(2)] == ["secret", "mine"]


async def test_tells_nothing_of_what_was_deleted(site: Site) -> None:
    message = await site.shop.send(text="a secret")
    await site.carry(State.SENT)
    received = await site.receive("+15550123", "another secret")
    for path in (f"/v1/messages/{message['id']}", f"/v1/inbox/{received.id}"):
        assert (await site.shop.delete(path)).status == 204
    await site.shop.send(text="what came later")
    async with listening(site.shop, after=0) as stream:
        assert (await stream.event())["data"]["text"] == "what came later"
    async with listening(site.bakery, after=0) as stream:
        assert (await stream.event())["data"]["text"] == "another secret"


@pytest.mark.parametrize("way", ["header", "query", "both"])
async def test_goes_on_where_a_caller_left_off(site: Site, way: str) -> None:
    async with listening(site.shop, after=0) as stream:
        for text in ("one", "two", "three"):
            await site.shop.send(text=text)
        last = (await stream.event())["seq"]
    headers = {} if way == "query" else {"Last-Event-ID": str(last)}
    query = {} if way == "header" else {"after": 0 if way == "both" else last}
    async with listening(site.shop, headers, **query) as stream:
        assert [(await stream.event())["data"]["text"] for _ in range(2)] == ["two", "three"]
        await site.shop.send(text="four")
        assert (await stream.event())["data"]["text"] == "four"


async def test_tells_only_the_events_that_were_named(site: Site) -> None:
    async with listening(site.shop, names="message.sent,message.received") as stream:
        made = await site.shop.send()
        await site.carry(State.SENT)
        await site.receive()
        first, second = await stream.event(), await stream.event()
    assert (first["name"], first["subject"]) == ("message.sent", made["id"])
    assert second["name"] == "message.received"


async def test_a_text_with_line_breaks_stays_in_one_line(site: Site) -> None:
    async with listening(site.shop) as stream:
        await site.shop.send(text="one\ntwo\r\n\nthree")
        assert (await stream.event())["data"]["text"] == "one\ntwo\r\n\nthree"


async def test_says_that_it_is_still_there_when_nothing_happens(tmp_path: Path) -> None:
    async with site_in(tmp_path, options={"native": {"heartbeat": 0.01}}) as site:
        async with listening(site.shop) as stream:
            assert await stream.block() == [": still here"]
            await site.shop.send(text="after a silence")
            assert (await stream.event())["data"]["text"] == "after a silence"
        site.close_streams()


@pytest.mark.parametrize("seconds", [0, -1, "15", True, 1e9, float("nan")])
async def test_refuses_times_that_are_none(site: Site, seconds: object) -> None:
    with pytest.raises(ConfigError, match=r"dialects\.native\.options\.heartbeat: must be"):
        build_app(site.gateway, dialects={"native": ""}, options={"native": {"heartbeat": seconds}})


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ({"after": "-1"}, {}, "after"),
        ({"after": "x"}, {}, "after"),
        ({"after": "9" * 30}, {}, "after"),
        ({"names": "message.lost"}, {}, "names"),
        ({"names": ""}, {}, "names"),
        ({"name": "message.sent"}, {}, "name"),
        ({}, {"Last-Event-ID": "abc"}, "Last-Event-ID"),
    ],
)
async def test_refuses_what_it_cannot_follow(
    shop: Caller, query: dict[str, str], headers: dict[str, str], field: str
) -> None:
    caller = Caller(shop.http, shop.headers | headers)
    assert (await caller.get("/v1/events", **query)).problem == (400, "bad-request", field)


async def test_suggests_the_event_that_was_meant(shop: Caller) -> None:
    assert "did you mean `message.sent`?" in (await shop.get("/v1/events", names="message.send")).detail


async def test_a_caller_who_went_away_makes_room_for_another(site: Site) -> None:
    for _ in range(40):
        async with listening(site.shop):
            pass
        await site.shop.send()  # the end of a connection shows when something is written to it
    async with listening(site.shop, after=0) as stream:
        assert (await stream.event())["name"] == "message.submitted"


@asynccontextmanager
async def served(site: Site, **options: float) -> AsyncIterator[tuple[web.AppRunner, int]]:
    """The same gateway on another port, by the runner that the bridge itself uses."""
    serving = runner(build_app(site.gateway, dialects={"native": ""}, options={"native": options}))
    await serving.setup()
    await web.TCPSite(serving, "127.0.0.1", 0).start()
    try:
        yield serving, serving.addresses[0][1]
    finally:
        await serving.cleanup()


@asynccontextmanager
async def deaf(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """A caller who asks for everything and reads nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nX-Api-Key: shop-key\r\n\r\n")
    try:
        yield reader
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


def is_stuck(serving: web.AppRunner) -> bool:
    """Whether a connection has taken all that it takes unread."""
    transports = [connection.transport for connection in serving.server.connections]  # type: ignore[union-attr]
    return any(transport and transport.get_write_buffer_size() > 64 * 1024 for transport in transports)


async def much(site: Site) -> None:
    """More news than the buffers of a connection hold."""
    batch = [{"to": "+15550100", "text": "long " * 1000}] * 100
    for _ in range(20):
        assert (await site.shop.post("/v1/messages", {"messages": batch})).status == 202


async def test_streams_end_cleanly_when_the_bridge_goes_down(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site, served(site) as (serving, port), aiohttp.ClientSession() as session:
        response = await session.get(f"http://127.0.0.1:{port}/v1/events", headers=site.shop.headers)
        stream = Stream(response)
        assert await stream.block() == [": listening"]
        async with asyncio.timeout(DEADLINE):
            await serving.cleanup()
        assert await stream.block() == []
        assert response.content.exception() is None


async def test_a_caller_who_does_not_read_does_not_keep_the_bridge_from_going(site: Site) -> None:
    await much(site)
    async with served(site) as (serving, port), deaf(port):
        await until(lambda: is_stuck(serving))
        async with asyncio.timeout(DEADLINE):
            await serving.cleanup()


async def test_nor_does_one_who_has_not_read_what_was_written_before_all_was_quiet(site: Site) -> None:
    async with served(site) as (serving, port), deaf(port) as reader, listening(site.shop) as other:
        await until(lambda: bool(serving.server and serving.server.connections))
        (connection,) = serving.server.connections  # type: ignore[union-attr]
        for transport in (connection.transport, reader._transport):  # type: ignore[attr-defined]
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, 4096)
        while not is_stuck(serving):
            await site.shop.send(text="long " * 1000)
            await other.event()
        async with asyncio.timeout(DEADLINE):
            await serving.cleanup()


async def test_a_caller_who_does_not_read_is_let_go_and_holds_up_nobody(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await much(site)
    async with served(site, patience=0.2) as (_, port), deaf(port) as reader:
        async with listening(site.shop) as stream:
            await site.shop.send(text="for those who listen")
            assert (await stream.event())["data"]["text"] == "for those who listen"
        await until(lambda: "an event stream ended early: TimeoutError" in caplog.text)
        async with asyncio.timeout(DEADLINE):
            while not reader.at_eof():
                last = await reader.read(65536)
        assert not last.endswith(b"0\r\n\r\n")  # cut, not ended


async def the_end(stream: Stream) -> None:
    while await stream.block():
        pass


async def test_a_stream_ends_at_once_when_its_key_is_revoked(site: Site) -> None:
    made = await site.shop.post("/v1/keys", {"name": "screen", "scopes": ["read", "inbox"]})
    async with listening(site.caller(made.body["credentials"]["apikey"])) as stream:
        await site.shop.delete("/v1/keys/screen")
        with pytest.raises(aiohttp.ClientError):  # long before the next heartbeat
            await the_end(stream)


async def test_a_stream_tells_nothing_after_its_key_is_revoked_however_long_that_takes_to_be_read(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await site.shop.post("/v1/keys", {"name": "screen", "scopes": ["read", "inbox"]})
    stands, readable = site.gateway.authenticator.stands, asyncio.Event()

    async def slow(secret: str, address: str, *kinds: str) -> bool:
        if secret == made.body["credentials"]["apikey"]:
            await readable.wait()
        return await stands(secret, address, *kinds)

    async with listening(site.caller(made.body["credentials"]["apikey"])) as stream, listening(site.shop) as other:
        await site.shop.post("/v1/messages", {"to": "+15550100", "text": "before"})
        assert (await stream.event())["seq"] == (await other.event())["seq"]
        monkeypatch.setattr(site.gateway.authenticator, "stands", slow)
        await site.shop.delete("/v1/keys/screen")
        await site.shop.post("/v1/messages", {"to": "+15550100", "text": "after"})
        await other.event()
        await site.shop.get("/v1/messages")  # time enough for a stream that does not wait
        readable.set()
        with pytest.raises(aiohttp.ClientError):
            await stream.event()


async def test_a_stream_ends_within_a_second_whoever_ends_its_key(site: Site) -> None:
    """Another process that has the store, too, and nobody calls this one."""
    made = await site.shop.post("/v1/keys", {"name": "screen", "scopes": ["read", "inbox"]})
    async with listening(site.caller(made.body["credentials"]["apikey"])) as stream:
        await site.store.revoke_key("shop", "screen", Author("another process", NOW))
        async with asyncio.timeout(GLANCE + 10.0):  # on a busy machine, and before the next heartbeat
            with pytest.raises(aiohttp.ClientError):
                await the_end(stream)


async def test_a_stream_ends_where_its_account_is_bound_to_other_addresses(site: Site) -> None:
    async with listening(site.shop) as stream:
        await site.gateway.administration.change_account("test", "shop", AccountChange(addresses=("192.0.2.0/24",)))
        with pytest.raises(aiohttp.ClientError):
            await the_end(stream)


async def test_a_stream_ends_when_its_key_expires(site: Site) -> None:
    soon = site.gateway.now() // 1000 + 2
    made = await site.shop.post("/v1/keys", {"name": "screen", "scopes": ["read", "inbox"], "expires_at": soon})
    async with listening(site.caller(made.body["credentials"]["apikey"])) as stream:
        with pytest.raises(aiohttp.ClientError):
            await the_end(stream)


@pytest.mark.parametrize("how", ["revoked", "disabled"])
async def test_a_stream_ends_with_its_key(tmp_path: Path, how: str) -> None:
    async with site_in(tmp_path, options={"native": {"heartbeat": 0.01}}) as site:
        made = await site.shop.post("/v1/keys", {"name": "screen", "scopes": ["read", "inbox"]})
        async with (
            listening(site.caller(made.body["credentials"]["apikey"])) as stream,
            listening(site.bakery) as other,
        ):
            for _ in range(3):
                assert await stream.block() == [": still here"]
            if how == "revoked":
                await site.shop.delete("/v1/keys/screen")
            else:
                await site.gateway.administration.change_account("test", "shop", AccountChange(disabled=True))
            with pytest.raises(aiohttp.ClientError):
                await the_end(stream)
            assert await other.block() == [": still here"]
        site.close_streams()


@pytest.mark.parametrize("how", ["user removed", "user disabled", "session ended", "elsewhere"])
async def test_a_stream_ends_within_a_second_of_its_persons_session(site: Site, how: str) -> None:
    await site.person(Role.OWNER)
    anna = await site.person(Role.OPERATOR, "anna")
    by = Author("another process", NOW)
    async with listening(anna) as stream, listening(await site.person(Role.READER)) as other:
        if how == "user removed":
            await site.gateway.users.remove("test", "anna")
        elif how == "user disabled":
            await site.gateway.users.change("test", "anna", disabled=True)
        elif how == "session ended":
            (session,) = await site.gateway.sessions.all("anna")
            await site.gateway.sessions.end("anna", session.id)
        else:
            await site.store.remove_user("anna", by)
        async with asyncio.timeout(GLANCE + 10.0):  # on a busy machine, and before the next heartbeat
            with pytest.raises(aiohttp.ClientError):
                await the_end(stream)
        await site.shop.send(text="for those who are still there")
        assert (await other.event())["data"]["text"] == "for those who are still there"
