"""Three hundred out and three hundred in over ten phones whose cables are pulled at random: all accounted for.

Ten, because Android lets a phone send thirty parts a minute and no more.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.config.schema import Config
from bridge.model.line import LineState
from bridge.model.message import Draft, State
from bridge.ports.driver import Device
from device_drivers.virtual.phone import Phone
from device_drivers.virtual.phone.server import AdbServer, NoServer
from device_drivers.virtual.world import World
from tests.support.running import SHOP, Bridge, config, running
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")

PHONES, EACH = 10, 30
UNPLUGS = 20


def configured(directory: Path, world: World, server: AdbServer) -> Config:
    devices = {}
    for place, phone in enumerate(world.phones):
        options = {"serial": phone.address, "adb_port": server.port, "segments_per_minute": 30}
        patience = {"poll_interval": 1.0, "settle": 0.2, "send_timeout": 10.0}
        devices[f"phone{place}"] = Device(f"phone{place}", "android_adb", options | patience)
    return replace(config(directory, {}), devices=devices)


async def pull_cables(phones: list[Phone], server: AdbServer, chance: random.Random) -> None:
    for _ in range(UNPLUGS):
        phone = chance.choice(phones)
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        phone.unplug()
        await asyncio.sleep(chance.uniform(0.0, 0.5))
        phone.replug()
        with suppress(NoServer):  # adb had not noticed
            await server.disconnect(phone.address)
        await server.connect(phone.address)  # what USB does by itself


async def write_in(world: World) -> list[str]:
    written = []
    for number in range(PHONES * EACH):
        written.append(f"in {number}")
        customer = world.network.handset(world.customers[number % len(world.customers)])
        customer.send(world.phones[number % PHONES].sims[0].number, written[-1])
        await asyncio.sleep(0.05)
    return written


async def ready(bridge: Bridge) -> bool:
    return all(line.state is LineState.READY for line in bridge.gateway.lines())


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_every_message_is_accounted_for(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=0, phones=PHONES) as world:
        server = AdbServer(tmp_path / "adb")
        await server.start()
        try:
            for phone in world.phones:
                await server.connect(phone.address)
            async with running(configured(tmp_path, world, server)) as bridge:
                await until(lambda: ready(bridge))  # what a phone held before it was first opened stays on it
                drafts = [Draft(world.customers[n % 10], f"out {n}") for n in range(PHONES * EACH)]
                await bridge.gateway.submit(SHOP, drafts)
                chance = random.Random(7)
                written, _ = await asyncio.gather(write_in(world), pull_cables(world.phones, server, chance))
                async with asyncio.timeout(240):
                    out = await bridge.settled(State.SENT, State.UNKNOWN, patience=240)
                    inbox = await bridge.received(len(written), patience=240)
        finally:
            await server.close()
        arrived = Counter(sms.text for each in world.customers for sms in world.network.handset(each).received)
        assert [phone.mistakes for phone in world.phones] == [[]] * PHONES
    assert len(out) == PHONES * EACH
    assert all(count == 1 for count in arrived.values()), "sent twice"
    assert {message.text for message in out if message.state is State.SENT} <= arrived.keys()
    unsure = [message.text for message in out if message.state is State.UNKNOWN]
    assert len(unsure) <= UNPLUGS  # a phone has one message in hand when its cable is pulled
    assert arrived.keys() <= {message.text for message in out}
    assert Counter(row.text for row in inbox) == Counter(written)
