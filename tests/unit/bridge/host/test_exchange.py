"""HTTP/1.0 as a command speaks it, against real servers on loopback and on a Unix socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bridge.host.exchange import LOST, Exchange


async def echo(request: web.Request) -> web.Response:
    """What was asked, as text."""
    body = await request.text()
    told = (request.method, request.path_qs, request.content_type if body else "", request.headers.get("X-Who"), body)
    return web.Response(text=" ".join(filter(None, told)), status=202)


@asynccontextmanager
async def serving(path: Path | None = None) -> AsyncIterator[str]:
    """The URL of a server that echoes, "" for one on a Unix socket."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.UnixSite(runner, str(path)) if path else web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield "" if path else f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def saying(words: bytes) -> AsyncIterator[Exchange]:
    """A server that hears a request, says this and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(words)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield Exchange(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def test_asks_below_the_prefix_of_the_url() -> None:
    async with serving() as url:
        asked = await Exchange(f"{url}/sms").ask("PUT", "/v1/keys?a=b", {"X-Who": "me"}, b'{"x":1}')
        assert asked == (202, b'PUT /sms/v1/keys?a=b application/json me {"x":1}')
        assert await Exchange(url).ask("DELETE", "/v1/keys/crm", {}, b"") == (202, b"DELETE /v1/keys/crm")


async def test_goes_by_the_socket_where_there_is_one_and_there_is_no_prefix(tmp_path: Path) -> None:
    async with serving(tmp_path / "s"):
        exchange = Exchange("http://127.0.0.1:9/sms", str(tmp_path / "s"))
        assert await exchange.ask("GET", "/v1/lines", {}, b"") == (202, b"GET /v1/lines")


@pytest.mark.parametrize(
    "said", [b"HTTP/1.0 200 OK\r\n\r\nall", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nall of it"]
)
async def test_a_body_is_as_long_as_is_said_else_all_that_comes(said: bytes) -> None:
    async with saying(said) as exchange:
        assert await exchange.ask("GET", "/", {}, b"") == (200, b"all")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 2",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nX",
        b'HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\n{"keys": []}',
        b"x" * 3_000_000,
    ],
    ids=["nothing", "another protocol", "half a line", "no status", "half a head", "half a body", "no end of a line"],
)
async def test_what_breaks_off_or_is_no_http_is_lost(said: bytes) -> None:
    async with saying(said) as exchange:
        with pytest.raises(LOST):
            await exchange.ask("GET", "/", {}, b"")


async def test_nobody_there_is_lost(tmp_path: Path) -> None:
    for exchange in (Exchange("http://127.0.0.1:9"), Exchange("", str(tmp_path / "nowhere"))):
        with pytest.raises(LOST):
            await exchange.ask("GET", "/", {}, b"")
