"""Callers who close their direction behind a request, as `nc -N` and old programs do: the real daemon answers them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bridge.model.query import MessageQuery
from tests.support.running import Bridge, config, running

MESSAGE = b'{"to": "+15550123", "text": "x"}'


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with running(config(tmp_path, {})) as running_one:
        yield running_one


def post(bridge: Bridge, version: bytes = b"1.1", size: int = len(MESSAGE)) -> bytes:
    return (
        b"POST /v1/messages HTTP/%b\r\nHost: sms.example\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    ) % (version, bridge.keys["apikey"].encode(), size, MESSAGE)


async def asked(bridge: Bridge, *pieces: bytes) -> bytes:
    """All that comes back after these pieces, behind which the caller closes its direction."""
    url = urlsplit(bridge.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


async def accepted(bridge: Bridge) -> int:
    return len((await bridge.store.messages("", MessageQuery())).rows)


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_who_closes_behind_a_request_has_its_answer_and_then_the_end(bridge: Bridge, version: bytes) -> None:
    for number in range(1, 6):
        assert b" 202 Accepted\r\n" in await asked(bridge, post(bridge, version))
        assert await accepted(bridge) == number


async def test_each_of_several_requests_is_answered(bridge: Bridge) -> None:
    answer = await asked(bridge, post(bridge) * 5, post(bridge) * 5)
    assert answer.count(b" 202 Accepted\r\n") == 10
    assert await accepted(bridge) == 10


async def test_who_closes_within_a_request_is_over_at_once(bridge: Bridge) -> None:
    assert await asked(bridge, post(bridge)[:50]) == b""
    assert b" 202 " not in await asked(bridge, post(bridge, size=1000))
    assert await asked(bridge, b"") == b""
    assert await accepted(bridge) == 0


async def test_what_is_no_http_is_told_so(bridge: Bridge) -> None:
    assert b" 400 Bad Request\r\n" in await asked(bridge, b"GET / HTTP/9.9\r\n\r\n")


async def test_an_event_stream_ends_with_its_caller(bridge: Bridge) -> None:
    key = bridge.keys["apikey"].encode()
    line = b"GET /v1/events HTTP/1.1\r\nHost: sms.example\r\nAuthorization: Bearer %b\r\n\r\n" % key
    await asked(bridge, line)  # or it would take until the next heartbeat
