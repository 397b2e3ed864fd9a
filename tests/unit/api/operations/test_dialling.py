"""`/callbacks/DEVICE/dial`: who is let in, and what passes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from api.http.app import build_app
from api.operations.dialling import BROKEN, LONGEST, MOST_PINGS
from bridge.bus import Bus
from bridge.errors import DeviceLost, NoSuchThing, WrongSecret
from bridge.gateway.gateway import Devices, Gateway
from bridge.ports.driver import Carrying, Frames
from bridge.store import open_store
from tests.support.empty_store import empty_store
from tests.support.waiting import until


@dataclass
class Hub:
    """A device `shop`, which answers each frame in capitals and ends at `bye`."""

    client: TestClient[web.Request, web.Application]
    ended: list[str] = field(default_factory=list)

    async def carry(self, frames: Frames) -> None:
        try:
            while (frame := await frames.receive()) is not None:
                if frame == b"bye":
                    await frames.close("as you like", 4001)
                else:
                    await frames.send(frame.upper())
        except ValueError as error:
            await frames.close(str(error), BROKEN)
        self.ended.append("shop")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async def dialled(device: str, key: str) -> Carrying:
        if device == "away":
            raise DeviceLost
        if device != "shop":
            raise NoSuchThing(f"there is no device {device!r}")
        if key != "sesame":
            raise WrongSecret
        return made.carry

    bus = Bus()
    store = await open_store(empty_store(tmp_path), bus, exclusive=True)
    app = build_app(Gateway(store, bus, devices=Devices(dialled=dialled)), dialects={})
    async with TestClient(TestServer(app)) as client:
        made = Hub(client)
        yield made
    await store.close()


async def test_whole_frames_pass_both_ways_until_either_side_ends_it(hub: Hub) -> None:
    headers = {"Authorization": "Bearer sesame"}
    async with hub.client.ws_connect("/callbacks/shop/dial", headers=headers) as line:
        for frame in (b"a", b"\x00" * 40_000, b"z"):
            await line.send_bytes(frame)
            assert await line.receive_bytes() == frame.upper()
        await line.send_bytes(b"bye")
        message = await line.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 4001, "as you like")
    await until(lambda: hub.ended == ["shop"])


@pytest.mark.parametrize(
    ("device", "key", "status"),
    [("shop", "guess", 401), ("shop", "", 401), ("shop3", "sesame", 404), ("away", "", 503)],
)
async def test_who_may_not_is_told_so_before_anything_is_opened(hub: Hub, device: str, key: str, status: int) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Authorization": f"Bearer {key}"}
    async with hub.client.get(f"/callbacks/{device}/dial", headers=upgrade) as answer:
        assert answer.status == status


async def test_a_plain_request_is_told_that_this_is_a_websocket(hub: Hub) -> None:
    async with hub.client.get("/callbacks/shop/dial", headers={"Authorization": "Bearer sesame"}) as answer:
        assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")


async def test_a_frame_that_is_too_long_ends_the_connection(hub: Hub) -> None:
    headers = {"Authorization": "Bearer sesame"}
    async with hub.client.ws_connect("/callbacks/shop/dial", headers=headers) as line:
        await line.send_bytes(bytes(LONGEST + 1))
        message = await line.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1009)


async def test_pings_are_answered_and_those_without_end_end_the_connection(hub: Hub) -> None:
    headers = {"Authorization": "Bearer sesame"}
    async with hub.client.ws_connect("/callbacks/shop/dial", headers=headers, autoping=False) as line:
        await line.ping(b"are you there")
        message = await line.receive()
        assert (message.type, bytes(message.data)) == (WSMsgType.PONG, b"are you there")
        for _ in range(3 * MOST_PINGS):
            await line.ping(b"p")
        while (message := await line.receive()).type is WSMsgType.PONG:
            pass
        assert (message.type, message.data) == (WSMsgType.CLOSE, BROKEN)
        assert message.extra == f"more than {MOST_PINGS} pings a second"
    await until(lambda: hub.ended == ["shop"])
