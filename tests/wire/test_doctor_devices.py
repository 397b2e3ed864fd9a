"""What the doctor says of a modem: by the running bridge that has it, or by its driver."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bridge import doctor
from bridge.config.schema import Config
from bridge.model.account import Account
from bridge.model.finding import Finding
from bridge.model.line import LineState
from bridge.model.scope import Key
from bridge.model.webhook import Endpoint
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Device
from device_drivers import Drivers
from device_drivers.virtual.world import World
from tests.support.running import Bridge, config, running
from tests.support.waiting import until


async def looked(settings: Config) -> list[Finding]:
    async def no_endpoints() -> Sequence[Endpoint]:
        return ()

    async def anywhere(url: str) -> None:
        """Every URL is allowed."""

    async def no_keys() -> Sequence[Key]:
        return []

    async def as_it_is(device: Device) -> Device:
        return device

    surroundings = doctor.Surroundings("sms-bridge serve", SystemClock(), anywhere, no_endpoints, as_it_is, no_keys)
    return await doctor.doctor(settings, Drivers(), surroundings)


def about(findings: list[Finding], word: str) -> list[tuple[str, str]]:
    return [(each.level, each.message) for each in findings if word in each.subject]


async def until_state(bridge: Bridge, wanted: LineState) -> None:
    async def state() -> bool:
        return [line.state for line in bridge.gateway.lines()] == [wanted]

    await until(state)


async def test_a_running_bridge_says_as_much_as_a_look_at_the_device_itself(tmp_path: Path) -> None:
    async with World(tmp_path / "world") as world:
        settings = config(tmp_path, {"office": {"port": str(world.modems[0].port)}})
        examined = about(await looked(settings), "office")
        assert any("answers AT" in message for _, message in examined)
        async with running(settings) as bridge:
            await until_state(bridge, LineState.READY)
            asked = await looked(settings)
            assert about(asked, "office") == examined
            assert [level for level, _ in about(asked, "port")] == ["ok"]

            world.modems[0].set_registration(3)
            denied = about(await looked(settings), "office")
            assert [message for level, message in denied if level == "fail"] == [
                "The network denied the registration: the SIM may be blocked, expired or not allowed here."
            ]


async def test_the_running_bridge_looks_at_a_device_that_is_away_from_outside(tmp_path: Path) -> None:
    async with World(tmp_path / "world") as world:
        settings = config(tmp_path, {"office": {"port": str(world.modems[0].port)}})
        async with running(settings) as bridge:
            await until_state(bridge, LineState.READY)
            world.modems[0].unplug()
            await until_state(bridge, LineState.ABSENT)
            away = about(await looked(settings), "office")
            assert away[0] == ("fail", f"there is no {world.modems[0].port}; ports there: {ports_there(away)}")
            assert len(away) == len(set(away))


def ports_there(found: list[tuple[str, str]]) -> str:
    """What this machine has is not ours to say."""
    return found[0][1].rpartition("ports there: ")[2]


async def test_a_sim_that_waits_for_its_pin_loses_no_try_by_being_asked_about(tmp_path: Path) -> None:
    async with World(tmp_path / "world") as world:
        sim = world.modems[0].state.sim
        sim.pin = "1234"
        settings = config(tmp_path, {"office": {"port": str(world.modems[0].port), "pin": "9999"}})
        async with running(settings) as bridge:
            await until_state(bridge, LineState.PARKED)
            assert sim.pin_tries == 2
            for _ in range(2):
                level, message = about(await looked(settings), "office")[-1]
                assert (level, "refused this PIN before" in message) == ("fail", True)
            assert sim.pin_tries == 2


async def test_says_when_the_bridge_does_not_know_a_device_yet(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=2) as world:
        settings = config(tmp_path, {"office": {"port": str(world.modems[0].port)}})
        async with running(settings) as bridge:
            await until_state(bridge, LineState.READY)
            second = Device("shop", "gsm_modem", {"port": str(world.modems[1].port)})
            found = await looked(replace(settings, devices={**settings.devices, "shop": second}))
            (unknown,) = [each for each in found if "does not know" in each.message]
            assert (unknown.level, unknown.remedy) == ("warn", "let it know: sms-bridge reload")
            assert any("answers AT" in message for _, message in about(found, "office"))


async def test_tells_of_devices_that_only_the_bridge_knows(tmp_path: Path) -> None:
    async with World(tmp_path / "world") as world:
        settings = config(tmp_path, {"office": {"port": str(world.modems[0].port)}})
        async with running(settings) as bridge:
            await until_state(bridge, LineState.READY)
            found = about(await looked(replace(settings, devices={})), "office")
            assert any("answers AT" in message for _, message in found)


async def test_operators_may_examine_while_messages_go_out(tmp_path: Path) -> None:
    async with World(tmp_path / "world") as world:
        world.network.rules.send_latency = 0.1
        settings = config(tmp_path, {"office": {"port": str(world.modems[0].port)}})
        async with running(settings) as bridge:
            await until_state(bridge, LineState.READY)
            for number in range(5):
                await bridge.send(world.customers[0], f"text {number}")
            operator = Account("operator", operator=True)
            async with asyncio.timeout(20):
                found = await bridge.gateway.examine(operator, "office")
            assert {each.level for each in found} == {"ok"}
            received = await world.network.handset(world.customers[0]).wait(5, 20)
            assert [sms.text for sms in received] == [f"text {number}" for number in range(5)]
