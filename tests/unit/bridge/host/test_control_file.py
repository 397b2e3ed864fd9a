"""control.json and the calls of the command line, against a real HTTP server on loopback."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bridge.accounts import credentials
from bridge.config.field import Secret
from bridge.host import control_file
from bridge.model.account import Account
from bridge.store import open_store

START = "sms-bridge serve"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def running(url: str = "http://127.0.0.1:9", pid: int = 0) -> control_file.Control:
    return control_file.Control(url, Secret("t0ken"), pid or os.getpid())


@asynccontextmanager
async def bridge(answer: Answer) -> AsyncIterator[control_file.Client]:
    """A server that answers every path with `answer`, and a client of it that speaks for the account `shop`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with control_file.Client(running(control_file.address("0.0.0.0", port)), START, "shop") as client:
            yield client
    finally:
        await runner.cleanup()


def finished_process() -> int:
    """The id of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_finds_the_running_bridge(tmp_path: Path) -> None:
    control_file.write(tmp_path, running())
    assert control_file.find(tmp_path, START) == running()


def test_the_file_is_for_its_own_user_alone(tmp_path: Path) -> None:
    control_file.write(tmp_path, running())
    assert stat.S_IMODE((tmp_path / "control.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "control.json").read_text()) == {
        "url": "http://127.0.0.1:9",
        "token": "t0ken",
        "pid": os.getpid(),
    }


def test_a_new_start_replaces_the_file_of_the_last_one(tmp_path: Path) -> None:
    control_file.write(tmp_path, running("http://127.0.0.1:1", finished_process()))
    control_file.write(tmp_path, running("http://127.0.0.1:2"))
    assert control_file.find(tmp_path, START).url == "http://127.0.0.1:2"
    assert [each.name for each in tmp_path.iterdir()] == ["control.json"]


def test_says_how_to_start_a_bridge_that_never_ran(tmp_path: Path) -> None:
    with pytest.raises(control_file.NotRunning) as caught:
        control_file.find(tmp_path / "nowhere", START)
    assert caught.value.message == "the bridge is not running; start it with: sms-bridge serve"


def test_a_file_left_by_a_dead_process_means_not_running(tmp_path: Path) -> None:
    control_file.write(tmp_path, running(pid=finished_process()))
    with pytest.raises(control_file.NotRunning, match="is not running; start it with: sms-bridge serve"):
        control_file.find(tmp_path, START)


def test_says_when_the_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "control.json").write_text('{"url": ')
    with pytest.raises(control_file.NotRunning, match="is damaged: stop the bridge, delete the file"):
        control_file.find(tmp_path, START)


def test_takes_its_own_file_away_and_nobody_elses(tmp_path: Path) -> None:
    control_file.write(tmp_path, running(pid=os.getpid()))
    control_file.remove(tmp_path, pid=1)
    assert (tmp_path / "control.json").exists()
    control_file.remove(tmp_path, pid=os.getpid())
    assert not (tmp_path / "control.json").exists()
    control_file.remove(tmp_path, pid=os.getpid())


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("sms.lan", "http://sms.lan:80"),
    ],
)
def test_knows_where_to_reach_what_listens_everywhere(host: str, url: str) -> None:
    assert control_file.address(host, 80) == url


def test_the_token_does_not_show_in_a_repr() -> None:
    assert "t0ken" not in repr(running())


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
        with pytest.raises(control_file.Declined) as caught:
            await client.post("/v1/messages")
    assert caught.value.message == "to: is no phone number"


async def test_an_answer_without_a_sentence_is_told_by_its_status() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>")

    async with bridge(answer) as client:
        with pytest.raises(control_file.Declined, match="the bridge answered 502 to GET /v1/lines"):
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


async def test_says_when_nobody_answers_any_more() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({})

    async with bridge(answer) as client:
        await client.get("/v1/lines")
    async with control_file.Client(running(str(client.url)), START) as late:
        with pytest.raises(control_file.NotRunning, match=r"nobody answers at .*; start it with: sms-bridge serve"):
            await late.get("/v1/lines")


async def test_each_start_grants_one_token_to_the_operator(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db")
    try:
        tokens = [await control_file.grant(store, now) for now in (1, 2)]
        callers = [await store.account_for("apikey", "", credentials.digest(token), 3) for token in tokens]
    finally:
        await store.close()
    assert callers == [None, Account("operator", created_at=1, operator=True)]
