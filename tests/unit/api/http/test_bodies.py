"""What the bodies of requests may hold together while they arrive."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.http.bodies import FURTHER, MADE, SHARE, SMALL, Reading
from api.http.proxies import PROXIES, Proxies
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
