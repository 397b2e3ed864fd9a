"""URLs in which nobody percent-encoded the text, as curl and PHP send them: the real daemon, asked byte for byte."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.http_site import Answer
from tests.support.running import Bridge, config, running


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with running(config(tmp_path, {})) as running_one:
        yield running_one


async def get(bridge: Bridge, message: bytes, pieces: int = 1) -> Answer:
    """`/sendsms` with this in its query, in so many pieces."""
    url = urlsplit(bridge.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    line = b"GET /sendsms?apikey=%b&recipients=+15550123&message=%b&from=curl" % (
        bridge.keys["apikey"].encode(),
        message,
    )
    request = line + b" HTTP/1.1\r\nHost: sms.example\r\nConnection: close\r\n\r\n"
    size = -(-len(request) // pieces)
    for start in range(0, len(request), size):
        writer.write(request[start : start + size])
        await writer.drain()
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]), {}, body)


@pytest.mark.parametrize("text", ["Olá", "验证码1234", "😀" * 30])
@pytest.mark.parametrize("pieces", [1, 7])
async def test_the_text_is_what_was_written(bridge: Bridge, text: str, pieces: int) -> None:
    answer = await get(bridge, text.encode(), pieces)
    assert (answer.status, answer.json["result"]["sent"]) == (200, "1")
    assert (await bridge.store.message(answer.json["result"]["id"])).text == text


async def test_another_encoding_is_refused_in_the_dialects_own_shape(bridge: Bridge) -> None:
    answer = await get(bridge, "Olá".encode("latin-1"))
    assert (answer.status, answer.json["error"]) == (400, "invalid_message")
    assert answer.json["message"] == "The parameter message is not valid UTF-8."
