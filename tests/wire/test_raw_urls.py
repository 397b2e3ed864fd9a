"""URLs in which nobody percent-encoded the text, as curl and PHP send them: the real daemon, asked byte for byte."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bridge.model.message import State
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


HEAD = " HTTP/1.1\r\nHost: sms.example\r\n"


async def test_a_connection_that_a_proxy_keeps_takes_them_after_any_request(bridge: Bridge) -> None:
    url = urlsplit(bridge.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    path = f"/sendsms?apikey={bridge.keys['apikey']}&recipients=+15550123&message="
    for text in ("Olá", "你好", "plain", "ü"):
        writer.write(f"GET {path}{text}{HEAD}\r\n".encode())
        assert (await answered(reader))["sent"] == "1"
        writer.write(f"POST {path}x{HEAD}Content-Length: 12\r\n\r\nmessage=b%C3".encode())
        assert (await answered(reader))["error"] == "invalid_message"
    writer.close()
    assert [each.text for each in await bridge.settled(State.QUEUED)] == ["ü", "plain", "你好", "Olá"]


async def test_no_byte_of_a_body_is_taken_for_a_line(bridge: Bridge) -> None:
    """Two requests at once, the second's body later, beginning as a request does: it is as long as it said."""
    url = urlsplit(bridge.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    path = f"/sendsms?apikey={bridge.keys['apikey']}&recipients=+15550123&message="
    body = "GET /é\n".encode() * 3
    length = f"Content-Length: {len(body)}\r\n"
    writer.write(f"GET {path}one{HEAD}\r\nPOST {path}two{HEAD}{length}\r\n".encode())
    assert (await answered(reader))["sent"] == "1"
    for piece in (body[:8], body[8:]):
        writer.write(piece)
        await writer.drain()
    assert (await answered(reader))["sent"] == "1"
    writer.write(f"GET {path}three{HEAD}\r\n".encode())
    assert (await answered(reader))["sent"] == "1"
    writer.close()
    assert [each.text for each in await bridge.settled(State.QUEUED)] == ["three", "two", "one"]


async def answered(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The result in the next answer."""
    async with asyncio.timeout(30):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(row for row in head.split("\r\n") if row.startswith("Content-Length:"))
        found: dict[str, Any] = json.loads(await reader.readexactly(int(length.partition(":")[2])))["result"]
    return found
