"""A modem line and a phone line behind one bridge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.model.line import LineState
from bridge.model.message import Draft, State
from bridge.ports.driver import Device
from device_drivers.virtual.phone.server import AdbServer
from device_drivers.virtual.world import World
from tests.support.running import SHOP, Bridge, config, running
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")

PHONE, CUSTOMER = "+15550140", "+15550150"


@asynccontextmanager
async def on_a_phone(directory: Path, modems: int = 0, **options: object) -> AsyncIterator[tuple[Bridge, World]]:
    """A bridge with a phone, `phone`, and so many modems."""
    async with World(directory / "world", modems=modems, phones=1) as world:
        server = AdbServer(directory / "adb")
        await server.start()
        try:
            address = world.phones[0].address
            await server.connect(address)
            settings = config(directory, {f"line{n}": {"port": modem.port} for n, modem in enumerate(world.modems)})
            given = {"serial": address, "adb_port": server.port, "poll_interval": 0.2, "settle": 0.1} | options
            phone = Device("phone", "android_adb", given)
            async with running(replace(settings, devices={**settings.devices, "phone": phone})) as bridge:

                async def ready() -> bool:
                    return all(line.state is LineState.READY for line in bridge.gateway.lines())

                await until(ready)
                yield bridge, world
        finally:
            await server.close()


async def test_a_modem_line_and_a_phone_line_text_each_other(tmp_path: Path) -> None:
    async with on_a_phone(tmp_path, modems=1) as (bridge, _):
        await bridge.send(PHONE, "from the modem", sIdentifiant="line0")
        await bridge.send("+15550100", "from the phone", sIdentifiant="phone")
        found = {row.line: (row.sender, row.text) for row in await bridge.received(2)}
        assert found == {"phone": ("+15550100", "from the modem"), "line0": (PHONE, "from the phone")}
        states = {message.line: message.state for message in await bridge.settled(State.SENT, State.DELIVERED)}
        # a phone's own report never comes on this path
        assert states == {"line0": State.DELIVERED, "phone": State.SENT}


async def test_a_phone_that_has_sent_enough_for_a_minute_leaves_the_rest_to_the_modem(tmp_path: Path) -> None:
    async with on_a_phone(tmp_path, modems=1, segments_per_minute=2) as (bridge, world):
        world.network.rules.send_latency = 0.2  # long enough for the phone to take its share
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, f"text {number}") for number in range(30)])
        async with asyncio.timeout(25):
            found = await bridge.settled(State.SENT, State.DELIVERED)
        lines = [message.line for message in found]
        assert lines.count("phone") <= 2
        texts = [sms.text for sms in world.network.handset(CUSTOMER).received]
        assert sorted(texts) == sorted(f"text {number}" for number in range(30))
