"""What the doctor says of a modem: by the running bridge that has it, or by its driver."""

from collections.abc import Sequence
from pathlib import Path

from bridge import doctor
from bridge.model import Endpoint, LineState
from bridge.ports import Finding, SystemClock
from bridge.settings import Config
from device_drivers import Drivers
from device_drivers.virtual.world import World
from tests.wire.running import config, running, until


async def looked(settings: Config) -> list[Finding]:
    async def no_endpoints() -> Sequence[Endpoint]:
        return ()

    async def anywhere(url: str) -> None:
        """Every URL is allowed."""

    surroundings = doctor.Surroundings("sms-bridge serve", SystemClock(), anywhere, no_endpoints)
    return await doctor.doctor(settings, Drivers(), surroundings)


def about(findings: list[Finding], word: str) -> list[tuple[str, str]]:
    return [(each.level, each.message) for each in findings if word in each.subject]


async def test_a_device_that_the_running_bridge_has_is_not_touched(tmp_path: Path) -> None:
    async with World(tmp_path / "world") as world:
        settings = config(tmp_path, {"office": {"port": str(world.modems[0].port)}})
        examined = await looked(settings)
        assert any("answers AT" in message for _, message in about(examined, "office"))
        async with running(settings) as bridge:

            async def state(wanted: LineState) -> bool:
                return [line.state for line in bridge.gateway.lines()] == [wanted]

            await until(lambda: state(LineState.READY))
            asked = await looked(settings)
            assert about(asked, "office") == [("ok", "ready (says the running bridge, which has the device)")]
            assert [level for level, _ in about(asked, "port")] == ["ok"]

            world.modems[0].unplug()
            await until(lambda: state(LineState.ABSENT))
            away = await looked(settings)
            assert [level for level, _ in about(away, "office")] == ["fail"]
            assert "running bridge" not in about(away, "office")[0][1]
