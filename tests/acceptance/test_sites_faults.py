"""A hub with two sites, one of which dials it: full disks, a clock that is a day off, and many messages that waited.

Each is a process of its own; the virtual network and the ways live in this one.
"""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.campaign.clock import DAY, Clock
from tests.campaign.exchange import violations
from tests.campaign.serve import Serve
from tests.campaign.sites import Roof, roof

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
#: of each direction
COUNT = 8
#: bytes that a file may have on a full disk
FULL = 4096
#: that wait for a site that is away
MANY = 1000


async def exchange(made: Roof, name: str, meanwhile: float = 0.0) -> None:
    """Texts in both directions, by both sites; `meanwhile`: seconds in which something is wrong."""
    customers = made.world.customers
    async with asyncio.TaskGroup() as group:
        for number in range(COUNT):
            group.create_task(made.submit(f"{name} out {number}", customers[number % 4]))
            made.write(f"{name} in {number}", made.sites[number % 2], customers[number % 4])
        await asyncio.sleep(meanwhile)


async def add_up(made: Roof) -> None:
    """Nothing lost, nothing doubled, and every state true."""
    told = await made.rest()
    assert told is not None, made.ended()
    assert violations(made.asked, made.accepted, made.written, told) == []


@pytest.mark.parametrize("whose", ["hub", "site that is reached", "site that dials"])
async def test_a_full_disk_loses_nothing_and_doubles_nothing(tmp_path: Path, whose: str) -> None:
    async with roof(tmp_path, 2) as made:
        await exchange(made, "before")
        victim: Serve = {"hub": made.hub, "site that is reached": made.sites[0].serve}.get(whose, made.sites[1].serve)
        victim.leave_room(FULL)

        async def room() -> None:
            await asyncio.sleep(6)
            victim.leave_room(None)

        async with asyncio.TaskGroup() as group:
            group.create_task(room())
            group.create_task(exchange(made, "full"))
        await exchange(made, "after")
        await add_up(made)


@pytest.mark.needs("cc")
@pytest.mark.parametrize("step", [DAY, -DAY])
async def test_a_site_whose_clock_is_a_day_off_is_used_all_the_same(tmp_path: Path, step: int) -> None:
    async with roof(tmp_path, 2) as made:
        await exchange(made, "before")
        await add_up(made)
        (tmp_path / "clock").mkdir()
        clock = Clock(tmp_path / "clock")
        clock.step(step)
        for site in made.sites:
            await site.serve.end()
            site.serve.clock = clock
            site.cut()
            await site.start()
        await exchange(made, "off")
        await add_up(made)
        for row in await made.rows(made.hub, made.key, "/v1/inbox"):
            assert abs(datetime.fromisoformat(row["received_at"]).timestamp() - time.time()) < 600
        clock.set_right()
        await exchange(made, "right again")
        await add_up(made)


async def test_many_messages_that_waited_go_out_once_when_the_sites_are_back(tmp_path: Path) -> None:
    async with roof(tmp_path, 2) as made:
        made.world.network.rules.send_latency = 0.0
        for site in made.sites:
            await site.serve.end()
            site.cut()
        texts = [f"many {number}" for number in range(MANY)]
        made.asked.update(texts)
        body = {"messages": [{"to": made.world.customers[0], "text": text} for text in texts]}
        headers = {"Authorization": f"Bearer {made.key}"}
        async with made.http.post(f"{made.hub.url}/v1/messages", json=body, headers=headers) as answer:
            assert answer.status == 202
        made.accepted.update(texts)
        for site in made.sites:
            await site.start()
        async with asyncio.timeout(400):
            while (told := await made.rest()) is None or told.moves:
                assert not made.ended()
        assert violations(made.asked, made.accepted, made.written, told) == []
