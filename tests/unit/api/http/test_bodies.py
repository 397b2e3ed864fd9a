"""What the bodies of requests may hold together while they arrive."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.test_utils import make_mocked_request

from api.http.bodies import FURTHER, MADE, READING, SHARE, SMALL, Reading, read_arrived, read_body
from api.http.proxies import PROXIES, Proxies
from api.http.room import PIECE
from bridge.errors import BadRequest, TooManyRequests

LARGEST = 1024 * 1024
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
async def reading() -> Reading:
    return Reading(LARGEST)


def request_from(address: str) -> web.Request:
    app = web.Application()
    app[PROXIES] = Proxies()
    request = make_mocked_request("POST", "/", app=app)
    return request.clone(remote=address)


def test_small_bodies_are_always_welcome(reading: Reading) -> None:
    reading.room.left = 0
    for _ in range(100):
        reading.hold(request_from(HERE), SMALL)
    with pytest.raises(TooManyRequests):
        reading.hold(request_from(HERE), SMALL + 1)


def test_one_address_holds_no_more_than_its_share_and_leaves_room_for_others(reading: Reading) -> None:
    for _ in range(8):
        reading.hold(request_from(HERE), SHARE // 8 + SMALL)
    for _ in range(72):
        with pytest.raises(TooManyRequests):
            reading.hold(request_from(HERE), LARGEST // 8)
    reading.hold(request_from(ELSEWHERE), FURTHER + SMALL)
    with pytest.raises(TooManyRequests):
        reading.hold(request_from(ELSEWHERE), 2 * SMALL)


def test_what_is_made_of_bodies_has_room_of_its_own(reading: Reading) -> None:
    share, first = LARGEST + MADE, request_from(HERE)
    reading.hold_made(first, share - 1)
    with pytest.raises(BadRequest, match="in several calls"):
        reading.hold_made(first, 2)
    with pytest.raises(TooManyRequests):
        reading.hold_made(request_from(HERE), 2)
    reading.hold_made(request_from(ELSEWHERE), FURTHER)
    reading.release(first)
    reading.hold_made(request_from(HERE), share)


def test_what_grows_by_pieces_counts_as_a_whole_and_is_free_when_it_is_answered(reading: Reading) -> None:
    request, room = request_from(HERE), reading.room.left
    for _ in range(4):
        reading.hold(request, SMALL)
    assert reading.room.left == room - 3 * SMALL
    reading.release(request)
    reading.release(request)
    assert reading.room.left == room
    reading.hold(request_from(HERE), SHARE + SMALL)


def body(*pieces: bytes, whole: bool = True) -> StreamReader:
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(asyncio.Transport())
    content = StreamReader(protocol, LARGEST, loop=loop)
    for piece in pieces:
        content.feed_data(piece)
    if whole:
        content.feed_eof()
    return content


async def test_a_short_body_that_is_all_here_is_read_at_once() -> None:
    for content, expected in (
        (body(b"{}"), b"{}"),
        (body(b"{", b"}"), b"{}"),
        (EMPTY_PAYLOAD, b""),
        (body(b"{", whole=False), None),
        (body(b"x" * PIECE), None),
        (body(b"x" * 101), None),
    ):
        request = make_mocked_request("POST", "/", payload=content)
        assert read_arrived(request, 100 if content.total_bytes < PIECE else LARGEST) == expected


async def test_a_body_that_is_not_packed_as_its_header_says_is_refused() -> None:
    broken = body(b"{}")
    broken.set_exception(web.RequestPayloadError("400"))
    with pytest.raises(BadRequest):
        read_arrived(make_mocked_request("POST", "/", payload=broken), LARGEST)


async def test_long_bodies_that_are_complete_at_the_same_time_leave_others_a_turn_between_them(
    reading: Reading,
) -> None:
    app, order, contents = web.Application(), [], [body(b"x" * SMALL, whole=False) for _ in range(10)]
    app[PROXIES], app[READING] = Proxies(), reading

    async def read(content: StreamReader) -> None:
        request = make_mocked_request("POST", "/", app=app, payload=content).clone(remote=HERE)
        order.append(len(await read_body(request, LARGEST)))

    async with asyncio.TaskGroup() as group:
        for content in contents:
            group.create_task(read(content))
        await asyncio.sleep(0)
        for content in contents:
            content.feed_data(b"x")
            content.feed_eof()
        while order.count(SMALL + 1) < len(contents):
            await asyncio.sleep(0)
            order.append(0)
    assert "".join("a turn," if each == 0 else "a body," for each in order).count("a body,a body,") == 0
