"""Many messages that wait at a hub for a site that is away, and for one that leaves.

`SMS_BRIDGE_BACKLOG=10000` with `-s` prints figures of so many.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bridge.cli.joined import Joined
from bridge.model.line import LineState
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery
from bridge.ports.driver import Device
from device_drivers.bridge_remote import enrolment
from device_drivers.virtual.world import World
from tests.support.bad_way import BadWay
from tests.support.running import SHOP, config, running
from tests.support.two_bridges import OPTIONS, SITE, TwoBridges
from tests.support.waiting import until

COUNT = int(os.environ.get("SMS_BRIDGE_BACKLOG", "240"))
#: lines of the site; the hub has one more, `own`
LINES = 3
#: messages of one request
MOST = 1000
_OVER = (State.SENT, State.DELIVERED)


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[TwoBridges]:
    """A hub with a modem of its own, and a site with three."""
    for name in ("site", "hub"):
        (tmp_path / name).mkdir()
    way = BadWay()
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World(tmp_path / "world", modems=LINES + 1))
        world.network.rules.send_latency = 0.0
        own, *theirs = [{"port": str(modem.port), "send_timeout": 10.0} for modem in world.modems]
        sticks = {f"line{number}": stick for number, stick in enumerate(theirs)}
        site = await stack.enter_async_context(running(config(tmp_path / "site", sticks)))
        for name in sticks:
            await site.ready(name)
        way.target = site.url
        await way.start()
        stack.push_async_callback(way.close)
        settings = config(tmp_path / "hub", {"own": own})
        options = {"url": way.url, "key": site.keys["apikey"], **OPTIONS}
        devices = {**settings.devices, SITE: Device(SITE, "bridge_remote", options)}
        hub = await stack.enter_async_context(running(replace(settings, devices=devices)))
        for line in ("own", *(f"{SITE}:{name}" for name in sticks)):
            await hub.ready(line)
        yield TwoBridges(hub, site, way, world)


async def submit(both: TwoBridges, *messages: dict[str, str]) -> list[str]:
    """Accepted by the hub, with their ids."""
    headers, ids = {"Authorization": f"Bearer {both.hub.keys['apikey']}"}, list[str]()
    for start in range(0, len(messages), MOST):
        body = {"messages": messages[start : start + MOST]}
        async with both.hub.http.post(f"{both.hub.url}/v1/messages", json=body, headers=headers) as answer:
            assert answer.status == 202, await answer.text()
            ids += (await answer.json())["ids"]
    return ids


def backlog(both: TwoBridges) -> list[dict[str, str]]:
    """Messages for each of the site's lines by turns, to a customer of each line's own."""
    return [
        {"to": both.world.customers[number % LINES], "text": f"{number}", "line": f"{SITE}:line{number % LINES}"}
        for number in range(COUNT)
    ]


async def rows(both: TwoBridges) -> list[Message]:
    """The hub's messages."""
    return list((await both.hub.gateway.messages(SHOP, MessageQuery(limit=2 * COUNT + 100))).rows)


async def waiting(both: TwoBridges) -> int:
    """How many messages have not gone out."""
    query = MessageQuery(states=frozenset({State.QUEUED, State.SENDING, State.UNKNOWN}))
    return await both.hub.gateway.count(SHOP, query)


def arrived(both: TwoBridges, customer: int) -> list[str]:
    """What a customer has, in the order in which it came."""
    return [sms.text for sms in both.person(both.world.customers[customer]).received]


@pytest.mark.timeout(1200)
async def test_a_backlog_goes_out_once_and_in_order_and_holds_up_nobody(both: TwoBridges) -> None:
    both.way.unplug()
    await until(lambda: [line for line in both.hub.gateway.lines() if line.state is LineState.ABSENT])
    begun = time.monotonic()
    await submit(both, *backlog(both))
    accepted = time.monotonic()
    [first] = await submit(both, {"to": both.world.customers[3], "text": "while it is away", "line": "own"})
    await both.hub.became(first, *_OVER)
    assert await waiting(both) == COUNT
    await both.way.plug()
    back = time.monotonic()
    await until(lambda: arrived(both, 0))
    # the hub's own line and its API answer while the backlog goes out
    [second] = await submit(both, {"to": both.world.customers[3], "text": "while it goes out", "line": "own"})
    await both.hub.became(second, *_OVER)
    assert await waiting(both) > 0
    asked = []
    while left := await waiting(both):
        asked.append(await answer_time(both))
        await asyncio.sleep(0.5 if left > 1000 else 0.05)
    took = time.monotonic() - back
    asked.sort()
    sys.stdout.write(
        f"{COUNT} accepted in {accepted - begun:.1f} s, out in {took:.1f} s ({COUNT / took:.0f}/s over {LINES} lines); "
        f"API meanwhile: median {asked[len(asked) // 2] * 1000:.0f} ms, most {asked[-1] * 1000:.0f} ms\n"
    )
    for customer in range(LINES):
        assert arrived(both, customer) == [f"{number}" for number in range(customer, COUNT, LINES)]
    assert {row.state for row in await rows(both)} <= set(_OVER)


async def answer_time(both: TwoBridges) -> float:
    """Seconds for an answer of the API."""
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {both.hub.keys['apikey']}"}
    async with both.hub.http.get(f"{both.hub.url}/v1/messages?limit=20", headers=headers) as answer:
        assert answer.status == 200
        await answer.read()
    return time.monotonic() - began


async def leave(both: TwoBridges, directory: Path) -> str:
    """What `sms-bridge leave` says at the site, where the hub's account is `shop`."""
    told = json.dumps(asdict(Joined("", both.hub.url, SITE, "hub-key")))
    await both.site.store.memorise(enrolment.THIS_BRIDGE, "hub.shop", told)
    command = [sys.executable, "-m", "bridge", "leave", "shop"]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--data",
        str(directory),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=Path(__file__).parents[2],
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def test_a_site_that_leaves_amid_a_backlog_loses_nothing_and_doubles_nothing(
    both: TwoBridges, tmp_path: Path
) -> None:
    both.world.network.rules.send_latency = 1.0
    anybody = [{"to": both.world.customers[3], "text": f"any {number}"} for number in range(6)]
    await submit(both, *backlog(both), *anybody)
    await until(lambda: arrived(both, 0))
    for number in range(10 * LINES):  # what comes from the hub waits behind them
        await both.site.send(both.world.customers[3], f"their own {number}")
    said = await leave(both, tmp_path / "site")
    assert "In a device's hands still" not in said
    await until(lambda: any("disabled" in line.reason for line in both.hub.gateway.lines()))
    await until(lambda: len([text for text in arrived(both, 3) if text.startswith("any")]) == len(anybody))

    async def settled() -> list[Message]:
        found = await rows(both)
        return [] if any(row.state is State.SENDING for row in found) else found

    found = await until(settled)
    gone = [text for customer in range(LINES) for text in arrived(both, customer)]
    named = {row.text for row in found if row.state in _OVER} - {each["text"] for each in anybody}
    odd = {row.text: (row.state, row.error) for row in found if (row.text in gone) != (row.text in named)}
    assert {text: odd[text] for text in odd if not text.startswith("any")} == {}
    assert sorted(gone) == sorted(named)
    waits = [row for row in found if row.state not in _OVER]
    assert {row.state for row in waits} == {State.QUEUED}
    # what waits has kept its tries, but for what the site had and gave back
    assert sum(row.attempts for row in waits) <= LINES
