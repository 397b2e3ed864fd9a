"""A modem line and a phone line behind one bridge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import InvalidNumber, InvalidText
from bridge.model.line import Line, LineState
from bridge.model.message import Draft, State
from bridge.model.query import TypedQuery
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


async def test_what_a_phone_does_not_carry_goes_by_the_modem(tmp_path: Path) -> None:
    async with on_a_phone(tmp_path, modems=1) as (bridge, world):
        texts = [f"{number:2} " + "你" * (11 * 67 - 3) for number in range(4)]
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, text) for text in texts])
        short = [f"menu {number}" for number in range(4)]
        await bridge.gateway.submit(SHOP, [Draft(CUSTOMER.removeprefix("+"), text) for text in short])
        found = await bridge.settled(State.SENT, State.DELIVERED)
        assert {message.line for message in found} == {"line0"}
        assert sorted(sms.text for sms in world.network.handset(CUSTOMER).received) == sorted(texts + short)


async def test_what_no_line_carries_is_refused_when_it_is_submitted(tmp_path: Path) -> None:
    async with on_a_phone(tmp_path) as (bridge, _):
        with pytest.raises(InvalidText, match="the text needs 11 SMS parts; the most by phone is 10"):
            await bridge.gateway.submit(SHOP, [Draft(CUSTOMER, "你" * 737)])
        with pytest.raises(InvalidNumber, match="60022 is a short code, which phone may not send to"):
            await bridge.gateway.submit(SHOP, [Draft("60022", "menu")])


async def test_a_phone_under_two_of_its_addresses_is_one_line_and_receives_once(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=0, phones=1) as world:
        server = AdbServer(tmp_path / "adb")
        await server.start()
        try:
            port = world.phones[0].address.rpartition(":")[2]
            addresses = {"cable": f"127.0.0.1:{port}", "network": f"localhost:{port}"}
            for address in addresses.values():
                await server.connect(address)
            pace = {"adb_port": server.port, "poll_interval": 0.2, "settle": 0.1}
            devices = {name: Device(name, "android_adb", {"serial": at} | pace) for name, at in addresses.items()}
            async with running(replace(config(tmp_path, {}), devices=devices)) as bridge:

                def in_state(state: LineState) -> list[Line]:
                    return [line for line in bridge.gateway.lines() if line.state is state]

                async def decided() -> bool:
                    return bool(in_state(LineState.READY) and in_state(LineState.PARKED))

                await until(decided)
                (ready,), (parked,) = in_state(LineState.READY), in_state(LineState.PARKED)
                assert f"it is the same device as {ready.name}" in parked.reason
                for text in ("first", "second"):
                    world.network.handset(CUSTOMER).send(PHONE, text)
                    received = await bridge.received(1 if text == "first" else 2)
                assert [row.text for row in received] == ["first", "second"]
        finally:
            await server.close()


async def test_a_phone_that_is_led_to_by_another_device_goes_on_where_it_was(tmp_path: Path) -> None:
    """Its cable is pulled, and the device of its network address takes over: nothing again, and nothing lost."""
    async with World(tmp_path / "world", modems=0, phones=1) as world:
        server = AdbServer(tmp_path / "adb")
        await server.start()
        try:
            port, customer = world.phones[0].address.rpartition(":")[2], world.network.handset(CUSTOMER)
            pace = {"adb_port": server.port, "poll_interval": 0.2, "settle": 0.1}
            written: list[str] = []

            def write(text: str) -> None:
                written.append(text)
                customer.send(PHONE, text)

            for name, host in (("cable", "127.0.0.1"), ("network", "localhost"), ("cable", "127.0.0.1")):
                await server.connect(f"{host}:{port}")
                device = Device(name, "android_adb", {"serial": f"{host}:{port}"} | pace)
                async with running(replace(config(tmp_path, {}), devices={name: device})) as bridge:
                    await bridge.ready(name)
                    write(f"by its {name}")
                    received = await bridge.received(len(written))
                    assert [row.text for row in received] == written
                    await bridge.send(CUSTOMER, f"sent by its {name}")
                    await bridge.settled(State.SENT, State.DELIVERED)
                    assert not (await bridge.gateway.typed(SHOP, TypedQuery())).rows
                await server.disconnect(f"{host}:{port}")
                write(f"after its {name}")
        finally:
            await server.close()
