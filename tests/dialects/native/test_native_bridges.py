"""/v1/bridges: those that share the database of this one."""

from collections.abc import Sequence
from pathlib import Path

from bridge.model.line import Line, LineState
from bridge.model.neighbour import Neighbour
from tests.support.clocks import FakeClock
from tests.support.native_site import NOW, site_in

MODEM = Line("modem", "modem", "gsm_modem", LineState.READY, bridge="west")


async def _bridges() -> Sequence[Neighbour]:
    return [Neighbour("east", "1.2.3", 0, False, (), "api"), Neighbour("west", "1.2.3", 2000, False, [MODEM], "", True)]


async def test_operators_see_each_bridge_with_its_lines(tmp_path: Path) -> None:
    async with site_in(tmp_path, clock=FakeClock(NOW), bridges=_bridges) as site:
        east, west = (await site.operator.get("/v1/bridges")).body["bridges"]
        assert (east["name"], east["role"], east["silent_ms"], east["on_duty"], east["lines"]) == (
            "east", "api", 0, False, [],
        )  # fmt: skip
        assert west == {
            "name": "west",
            "role": "",
            "version": "1.2.3",
            "seen_at": "2026-11-20T23:01:50.123Z",
            "silent_ms": 2000,
            "ended": False,
            "on_duty": True,
            "lines": [{"name": "modem", "state": "ready", "reason": ""}],
        }
        assert (await site.shop.get("/v1/bridges")).problem[0] == 403


async def test_a_file_is_one_bridge_s_alone(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        assert (await site.operator.get("/v1/bridges")).body == {"bridges": []}
