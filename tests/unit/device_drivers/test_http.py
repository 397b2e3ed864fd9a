"""What a failed request says: whether anything left us."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.errors import DeviceLost, OutcomeUnknown
from device_drivers._http import Http
from tests.support.certificates import issue

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    made = Http(timeout=30.0, connect_timeout=5.0)
    yield made
    await made.close()


@pytest.fixture
async def hasty() -> AsyncIterator[Http]:
    """One that waits for nobody for long."""
    made = Http(timeout=1.0, connect_timeout=1.0)
    yield made
    await made.close()


async def serving(serve: Serve) -> tuple[asyncio.Server, str]:
    """Somebody who answers like this, and where."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):  # the caller may have gone
                await reader.readuntil(b"\r\n\r\n")
                await serve(reader, writer)
        finally:
            writer.close()  # however the test ends, or the next one hears of it

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_gives_the_whole_answer_whatever_its_status(http: Http) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 No\r\nX-Word: a\r\nContent-Length: 5\r\n\r\nhe")
        await writer.drain()
        writer.write(b"llo")
        await writer.drain()

    server, url = await serving(serve)
    async with server:
        answer = await http.ask("POST", f"{url}/x", body=b"1")
    assert (answer.status, answer.body, answer.headers["x-word"]) == (503, b"hello", "a")


async def test_sends_url_and_headers_as_they_are_for_they_may_be_signed(http: Http) -> None:
    seen: list[bytes] = []

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(read, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await http.ask("POST", f"http://127.0.0.1:{port}/a%2Fb?sign=%2B%2f", headers={"X-Own": "1"}, body=b"{}")
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "POST /a%2Fb?sign=%2B%2f HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in lines[1:] if line}
    assert names == {"host", "x-own", "content-length", "connection"}


async def test_does_not_follow_a_redirect(http: Http) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    server, url = await serving(serve)
    async with server:
        assert (await http.ask("POST", url, body=b"1")).status == 307


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://nowhere.invalid/", "http:///", "no url at all"])
async def test_nothing_left_us_when_nobody_was_reached(http: Http, url: str) -> None:
    with pytest.raises(DeviceLost, match="cannot be reached"):
        await http.ask("POST", url, body=b"1")


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _gone(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
    await writer.drain()


async def _nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize("serve", [_silent, _gone, _cut, _nonsense])
async def test_the_outcome_is_unknown_once_somebody_was_reached(hasty: Http, serve: Serve) -> None:
    server, url = await serving(serve)
    async with server:
        with pytest.raises(OutcomeUnknown, match="had the request"):
            await hasty.ask("POST", url, body=b"1")


async def test_a_closed_client_leaves_nobody_waiting(http: Http) -> None:
    reached = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    server, url = await serving(serve)
    async with server, asyncio.TaskGroup() as group:
        asking = group.create_task(_outcome(http, url))
        await reached.wait()
        await http.close()
    assert asking.result() is OutcomeUnknown


async def _outcome(http: Http, url: str) -> type[Exception]:
    try:
        await http.ask("POST", url, body=b"1")
    except (OutcomeUnknown, DeviceLost) as error:
        return type(error)
    raise AssertionError("it was answered")


@pytest.mark.needs("openssl")
async def test_nothing_leaves_us_for_a_server_whose_certificate_nobody_vouches_for(http: Http, tmp_path: Path) -> None:
    files, heard = issue(tmp_path), []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        with pytest.raises(DeviceLost, match="certificate is not to be trusted"):
            await http.ask("POST", f"https://localhost:{server.sockets[0].getsockname()[1]}/", body=b"secret")
    assert b"".join(heard) == b""


async def test_nothing_leaves_us_for_a_server_that_speaks_no_tls(hasty: Http) -> None:
    server, url = await serving(_nonsense)
    async with server:
        with pytest.raises(DeviceLost, match="cannot be reached"):
            await hasty.ask("POST", url.replace("http:", "https:"), body=b"secret")
