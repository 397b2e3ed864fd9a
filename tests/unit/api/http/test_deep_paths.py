"""Paths of more segments than any that is known."""

import pytest
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.test_utils import make_mocked_request

from api.http.deep_paths import MOST, shortening


def path_of(line: str) -> str:
    """What the router looks up for a request line."""
    made: list[RawRequestMessage] = []

    def make(message: RawRequestMessage) -> web.BaseRequest:
        made.append(message)
        return make_mocked_request("GET", "/")

    shortening(make)(make_mocked_request("GET", line)._message)
    return made[0].url.raw_path


@pytest.mark.parametrize(
    "line",
    [
        "/sendsms",
        "/v1/messages/a/timeline/",
        "/sendsms?message=" + "/" * 1000,
        "/sendsms" + "/" * (MOST - 1),
        "*",
    ],
)
def test_that_have_few_segments_stay_as_they_are(line: str) -> None:
    assert path_of(line) == line.partition("?")[0]


@pytest.mark.parametrize(
    "line", ["/" * 1000, "/sendsms" + "/" * 1000, "/sendsms/" + "a/" * 1000, "/" * 1000 + "sendsms"]
)
def test_become_short_ones_that_mean_nothing_either(line: str) -> None:
    path = path_of(line)
    assert path.count("/") == MOST
    assert path.endswith("/-")
    assert path.strip("/-") in {"", "sendsms", "sendsms/" + "a/" * (MOST - 3) + "a"}
