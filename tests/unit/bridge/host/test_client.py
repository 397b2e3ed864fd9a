"""A command's calls of the native API, against a real HTTP server on loopback and on a Unix socket."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bridge.config.field import Secret
from bridge.errors import BadRequest
from bridge.host import client as clients
from bridge.host import control_file
from bridge.host.client import Client, Declined, path
from bridge.host.control_file import Control, NotRunning
from tests.support.users import somebody_else

START = "sms-bridge serve"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def control(url: str = "http://127.0.0.1:9", socket: str = "") -> Control:
    return Control(url, Secret("t0ken"), os.getpid(), socket)


@asynccontextmanager
async def bridge(answer: Answer, name_fields: bool = True) -> AsyncIterator[Client]:
    """A server that answers every path with `answer`, and a client of it that speaks for the account `shop`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield Client(control(control_file.address("0.0.0.0", port)), START, "shop", name_fields=name_fields)
    finally:
        await runner.cleanup()


async def test_calls_with_the_token_for_the_account() -> None:
    heard: list[tuple[str, ...]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append((request.method, request.path_qs, await request.text()))
        heard.append((request.headers["Authorization"], request.headers["SMS-Bridge-Account"]))
        return web.json_response({"id": "1"})

    async with bridge(answer) as client:
        assert await client.post("/v1/messages", {"to": "+15550100"}) == {"id": "1"}
        assert await client.get("/v1/messages", {"state": "failed"}) == {"id": "1"}
    who = ("Bearer t0ken", "shop")
    assert heard == [
        ("POST", "/v1/messages", '{"to": "+15550100"}'),
        who,
        ("GET", "/v1/messages?state=failed", ""),
        who,
    ]


async def test_gives_back_the_sentence_of_the_bridge_with_the_field_at_fault() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"title": "Bad Request", "detail": "is no phone number", "field": "to"}, status=400)

    async with bridge(answer) as client:
        with pytest.raises(Declined) as caught:
            await client.post("/v1/messages")
    assert caught.value.message == "to: is no phone number"


async def test_an_answer_without_a_sentence_is_told_by_its_status() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>")

    async with bridge(answer) as client:
        with pytest.raises(Declined, match="the bridge answered 502 to GET /v1/lines"):
            await client.get("/v1/lines")


async def test_hears_events_until_the_bridge_stops() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b': listening\n\nid: 7\nevent: message.sent\ndata: {"name":"message.sent"}\n\n')
        await response.write(b': still here\n\nid: 8\nevent: line.changed\ndata: {"na')
        await asyncio.sleep(0)
        await response.write(b'me":"line.changed"}\n\n')
        return response

    async with bridge(answer) as client, client.listen() as events:
        assert [event["name"] async for event in events] == ["message.sent", "line.changed"]


async def test_what_fails_while_events_are_shown_is_not_taken_for_a_lost_bridge() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'id: 7\ndata: {"name":"message.sent"}\n\n')
        return response

    async def show(client: Client) -> None:
        async with client.listen() as events:
            await anext(events)
            raise BrokenPipeError

    async with bridge(answer) as client:
        with pytest.raises(BrokenPipeError):
            await show(client)


async def test_says_when_the_bridge_is_lost_while_it_is_listened_to() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'id: 7\ndata: {"name":"message.sent"}\n\n')
        assert request.transport is not None
        reset = struct.pack("ii", 1, 0)  # the connection is reset, not ended
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        request.transport.abort()
        return response

    async def hear(client: Client) -> list[object]:
        async with client.listen() as events:
            return [event async for event in events]

    async with bridge(answer) as client:
        with pytest.raises(NotRunning, match="nobody answers at"):
            await hear(client)


async def test_says_when_nobody_answers_any_more() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({})

    async with bridge(answer) as client:
        await client.get("/v1/lines")
    late = Client(control(str(client.url)), START)
    with pytest.raises(NotRunning, match=r"nobody answers at .*; start it with: sms-bridge serve"):
        await late.get("/v1/lines")


async def test_a_field_is_named_where_it_is_asked_for() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"detail": "'Paris' is no time zone", "field": "terms.zone"}, status=400)

    async with bridge(answer, name_fields=False) as client:
        with pytest.raises(Declined, match=r"^'Paris' is no time zone$"):
            await client.call("PATCH", "/v1/accounts/shop", {"terms": {"zone": "Paris"}})


async def test_an_empty_answer_is_nothing() -> None:
    async def answer(request: web.Request) -> web.Response:
        assert (request.method, request.can_read_body) == ("DELETE", False)
        return web.Response(status=204)

    async with bridge(answer) as client:
        assert await client.call("DELETE", "/v1/keys/crm") is None


async def test_takes_an_answer_of_any_length() -> None:
    text = "ä" * 1_000_000

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"text": text})

    async with bridge(answer) as client:
        assert await client.get("/v1/messages") == {"text": text}


async def test_says_whose_socket_it_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        (tmp_path / "s").chmod(0)
        told = f"s is for the user {tmp_path.owner()}, who runs"
        with somebody_else(), pytest.raises(NotRunning, match=told):
            await Client(control(socket=str(tmp_path / "s")), START).get("/v1/lines")


async def test_says_what_keeps_a_bridge_from_answering() -> None:
    gone = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/readyz":
            return web.json_response({"reason": "the database does not answer"}, status=503)
        await gone.wait()
        return web.Response()

    async with bridge(answer) as client:
        with pytest.raises(NotRunning, match=r"runs, but cannot answer now: the database does not answer$"):
            await client.get("/v1/messages", patience=0.1)
        gone.set()


async def test_what_is_refused_late_is_told_by_what_keeps_the_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/readyz":
            return web.json_response({"reason": "the database does not answer"}, status=503)
        return web.json_response({"detail": "this search takes longer than 5 s: narrow it"}, status=400)

    async with bridge(answer) as client:
        with pytest.raises(Declined, match="narrow it"):
            await client.get("/v1/messages")
        monkeypatch.setattr(clients, "SLOW", 0.0)
        with pytest.raises(Declined, match=r"^the database does not answer$"):
            await client.get("/v1/messages")


async def test_says_how_to_restart_a_bridge_that_takes_calls_and_answers_none(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        client = Client(control(socket=str(tmp_path / "s")), START)
        with pytest.raises(NotRunning, match=r"does not answer; restart it with: sms-bridge serve"):
            await client.get("/v1/lines", patience=0.05)


def test_a_segment_of_a_path_stays_one() -> None:
    assert path("accounts", "my shop/..", "templates", "a?b#c%") == "/v1/accounts/my%20shop%2F../templates/a%3Fb%23c%25"
    with pytest.raises(BadRequest, match="must not be empty"):
        path("accounts", "")
