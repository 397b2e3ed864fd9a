"""A site dials a hub behind the documented nginx, by TLS with a certificate of an authority of one's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.model.message import State
from tests.support.certificates import authority, issue
from tests.support.dialled_bridges import DialledBridges, dialled_bridges
from tests.support.nginx import LOOPBACK, Nginx, documented, nginx
from tests.support.running import Bridge
from tests.support.two_bridges import LINE
from tests.support.waiting import until

pytestmark = pytest.mark.needs("nginx", "openssl")
#: s; nginx's own of a connection that says nothing (`proxy_read_timeout`)
IDLE = 60.0
COUNT = 12


@dataclass
class Through:
    """Both bridges, and nginx in between."""

    both: DialledBridges
    front: Nginx


@asynccontextmanager
async def through(directory: Path, main: str = "") -> AsyncIterator[Through]:
    """The site trusts nobody but the authority."""
    ours = authority(directory)
    files, made = issue(directory, name="localhost", authority=ours), list[Nginx]()

    def before(hub: Bridge) -> AbstractAsyncContextManager[str]:
        return _before(hub)

    @asynccontextmanager
    async def _before(hub: Bridge) -> AsyncIterator[str]:
        upstream = hub.url.removeprefix("http://")
        async with nginx(directory / "nginx", "operating.md", upstream, files, documented("sites.md"), main) as front:
            made.append(front)
            yield f"{LOOPBACK}:{front.port}"

    async with dialled_bridges(directory, "https://localhost", str(ours.certificate), before) as both:
        yield Through(both, made[0])


async def exchanged(each: Through, start: int, count: int) -> None:
    """So many texts in both directions, once each."""
    both = each.both
    sent = [await both.hub.send(both.world.customers[0], f"out {number}") for number in range(start, start + count)]
    for number in range(start, start + count):
        both.person().send(both.world.modems[0].number, f"in {number}")
    for message in sent:
        await both.hub.became(message, State.DELIVERED)
    received = await both.hub.received(start + count)
    assert [row.text for row in received] == [f"in {number}" for number in range(start + count)]
    arrived = await both.person().wait(start + count)
    assert sorted(sms.text for sms in arrived) == sorted(f"out {number}" for number in range(start + count))


async def test_what_goes_by_it_comes_through_and_the_proxy_holds_nothing_back(tmp_path: Path) -> None:
    async with through(tmp_path) as each:
        await exchanged(each, 0, 3)
        assert each.both.wire.dials == 1


@pytest.mark.parametrize("main", ["", "worker_shutdown_timeout 1s;"], ids=["old workers stay", "old workers end"])
async def test_a_reload_of_nginx_loses_nothing_and_sends_nothing_twice(tmp_path: Path, main: str) -> None:
    async with through(tmp_path, main) as each:
        async with asyncio.TaskGroup() as group:
            group.create_task(exchanged(each, 0, COUNT))
            await each.both.hub.received(2)
            each.front.reload()
        if main:
            await until(lambda: each.both.wire.dials > 1)
        await exchanged(each, COUNT, 2)
        assert each.both.wire.dials == (2 if main else 1)


async def test_a_restart_of_nginx_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    async with through(tmp_path) as each:
        async with asyncio.TaskGroup() as group:
            group.create_task(exchanged(each, 0, COUNT))
            await each.both.hub.received(2)
            await each.front.stop()
            await each.front.start()
        await each.both.hub.ready(LINE)
        assert each.both.wire.dials > 1


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_minute_without_traffic_ends_nothing(tmp_path: Path) -> None:
    async with through(tmp_path) as each:
        await exchanged(each, 0, 1)
        await asyncio.sleep(IDLE + 5)
        await exchanged(each, 1, 1)
        assert each.both.wire.dials == 1
