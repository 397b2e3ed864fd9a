"""A site that means harm: whatever it says, what follows is heard, or the link is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.errors import DeviceLost
from bridge.model.radio import InboundPart
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.bridge_remote import DRIVER
from device_drivers.bridge_remote.link import SiteLink
from device_drivers.bridge_remote.position import MOST_ON_THE_WAY
from device_drivers.bridge_remote.told import LONGEST_TEXT
from tests.support.waiting import PATIENCE, until

AT = "2026-11-20T22:48:32Z"
LINE = {"name": "office", "device": "office", "driver": "gsm_modem", "state": "ready"}
ACCOUNT = {"name": "hub", "created_at": AT, "terms": {"lines": [], "inbound_lines": []}}


def event(seq: int, name: str, **data: Any) -> str:
    return f"id: {seq}\nevent: {name}\ndata: {json.dumps({'at': AT, 'data': data})}\n\n"


def sms(seq: int, text: str = "hi", **more: Any) -> str:
    told = {"id": f"in{seq}", "line": "office", "from": "+15550178", "text": text, "received_at": AT, "sent_at": AT}
    return event(seq, "message.received", **told | more)


def call(seconds: str) -> str:
    told = event(2, "call.missed", id="c1", line="office", number="+15550178", call_at=AT, duration_seconds=7)
    return told.replace(": 7", f": {seconds}")


class Hostile:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.lines: list[str] = [json.dumps({"lines": [LINE]})]
        self.lines_asked = 0

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response(ACCOUNT)

    async def tell_lines(self, _: web.Request) -> web.Response:
        self.lines_asked += 1
        return web.Response(
            text=self.lines[min(self.lines_asked, len(self.lines)) - 1], content_type="application/json"
        )

    async def tell(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"SMS-Bridge-Position": "1000"})
        await response.prepare(request)
        for each in self.events:
            await response.write(each.encode())
        await asyncio.Event().wait()
        return response


@asynccontextmanager
async def opened(site: Hostile) -> AsyncIterator[SiteLink]:
    app = web.Application()
    app.router.add_get("/v1/me", site.me)
    app.router.add_get("/v1/lines", site.tell_lines)
    app.router.add_get("/v1/events", site.tell)
    async with TestServer(app) as server:
        options = {"url": str(server.make_url("")).rstrip("/"), "key": "k"}
        link = await DRIVER.open(Device("shop2", "bridge_remote", options, VolatileMemory()))
        assert isinstance(link, SiteLink)
        try:
            yield link
        finally:
            await link.close()


async def heard(link: SiteLink, count: int) -> list[InboundPart]:
    found: list[InboundPart] = []
    async with asyncio.timeout(PATIENCE), aclosing(link.inbound()) as items:  # type: ignore[type-var]
        async for item in items:
            if isinstance(item, InboundPart):  # not that a slot is free
                found.append(item)
                await link.acknowledge(item)
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize(
    "nonsense",
    [
        call("1e999"),
        call("9" * 30),
        call("NaN"),
        "id: 2\nevent: message.received\ndata: " + "[" * 200_000 + "\n\n",
        sms(2, "x" * (LONGEST_TEXT + 1)),
        sms(2, id=["a"]),
        sms(2, **{"from": "5" * 500}),
        event(2, "line.changed", line="office", state="flying"),
        event(2, "message.failed", id="m", line="office", client_ref="m1.0.1", state="failed", tried=[1, 2]),
    ],
)
async def test_an_event_that_makes_no_sense_is_passed_over(nonsense: str) -> None:
    site = Hostile()
    site.events = [sms(1), nonsense, sms(3)]
    async with opened(site) as link:
        found = await heard(link, 2)
        assert [each.slot for each in found] == ["in1", "in3"]
        assert link.standing.unread == 1


@pytest.mark.parametrize("lines", ["[" * 200_000, "{}", '{"lines": 5}', '{"lines": [], "alarms": 7}'])
async def test_lines_that_make_no_sense_later_leave_the_site_heard(lines: str) -> None:
    site = Hostile()
    site.lines.append(lines)
    site.events = [sms(1)]
    async with opened(site) as link:
        await heard(link, 1)
        await until(lambda: site.lines_asked > 1)
        assert len(await link.refresh()) == 1
        assert not [each for each in await link.examine() if each.level == "ok"]
        assert link.standing.unread > 0


async def test_a_link_is_lost_with_any_of_its_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: SiteLink, event: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(SiteLink, "_take", fail)
    site = Hostile()
    site.events = [sms(1)]
    async with opened(site) as link:
        with pytest.raises(DeviceLost, match="the link to the site failed"):
            await heard(link, 1)


async def test_what_is_on_the_way_into_the_store_is_bounded() -> None:
    site = Hostile()
    site.events = [sms(seq, "x" * LONGEST_TEXT) for seq in range(1, 60)]
    async with opened(site) as link:
        most = MOST_ON_THE_WAY // LONGEST_TEXT + 1
        await until(lambda: link._position.read == most)
        assert link._queue.qsize() == most
        assert len(await heard(link, 59)) == 59
