"""`/callbacks/DEVICE`: what a driver gets of a request, and what its provider is answered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from api.http.app import build_app
from api.operations.callbacks import LARGEST
from bridge.bus import Bus
from bridge.errors import DeviceLost, NoSuchThing
from bridge.gateway.gateway import Devices, Gateway
from bridge.model.callback import Callback, Reply
from bridge.store import open_store
from tests.support.empty_store import empty_store


@dataclass
class Provider:
    """Calls a device `shop`, which keeps what it hears."""

    client: TestClient[web.Request, web.Application]
    heard: list[Callback] = field(default_factory=list)
    reply: Reply = field(default_factory=Reply)


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[Provider]:
    async def call_back(device: str, callback: Callback) -> Reply:
        if device == "away":
            raise DeviceLost("the device away is not connected")
        if device != "shop":
            raise NoSuchThing(f"there is no device {device!r}")
        made.heard.append(callback)
        return made.reply

    bus = Bus()
    store = await open_store(empty_store(tmp_path), bus)
    app = build_app(Gateway(store, bus, devices=Devices(call_back=call_back)))
    async with TestClient(TestServer(app)) as client:
        made = Provider(client)
        yield made
    await store.close()


async def test_a_driver_gets_the_request_as_it_was_sent(provider: Provider) -> None:
    body = b'{"t":"\\u00e4"}\r\n '
    headers = {"X-Hub-Signature-256": "sha256=00", "Content-Type": "application/json"}
    answer = await provider.client.post(
        "/callbacks/shop/a/secret?hub.mode=subscribe&n=a%2Bb", data=body, headers=headers
    )
    assert answer.status == 200
    (heard,) = provider.heard
    assert (heard.method, heard.body, heard.path) == ("POST", body, "a/secret")
    assert heard.query == {"hub.mode": "subscribe", "n": "a+b"}
    assert heard.headers["x-hub-signature-256"] == "sha256=00"
    assert heard.address == "127.0.0.1"
    assert "secret" not in repr(heard)


async def test_the_provider_gets_what_the_driver_answers(provider: Provider) -> None:
    provider.reply = Reply(418, b"123", "application/json")
    answer = await provider.client.get("/callbacks/shop")
    assert (answer.status, await answer.read(), answer.content_type) == (418, b"123", "application/json")


@pytest.mark.parametrize(("path", "status"), [("/callbacks/away", 503), ("/callbacks/nobody/", 404)])
async def test_a_device_that_cannot_answer_is_said_by_the_status(provider: Provider, path: str, status: int) -> None:
    answer = await provider.client.post(path)
    assert answer.status == status
    assert "device" in await answer.text()


async def test_a_request_that_is_too_large_reaches_nobody(provider: Provider) -> None:
    answer = await provider.client.post("/callbacks/shop", data=BytesIO(bytes(LARGEST + 1)))
    assert answer.status == 413
    assert provider.heard == []
