"""A site that dials says why it is not connected, once for each reason, and comes again more and more rarely."""

import asyncio
import logging
import resource
import struct

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from device_drivers.bridge_remote import dialler
from device_drivers.bridge_remote.channels import REPLACED, WINDOW
from device_drivers.bridge_remote.dialler import Dialler, DialRefused, address
from tests.support.waiting import until


def nobody() -> asyncio.Protocol:
    return asyncio.Protocol()


def test_the_address_is_below_that_of_the_hub() -> None:
    assert address("https://hub.example/sms/", "shop2") == "https://hub.example/sms/callbacks/shop2/dial"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refuses the key (401): join again"),
        (404, "does not expect this site (404)"),
        (200, "does a proxy before it pass on WebSockets?"),
        (502, "did not open the connection (502)"),
    ],
)
async def test_a_hub_that_does_not_take_it_is_said_once(
    status: int, words: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler, "FIRST", 0.01)
    dials: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        dials.append(request.headers["Authorization"])
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/callbacks/shop2/dial", answer)
    async with TestServer(app) as hub:
        made = Dialler(str(hub.make_url("")), "shop2", "sesame", nobody)
        made._pause = 0.01
        with caplog.at_level(logging.WARNING):
            task = asyncio.get_running_loop().create_task(made.run())
            await until(lambda: len(dials) >= 3)
            task.cancel()
    assert set(dials) == {"Bearer sesame"}
    assert [words in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_hub_that_redirects_is_not_followed(status: int) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_get("/callbacks/shop2/dial", redirect)
    app.router.add_get("/elsewhere", elsewhere)
    async with TestServer(app) as hub, dialler.client() as http:
        with pytest.raises(DialRefused, match=f"redirects to another address .{status}"):
            await dialler.dial(http, str(hub.make_url("")), "shop2", "sesame")
    assert asked == []


async def test_one_that_another_replaced_comes_back_much_later(caplog: pytest.LogCaptureFixture) -> None:
    async def replace(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        await line.close(code=REPLACED)
        return line

    app = web.Application()
    app.router.add_get("/callbacks/shop2/dial", replace)
    async with TestServer(app) as hub:
        made = Dialler(str(hub.make_url("")), "shop2", "sesame", nobody)
        task = asyncio.get_running_loop().create_task(made.run())
        await until(lambda: made._pause > 2 * dialler.FIRST)
        task.cancel()
    assert "another one came as shop2 meanwhile" in caplog.text


async def test_a_site_that_has_no_file_to_spare_dials_again(caplog: pytest.LogCaptureFixture) -> None:
    limits, dials = resource.getrlimit(resource.RLIMIT_NOFILE), list[str]()

    async def ask(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        dials.append(request.path)
        if len(dials) > 1:
            return line
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, limits[1]))
        try:
            await line.send_bytes(struct.pack("!BII", 1, 1, WINDOW))
            await line.receive()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        return line

    app = web.Application()
    app.router.add_get("/callbacks/shop2/dial", ask)
    async with TestServer(app) as hub:
        task = asyncio.get_running_loop().create_task(Dialler(str(hub.make_url("")), "shop2", "sesame", nobody).run())
        await until(lambda: len(dials) > 1)
        task.cancel()
    assert "Too many open files" in caplog.text
