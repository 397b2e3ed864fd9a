"""A short form of `make unplugs`: the same cables, pulled a few times."""

import gc
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from random import Random

import pytest

from tests.unplugs.__main__ import grown
from tests.unplugs.cables import Counts, cables
from tests.unplugs.watched import count

#: pulled until everything that is loaded or cached once is there, and between the two counts
WARM, TIMES = 6, 12
#: of memory, for Python's objects, for each unplug; a link that is kept has three times as many
BLOCKS = 150
FINE = Counts(threads=9, tasks=20, descriptors=30, blocks=300_000, allocated=15_000, resident=60_000, needed=56_000)


@pytest.mark.long
@pytest.mark.needs("adb", "mksh")
@pytest.mark.timeout(240)
async def test_a_bridge_whose_cables_are_pulled_has_as_much_afterwards_as_before(tmp_path: Path) -> None:
    async with cables(tmp_path, Random(7)) as pulled:
        while pulled.pulled < WARM:
            await pulled.pull()
        before = await pulled.count()
        while pulled.pulled < WARM + TIMES:
            await pulled.pull()
        after = await pulled.count()
    assert after.held == before.held
    assert after.blocks - before.blocks < BLOCKS * TIMES


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"threads": 10}, "threads: 9 before, 10 after"),
        ({"tasks": 21}, "tasks: 20 before, 21 after"),
        ({"descriptors": 31}, "descriptors: 30 before, 31 after"),
        ({"blocks": 303_000}, "Python's objects: 3000 blocks more after 900 unplugs"),
        ({"allocated": 17_000}, "memory (allocated): 2000 KiB more after 900 unplugs"),
        ({"resident": 80_000}, "memory (resident): 20000 KiB more after 900 unplugs"),
        ({"needed": 60_000}, "memory (needed): 4000 KiB more after 900 unplugs"),
    ],
)
def test_says_what_has_grown(change: dict[str, int], sentence: str) -> None:
    assert grown(FINE, replace(FINE, **change), 900) == [sentence]


def test_finds_nothing_where_nothing_grows() -> None:
    assert grown(FINE, replace(FINE, threads=8, blocks=300_900, allocated=15_500, resident=66_000), 900) == []


@pytest.mark.parametrize(
    ("keeping", "counted"), [(lru_cache(maxsize=20_000), False), (cache, True)], ids=["bounded", "unbounded"]
)
async def test_counts_what_a_cache_keeps_only_if_that_has_no_bound(
    keeping: Callable[[Callable[[int], str]], Callable[[int], str]], counted: bool, tmp_path: Path
) -> None:
    kept, told = keeping("number {}".format), tmp_path / "counts.json"
    gc.freeze()  # as the bridge does once it serves
    count(told)
    before = json.loads(told.read_text())["blocks"]
    for number in range(20_000):
        kept(number)
    count(told)
    assert (json.loads(told.read_text())["blocks"] - before > 15_000) == counted


async def test_does_not_count_the_names_of_attributes_that_python_remembers(tmp_path: Path) -> None:
    told = tmp_path / "counts.json"
    count(told)
    before = json.loads(told.read_text())["blocks"]
    names = [f"attribute {number}" for number in range(20_000)]
    for name in names:
        getattr(told, name, None)
    del names, name
    count(told)
    assert json.loads(told.read_text())["blocks"] - before < 250
