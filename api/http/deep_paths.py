"""Paths with more segments than any that is known here: cut short before the router sees them.

aiohttp's router looks a path up, then the path without its last segment, and so on, and copies it each time: one
request whose line is full of slashes kept everybody waiting for five seconds.
"""

from collections.abc import Callable

from aiohttp import web
from aiohttp.http import RawRequestMessage

#: slashes in a path; the deepest that is known has eight, and a base URL that ends in some adds those
MOST = 32
#: what stands for all that was cut off, so that it is still a path of nothing
_REST = "-"

MakeRequest = Callable[..., web.BaseRequest]


def shortening(make: MakeRequest) -> MakeRequest:
    """A maker of requests whose paths have at most `MOST` slashes, by one that does not care."""

    def shortened(message: RawRequestMessage, *rest: object) -> web.BaseRequest:
        if message.path.count("/") > MOST and message.url.raw_path.count("/") > MOST:
            message = message._replace(url=message.url.with_path(_cut(message.url.raw_path), encoded=True))
        return make(message, *rest)

    return shortened


def _cut(path: str) -> str:
    return "/".join([*path.split("/", MOST)[:MOST], _REST])
