"""Callers who take their time, on purpose or not: raw sockets against the whole bridge."""

import asyncio
import gzip
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bridge.config.schema import Http
from bridge.host import control_file
from bridge.host.client import Client
from tests.support.running import Bridge, config, running

DEADLINE = 30.0  # s
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HEAD = b"POST /sendsms HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@asynccontextmanager
async def patient(directory: Path, **http: Any) -> AsyncIterator[Bridge]:
    """A bridge with these limits."""
    async with running(replace(config(directory, {}), http=Http(port=0, **http))) as bridge:
        yield bridge


@asynccontextmanager
async def calling(bridge: Bridge, *pieces: bytes) -> AsyncIterator["Caller"]:
    """A connection on which this is sent."""
    url = urlsplit(bridge.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    caller = Caller(reader, writer)
    try:
        for piece in pieces:
            writer.write(piece)
        yield caller
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


class Caller:
    """One end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        #: the bridge has said something
        self.ended = False

    async def dribble(self, text: bytes, every: float) -> None:
        """Send a byte now and then, as long as anybody listens."""
        for index in range(len(text)):
            if self.ended or self.writer.is_closing():
                return
            self.writer.write(text[index : index + 1])
            await asyncio.sleep(every)

    async def rest(self) -> bytes:
        """All that comes until the bridge hangs up."""
        heard = b""
        async with asyncio.timeout(DEADLINE):
            try:
                while some := await self.reader.read(65536):
                    self.ended, heard = True, heard + some
            except ConnectionError:
                return heard or b"reset"
        return heard

    async def answer(self) -> tuple[int, bytes]:
        """One answer of a connection that stays."""
        async with asyncio.timeout(DEADLINE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return int(head.split()[1]), await self.reader.readexactly(length)


async def test_two_hundred_who_dribble_stop_nobody_and_are_shown_out(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=1.0) as bridge, AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(calling(bridge)) for _ in range(200)]
        async with asyncio.TaskGroup() as group:
            for each in slow:
                group.create_task(each.dribble(HEAD, 0.1))
            answers = [group.create_task(each.rest()) for each in slow]
            for number in range(50):
                assert await bridge.send("+15550100", f"number {number}")
        ends = {each.result().split(b"\r\n")[0] for each in answers}
        # a letter that crosses with the answer resets the connection; one who got nowhere hears nothing
        assert ends <= {b"HTTP/1.1 408 Request Timeout", b"reset", b""}


async def test_who_says_nothing_is_shown_out_without_a_word(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=0.2) as bridge, calling(bridge) as caller:
        assert await caller.rest() == b""


async def test_who_stops_within_a_later_request_is_shown_out_too(tmp_path: Path) -> None:
    first = b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"
    async with patient(tmp_path, request_timeout=0.3) as bridge, calling(bridge, first) as caller:
        assert (await caller.answer())[0] == 200
        caller.writer.write(first[:20])
        assert (await caller.rest()).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_may_be_idle_for_longer_than_a_request_may_take(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=0.2, idle_timeout=2.5) as bridge:
        request = b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"
        async with calling(bridge) as caller:
            for _ in range(3):
                caller.writer.write(request)
                assert (await caller.answer())[0] == 200
                await asyncio.sleep(0.5)
            begun = asyncio.get_running_loop().time()
            assert await caller.rest() == b""
            assert asyncio.get_running_loop().time() - begun > 0.2


async def test_requests_that_come_together_are_answered_one_by_one(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=DEADLINE) as bridge:
        request = b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"
        async with calling(bridge, request * 40 + request[:20]) as caller:
            for _ in range(40):
                assert (await caller.answer())[0] == 200
            caller.writer.write(request[20:])
            assert (await caller.answer())[0] == 200


async def test_a_body_that_does_not_come_is_refused_in_the_dialects_words(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=0.3) as bridge:
        for head, shape in (
            (HEAD, lambda told: told["result"]["error"] == "too_slow"),
            (HEAD.replace(b"/sendsms", b"/sms/send.do"), lambda told: told["code"] == 100),
        ):
            async with calling(bridge, head + b"Content-Length: 100\r\n\r\nmessage=") as caller:
                status, body = await caller.answer()
                assert (status, shape(json.loads(body))) == (408, True)


async def test_a_long_body_has_time_while_it_comes(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=5.0) as bridge:
        filler = b"&x=" + b"y" * 2045  # more than a KiB a second
        body = f"apikey={bridge.keys['apikey']}&recipients=%2B15550100&message=hello".encode()
        length = len(body) + 4 * len(filler)
        async with calling(bridge, HEAD + b"Content-Length: %d\r\n\r\n" % length + body) as caller:
            for _ in range(4):
                await asyncio.sleep(1.5)
                caller.writer.write(filler)
            status, told = await caller.answer()
        assert (status, json.loads(told)["result"]["sent"]) == (200, "1")


async def test_a_stream_of_events_is_no_slow_request(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=0.2, idle_timeout=0.3) as bridge:
        head = f"GET /v1/events HTTP/1.1\r\nHost: here\r\nX-Api-Key: {bridge.keys['apikey']}\r\n\r\n"
        async with calling(bridge, head.encode()) as caller, asyncio.timeout(DEADLINE):
            await caller.reader.readuntil(b": listening\n\n")
            await asyncio.sleep(1.0)
            await bridge.send("+15550100", "still there")
            assert b"still there" in await caller.reader.readuntil(b"still there")


async def test_when_all_places_are_taken_those_who_wait_longest_make_room(tmp_path: Path) -> None:
    async with patient(tmp_path, max_connections=10) as bridge, AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(calling(bridge, HEAD[:9])) for _ in range(10)]
        for number in range(5):
            async with calling(bridge, b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n") as caller:
                assert (await caller.rest()).startswith(b"HTTP/1.1 200 "), number
        assert await slow[0].rest() in (b"", b"reset")
        slow[-1].writer.write(HEAD[9:] + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        assert (await slow[-1].rest()).startswith(b"HTTP/1.1 400 ")


async def test_who_is_at_work_is_not_shown_out_for_a_newcomer(tmp_path: Path) -> None:
    async with patient(tmp_path, max_connections=3) as bridge, AsyncExitStack() as stack:
        head = f"GET /v1/events HTTP/1.1\r\nHost: here\r\nX-Api-Key: {bridge.keys['apikey']}\r\n\r\n".encode()
        for _ in range(3):
            stream = await stack.enter_async_context(calling(bridge, head))
            await stream.reader.readuntil(b": listening\n\n")
        async with calling(bridge) as caller:
            refusal = await caller.rest()
            assert refusal.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"Retry-After: 5\r\n" in refusal
        # the command line has a door of its own
        assert (await Client(control_file.find(tmp_path, "serve"), "serve").get("/v1/me"))["operator"] is True


async def much_to_list(bridge: Bridge, count: int = 400) -> None:
    messages: Sequence[dict[str, str]] = [{"to": "+15550100", "text": "long " * 1000}] * 100
    headers = {"X-Api-Key": bridge.keys["apikey"]}
    for _ in range(count // 100):
        async with bridge.http.post(f"{bridge.url}/v1/messages", json={"messages": messages}, headers=headers) as told:
            assert told.status == 202


def asking(bridge: Bridge, room: int) -> socket.socket:
    """A caller who asks for two megabytes and has room for so many bytes."""
    url = urlsplit(bridge.url)
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    made.settimeout(DEADLINE)
    made.connect((url.hostname, url.port))
    head = f"GET /v1/messages?limit=400 HTTP/1.1\r\nHost: here\r\nX-Api-Key: {bridge.keys['apikey']}\r\n"
    made.sendall(head.encode() + b"Connection: close\r\n\r\n")
    return made


def heard(caller: socket.socket, pause: float = 0.0) -> int:
    """Bytes that come until the end, each hundred thousand after a pause."""
    count = 0
    with suppress(ConnectionResetError):
        while got := caller.recv(100_000, socket.MSG_WAITALL):
            count += len(got)
            time.sleep(pause)
    return count


async def test_who_does_not_read_a_long_answer_is_cut_off(tmp_path: Path) -> None:
    async with patient(tmp_path, answer_timeout=0.5) as bridge:
        await much_to_list(bridge)
        with asking(bridge, room=2048) as caller:
            await asyncio.sleep(4.0)
            assert await asyncio.to_thread(heard, caller) < 1_000_000


async def test_who_reads_slowly_hears_it_all(tmp_path: Path) -> None:
    async with patient(tmp_path, answer_timeout=2.0) as bridge:
        await much_to_list(bridge)
        begun = asyncio.get_running_loop().time()
        with asking(bridge, room=64 * 1024) as caller:
            assert await asyncio.to_thread(heard, caller, 0.15) > 2_000_000
        assert asyncio.get_running_loop().time() - begun > 2.5


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez?" + b"x" * 300_000 + b" HTTP/1.1\r\nHost: here\r\n",
        b"GET /livez HTTP/1.1\r\nHost: here\r\nX: " + b"x" * 20_000 + b"\r\n",
        b"GET /livez HTTP/1.1\r\nHost: here\r\n" + b"".join(b"X-%d: x\r\n" % number for number in range(70)),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n",
    ],
    ids=["line", "field", "fields", "tls", "nonsense"],
)
async def test_a_header_beyond_all_measure_is_refused_and_its_words_are_not_logged(
    tmp_path: Path, head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with patient(tmp_path) as bridge:
        caplog.clear()
        async with calling(bridge, head + b"\r\n") as caller:
            assert (await caller.rest()).split(b"\r\n")[0].endswith(b" 400 Bad Request")
    assert "xxxx" not in caplog.text
    assert not [each for each in caplog.records if each.name.startswith("api.") and each.levelno > logging.INFO]


async def test_long_headers_of_one_address_leave_short_ones_their_place(tmp_path: Path) -> None:
    line = b"GET /livez?" + b"x" * 250_000
    async with patient(tmp_path) as bridge, AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(calling(bridge, line)) for _ in range(40)]
        refused = callers[-1]
        assert (await refused.rest()).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert await bridge.send("+15550100", "short")
        for each in callers[:-1]:
            each.writer.transport.abort()
        async with asyncio.timeout(DEADLINE):
            while True:  # until the bridge has noticed
                async with calling(bridge, line, b" HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n") as caller:
                    if (await caller.rest()).startswith(b"HTTP/1.1 200 "):
                        break


async def test_requests_that_wait_behind_others_are_all_answered_however_long_they_are(tmp_path: Path) -> None:
    async with patient(tmp_path) as bridge:
        request = f"GET /v1/me HTTP/1.1\r\nHost: here\r\nX-Api-Key: {bridge.keys['apikey']}\r\nX-Pad: ".encode()
        request += b"x" * 10_000 + b"\r\n\r\n"
        async with calling(bridge, request * 200) as caller:
            for _ in range(200):
                assert (await caller.answer())[0] == 200
            caller.writer.write(request)
            assert (await caller.answer())[0] == 200


@pytest.mark.parametrize("path", ["/v1/messages", "/sendsms", "/api/sms/send", "/nowhere"])
async def test_a_long_body_that_nobody_reads_has_one_answer_and_the_next_request_another(
    tmp_path: Path, path: str
) -> None:
    size = 20_000_000
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {size}\r\n\r\n".encode()
    async with patient(tmp_path) as bridge, calling(bridge, head, b"x" * size) as caller:
        assert 400 <= (await caller.answer())[0] < 500
        caller.writer.write(b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert (await caller.rest()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/sendsms", "/nowhere"])
@pytest.mark.parametrize("packed", [b"no gzip", gzip.compress(b"x" * 10_000_000)[:-5000] + b"x" * 5000])
async def test_a_body_that_cannot_be_unpacked_is_no_error_of_ours(
    tmp_path: Path, path: str, packed: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with patient(tmp_path) as bridge:
        caplog.clear()
        async with calling(bridge, head.encode() + packed) as caller:
            assert 400 <= (await caller.answer())[0] < 500
            await caller.rest()
    assert not [each for each in caplog.records if each.name.startswith("api.") and each.levelno > logging.INFO]


@pytest.mark.parametrize("path", ["/sendsms", "/nowhere", "/callbacks/shop"])
async def test_who_sends_more_than_is_taken_still_hears_why(tmp_path: Path, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 20000000\r\n\r\n".encode()
    async with patient(tmp_path, max_body=1 << 20) as bridge, calling(bridge, head) as caller:
        for _ in range(200):
            caller.writer.write(bytes(100_000))
            await caller.writer.drain()
        assert (await caller.answer())[0] in (404, 413)


async def test_a_long_text_in_a_get_still_fits(tmp_path: Path) -> None:
    async with patient(tmp_path) as bridge:
        query = f"apikey={bridge.keys['apikey']}&recipients=%2B15550100&message=" + "%E4%BD%A0" * 2000
        async with bridge.http.get(f"{bridge.url}/sendsms?{query}") as answer:
            assert (answer.status, (await answer.json())["result"]["sent"]) == (200, "1")


async def test_one_limit_on_bodies_goes_over_those_of_the_dialects(tmp_path: Path) -> None:
    async with patient(tmp_path, max_body=2000) as bridge:
        async with bridge.http.post(f"{bridge.url}/sendsms", data=b"x" * 2001) as answer:
            assert (answer.status, (await answer.json())["result"]["error"]) == (413, "too_large")
        async with bridge.http.post(
            f"{bridge.url}/v1/messages", data=b" " * 2001, headers={"X-Api-Key": bridge.keys["apikey"]}
        ) as answer:
            assert (answer.status, (await answer.json())["type"]) == (413, "urn:sms-bridge:problem:too-large")


async def test_a_body_that_dribbles_is_not_waited_for_either(tmp_path: Path) -> None:
    async with (
        patient(tmp_path, request_timeout=0.5) as bridge,
        calling(bridge, HEAD + b"Content-Length: 100\r\n\r\n") as caller,
        asyncio.TaskGroup() as group,
    ):
        dribbling = group.create_task(caller.dribble(b"x" * 99, 0.5))
        begun = asyncio.get_running_loop().time()
        assert (await caller.answer())[0] == 408
        assert asyncio.get_running_loop().time() - begun < 20
        dribbling.cancel()


async def test_a_body_that_comes_fast_and_then_stops_is_not_waited_for(tmp_path: Path) -> None:
    async with patient(tmp_path, request_timeout=0.3) as bridge:
        head = HEAD + b"Content-Length: 900000\r\n\r\n"
        async with calling(bridge, head, b"x" * 800_000) as caller:
            begun = asyncio.get_running_loop().time()
            assert (await caller.answer())[0] == 408
            assert asyncio.get_running_loop().time() - begun < 20


async def test_many_large_bodies_at_a_snails_pace_share_one_room(tmp_path: Path) -> None:
    """Each may be small enough by itself; what they hold together is bounded, and free again afterwards."""
    async with patient(tmp_path, max_body=1 << 20, request_timeout=5.0) as bridge, AsyncExitStack() as stack:
        head = HEAD + b"Content-Length: 900000\r\n\r\n"
        slow = [await stack.enter_async_context(calling(bridge, head, b"x" * 850_000)) for _ in range(25)]
        answers = await asyncio.gather(*(each.answer() for each in slow))
        told = [(status, json.loads(body)["result"]["error"]) for status, body in answers]
        assert set(told) == {(408, "too_slow"), (429, "too_many_requests")}
        room, small = 16 << 20, 64 << 10
        assert 1 <= told.count((408, "too_slow")) <= room // (850_000 - small)
        large = b"apikey=%b&recipients=%%2B15550100&message=hello&x=" % bridge.keys["apikey"].encode() + b"y" * 900_000
        for _ in range(30):
            async with bridge.http.post(f"{bridge.url}/sendsms", data=large, headers=FORM) as answer:
                assert answer.status == 200
