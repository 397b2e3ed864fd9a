"""A site's stream of events, from a server that answers as it is told."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.errors import DeviceLost, SendRefused
from device_drivers.bridge_remote.stream import LONGEST, NAMES, News, Rewound, Stream


class Served:
    """Answers `/v1/events` with these pieces."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.status = 200
        self.newest = ""
        self.breaks = False
        self.asked: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        if self.status != 200:
            return web.json_response({"detail": "it lacks the scope inbox"}, status=self.status)
        response = web.StreamResponse(headers={"SMS-Bridge-Position": self.newest} if self.newest else {})
        await response.prepare(request)
        if self.breaks:
            assert request.transport is not None
            request.transport.abort()
        for piece in self.pieces:
            await response.write(piece)
        return response


@pytest.fixture
async def served() -> AsyncIterator[tuple[Served, Stream]]:
    made = Served()
    app = web.Application()
    app.router.add_get("/v1/events", made.answer)
    async with TestServer(app) as server:
        stream = Stream(str(server.make_url("")).rstrip("/"), {}, 5.0)
        yield made, stream
        await stream.close()
        await stream.close()


async def read(stream: Stream, after: int = 4) -> list[News | None]:
    """What comes until the server ends it."""
    found: list[News | None] = []

    async def listen() -> None:
        async with aclosing(stream.read(after, "2026-11-20T00:00:00Z")) as events:
            async for event in events:
                found.append(event)

    with pytest.raises(DeviceLost):
        await listen()
    return found


EVENT = b'id: 5\nevent: line.changed\ndata: {"at": "2026-11-20T22:48:32Z", "data": {"line": "office"}}\n\n'


async def test_events_come_whole_however_they_are_cut(served: tuple[Served, Stream]) -> None:
    site, stream = served
    whole = b": listening\n\n" + EVENT
    site.pieces = [whole[start : start + 7] for start in range(0, len(whole), 7)]
    assert await read(stream) == [None, News(5, "line.changed", "2026-11-20T22:48:32Z", {"line": "office"})]
    assert site.asked == [{"after": "4", "names": ",".join(NAMES)}]


async def test_without_a_position_it_asks_from_a_moment_on(served: tuple[Served, Stream]) -> None:
    site, stream = served
    await read(stream, after=0)
    assert site.asked[0]["since"] == "2026-11-20T00:00:00Z"


@pytest.mark.parametrize(
    ("nonsense", "seq"),
    [
        (b"id: 5\ndata: [1]\n\n", 5),
        (b"id: five\ndata: {}\n\n", 0),
        (b"id: %s\ndata: {}\n\n" % (b"9" * 4000), 0),
        (b"id: 5\nevent: message.received\ndata: " + b"[" * 200_000 + b"\n\n", 5),
        (b"id: 5\ndata: " + b"9" * 5000 + b"\n\n", 5),
        (b"id: 5\ndata: " + b"x" * 2 * LONGEST + b"\n\n", 5),
    ],
)
async def test_what_is_no_event_is_passed_over(served: tuple[Served, Stream], nonsense: bytes, seq: int) -> None:
    served[0].pieces = [nonsense, EVENT]
    flawed, event = await read(served[1])
    assert flawed is not None
    assert event is not None
    assert (flawed.seq, bool(flawed.flaw), event.seq, event.flaw) == (seq, True, 5, "")


async def test_an_event_without_end_ends_the_connection(served: tuple[Served, Stream]) -> None:
    served[0].pieces = [b"x" * LONGEST] * 20
    assert await read(served[1]) == []


async def test_a_store_that_ends_before_our_position_is_another_one(served: tuple[Served, Stream]) -> None:
    served[0].newest = "3"
    with pytest.raises(Rewound):
        await anext(served[1].read(4, ""))
    served[0].newest = "4"
    assert await read(served[1]) == []
    assert served[1].newest == 4


async def test_a_connection_that_breaks_off_is_said_in_plain_words(served: tuple[Served, Stream]) -> None:
    served[0].breaks = True
    with pytest.raises(DeviceLost, match=r"^the site cannot be listened to: the connection to it broke off$"):
        await anext(served[1].read(4, ""))


@pytest.mark.parametrize(("status", "advice"), [(401, True), (403, True), (404, False)])
async def test_who_is_not_let_in_is_told_why_and_what_to_do(
    served: tuple[Served, Stream], status: int, advice: bool
) -> None:
    served[0].status = status
    with pytest.raises(SendRefused, match="lacks the scope inbox") as refused:
        await anext(served[1].read(1, ""))
    assert ("check the account and its key" in refused.value.message) is advice


@pytest.mark.parametrize("status", [429, 503])
async def test_a_site_that_has_no_room_is_asked_again(served: tuple[Served, Stream], status: int) -> None:
    served[0].status = status
    with pytest.raises(DeviceLost):
        await anext(served[1].read(1, ""))
