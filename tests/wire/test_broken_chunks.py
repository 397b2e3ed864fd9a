"""A body in chunks that are not as HTTP writes them is answered at once, in its path's own shape, at every door."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from api.dialect.contract import Mount, Site, discover
from api.http.bodies import CUT_SHORT
from bridge.accounts.credentials import kept
from bridge.config.hub import Hub
from bridge.errors import BadRequest
from device_drivers.bridge_remote.channels import Channels
from tests.contract.test_dialect_contract import is_like
from tests.support.http_site import CREDENTIALS, Answer
from tests.support.running import Bridge, config, running

#: seconds for an answer: less than the ten that a refused body has, and the twenty that a slow one has
AT_ONCE = 8.0
DIALECTS = discover()
GOOD = b"2\r\na=\r\n"
BROKEN = {
    "no size": b"\r\nx",
    "a size that is none": b"xyz\r\n",
    "a negative size": b"-1\r\n",
    "a size with a sign": b"+1\r\nx\r\n",
    "a size in 0x": b"0x1\r\nx\r\n",
    "a size of more than fits": b"fffffffffffffffff\r\n",
    "a line end that is missing": b"2\r\nabc",
    "a bare line feed": b"2\nab\n",
    "a trailer that is none": b"0\r\n\x00\r\n\r\n",
}


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with running(config(tmp_path, {})) as running_one:
        for credential in kept(CREDENTIALS):
            await running_one.store.add_credential("shop", credential, replace=True)
        yield running_one


@asynccontextmanager
async def calling(bridge: Bridge) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    url = urlsplit(bridge.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def answer(reader: asyncio.StreamReader) -> Answer:
    began = time.monotonic()
    async with asyncio.timeout(60):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(fields["Content-Length"]))
    assert time.monotonic() - began < AT_ONCE
    return Answer(int(head.split()[1]), fields, body)


def posts(name: str) -> bytes:
    """The head of a request to a path that takes a body."""
    kind = DIALECTS[name]
    dialect = kind(Site(None), Mount(kind.prefix.rstrip("/"), kind.body_limit))  # type: ignore[arg-type]
    sample = dialect.sample(CREDENTIALS, "+15550123", "hello")
    path = sample.path.partition("?")[0]
    fields = {"Content-Type": "application/json", **sample.headers, "Host": "here", "Transfer-Encoding": "chunked"}
    lines = [f"POST {path} HTTP/1.1", *(f"{field}: {value}" for field, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@pytest.mark.parametrize("together", [True, False], ids=["together", "apart"])
@pytest.mark.parametrize("name", DIALECTS)
async def test_every_dialect_answers_in_its_shape(bridge: Bridge, name: str, together: bool) -> None:
    kind = DIALECTS[name]
    wanted = kind(Site(bridge.gateway), Mount(kind.prefix, kind.body_limit)).refuse(BadRequest(CUT_SHORT))
    head = posts(name)
    async with calling(bridge) as (reader, writer):
        for piece in [head + GOOD + b"xyz\r\n"] if together else [head, GOOD, b"xyz\r\n"]:
            writer.write(piece)
            await writer.drain()
            if not together:
                await asyncio.sleep(0.05)
        told = await answer(reader)
        assert told.status == wanted.status
        assert is_like(told, wanted), told.body
        assert await reader.read() == b""


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_whatever_is_wrong_is_answered(bridge: Bridge, broken: bytes) -> None:
    head = posts("native")
    async with calling(bridge) as (reader, writer):
        writer.write(head + GOOD)
        await asyncio.sleep(0.05)
        writer.write(broken)
        told = await answer(reader)
        assert (told.status, told.headers["Content-Type"]) == (400, "application/problem+json")
        assert await reader.read() == b""


async def test_a_fault_behind_a_long_body_is_answered_too(bridge: Bridge) -> None:
    """More has come than is taken at once: the fault is found when the reader has caught up."""
    head = posts("smsmobile")
    async with calling(bridge) as (reader, writer):
        writer.write(head + b"10000\r\n" + b"x" * 0x10000 + b"\r\n" + b"xyz\r\n")
        assert (await answer(reader)).status in {400, 413}


@pytest.mark.parametrize("path", ["/callbacks/nobody", "/nowhere", "/livez", "/v1/nowhere", "/"])
async def test_other_paths_answer_too(bridge: Bridge, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    async with calling(bridge) as (reader, writer):
        writer.write(head + b"xyz\r\n")
        assert 400 <= (await answer(reader)).status < 500


async def test_a_good_one_is_taken_and_the_connection_goes_on(bridge: Bridge) -> None:
    head = posts("native")
    head = head.replace(b"\r\n\r\n", f"\r\nX-Api-Key: {CREDENTIALS['apikey']}\r\n\r\n".encode())
    body = b'{"to":"+15550123","text":"hello"}'
    async with calling(bridge) as (reader, writer):
        for _ in range(3):
            writer.write(head + b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\n\r\n")
            assert (await answer(reader)).status == 202


class HubsFrames:
    """The hub's end of the connection that a site keeps."""

    peer = "the hub"

    def __init__(self, line: web.WebSocketResponse) -> None:
        self._line = line

    async def receive(self) -> bytes | None:
        message = await self._line.receive()
        return message.data if message.type is WSMsgType.BINARY else None

    async def send(self, frame: bytes) -> None:
        await self._line.send_bytes(frame)

    async def close(self, words: str, code: int = 1001) -> None:
        await self._line.close(code=code)


async def test_a_hub_is_answered_over_the_connection_that_the_site_keeps(tmp_path: Path) -> None:
    told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    key: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def dialled(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        channels = Channels(HubsFrames(line))
        carrying = asyncio.get_running_loop().create_task(channels.run())
        reader, writer = await asyncio.open_connection(sock=await channels.open())
        writer.write(posts("native").replace(CREDENTIALS["apikey"].encode(), (await key).encode()))
        writer.write(GOOD + b"xyz\r\n")
        told.set_result(await answer(reader))
        writer.close()
        await channels.close("enough")
        await carrying
        return line

    app = web.Application()
    app.router.add_get("/callbacks/shop/dial", dialled)
    async with TestServer(app) as hub:
        settings = replace(config(tmp_path, {}), hubs={"hub": Hub(str(hub.make_url("")), "shop", "sesame")})
        async with running(settings) as site:
            key.set_result(site.keys["apikey"])
            assert (await asyncio.wait_for(told, 60)).status == 400
