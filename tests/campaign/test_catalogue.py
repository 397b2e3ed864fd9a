"""Troubles are made of what the emulators list, all of it, and all of it can be put right."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from device_drivers.virtual.control import catalogue, command
from device_drivers.virtual.world import World
from tests.campaign.catalogue import LIKE_ONE_MORE, MADE_LIKE, device_trouble, remedies

KNOWN = catalogue()


def test_each_fault_rule_and_event_is_drawn_sooner_or_later() -> None:
    chance = Random(1)
    names = {device_trouble(chance, KNOWN, 1, 1, 0.0, 1.0).name.partition("=")[0] for _ in range(5000)}
    wanted = {f"rules {name}" for name in KNOWN["rules"]}
    for kind in ("modem", "phone"):
        wanted |= {
            f"{kind} 0 {name}" for name in (*KNOWN[kind]["faults"], *KNOWN[kind]["events"].keys() - LIKE_ONE_MORE)
        }
    assert wanted - names == set()


@pytest.mark.parametrize("made", sorted(MADE_LIKE))
def test_a_modem_stays_as_it_is_made(made: str) -> None:
    chance = Random(1)
    drawn = [device_trouble(chance, KNOWN, 1, 0, 0.0, 1.0) for _ in range(5000)]
    found = [trouble for trouble in drawn if trouble.name.startswith(f"modem 0 {made}")]
    assert found
    assert all(trouble.begin == trouble.end for trouble in found)


@pytest.mark.parametrize("kind", ["a new bool", "a new table", "a new event"])
def test_a_new_one_joins_by_itself(kind: str) -> None:
    faults: dict[str, Any] = {"a new bool": ["bool", False], "a new table": ["dict[str, int]", {}]}
    events = {"a new event": {"example": {"degrees": 3}, "undo": "cool", "undo_with": {}}}
    new = KNOWN | {"modem": {"commands": ["+CMGS"], "faults": faults, "events": events}, "rules": KNOWN["rules"]}
    chance = Random(1)
    drawn = [device_trouble(chance, new, 1, 0, 0.0, 1.0) for _ in range(200)]
    (one, *_) = [each for each in drawn if kind in each.name]
    assert one.begin
    assert one.end
    assert any("cool" in request.values() for request in remedies(new, 1, 0))


async def test_the_network_takes_whatever_is_drawn_and_is_well_again_after_the_remedies(tmp_path: Path) -> None:
    chance = Random(2)
    async with World(tmp_path / "world", modems=1, phones=1) as world:
        path = world.control.path
        before = await command(path, {"command": "numbers"})
        for _ in range(300):
            trouble = device_trouble(chance, KNOWN, 1, 1, 0.0, 1.0)
            for request in (*trouble.begin, *trouble.end):
                await command(path, request)
        for request in remedies(KNOWN, 1, 1):
            await command(path, request)
        modem = world.modems[0]
        assert (modem.plugged, modem.state.registration, world.phones[0].plugged) == (True, 1, True)
        after = await command(path, {"command": "numbers"})
        for kind in ("lines", "phones"):
            assert [each["number"] for each in after[kind]] == [each["number"] for each in before[kind]]
        told = await command(path, {"command": "faults"})
        assert told == {name: fresh for name, (_, fresh) in KNOWN["modem"]["faults"].items()}
