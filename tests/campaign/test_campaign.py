"""A short campaign whose troubles are known: the bridge is killed and ended, and the books are right all the same."""

import asyncio
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.campaign.__main__ import HEADINGS, OF_A_ROUND, _seasons, total
from tests.campaign.catalogue import Trouble
from tests.campaign.plan import Plan, drawn
from tests.campaign.rounds import Play
from tests.campaign.serve import ROOT
from tests.campaign.stage import ACCOUNTS, Stage, stage
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")


def planned(ready: Stage, number: int, *troubles: Trouble) -> Plan:
    whole = drawn(number, Random(7), ready.catalogue, ACCOUNTS, ready.lines, ready.world.customers, 1, 1)
    lasting = [(at, replace(order, ttl=0)) for at, order in whole.orders]
    return Plan(number, lasting, [], whole.written, troubles)


@pytest.mark.long
async def test_a_kill_and_a_restart_in_the_middle_leave_the_books_right(tmp_path: Path) -> None:
    async with stage(tmp_path, Random(7), modems=1, phones=1) as ready:
        outcome = await Play(ready, planned(ready, 0, Trouble(1.0, 0, "kill"), Trouble(2.5, 0, "end"))).run()
    assert outcome.violations == []
    states, orders = outcome.tally.states, ready.books.orders.values()
    assert all(order.accepted for order in orders if order.once)
    assert states["delivered"] + states["sent"] >= sum(order.once for order in orders) - 4
    assert len(ready.books.heard) == 12
    assert ready.serve.starts == 3


@pytest.mark.long
async def test_a_bridge_that_ends_by_itself_is_a_violation(tmp_path: Path) -> None:
    async with stage(tmp_path, Random(7), modems=1, phones=0) as ready:
        await ready.serve.kill()
        outcome = await Play(ready, Plan(0, [], [], [], [], span=0.1)).run()
    assert "the bridge ended by itself" in outcome.violations[0]


def bridges(directory: Path) -> list[int]:
    """Processes of bridges whose configuration lies in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if b"\0serve\0" in line and str(directory).encode() in line:
            found.append(int(process.name))
    return found


@pytest.mark.parametrize("of", [(), ("--sites", "1"), ("--cluster", "1")], ids=["one", "a site", "a cluster"])
async def test_a_campaign_that_is_ended_leaves_no_bridge_behind(
    of: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that went on held the port of a modem that a later campaign was given."""
    with tempfile.TemporaryDirectory() as directory:
        await _end_one(of, Path(directory), monkeypatch)


async def _end_one(of: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)  # a server of PostgreSQL runs as another user
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    arguments = ("-m", "tests.campaign", "--seed", "1", "--phones", "0", *of)
    campaign = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
    await until(lambda: bridges(tmp_path), 120)
    campaign.send_signal(signal.SIGTERM)
    assert await campaign.wait() == 128 + signal.SIGTERM
    assert bridges(tmp_path) == []
    assert not [*tmp_path.glob("campaign-*"), *tmp_path.glob("postgresql-*")]


def test_a_seed_plans_a_round_alike_each_time(tmp_path: Path) -> None:
    from device_drivers.virtual.control import catalogue

    plans = [drawn(3, Random("5 round 3"), catalogue(), ACCOUNTS, ["+15550100"], ["+15550150"], 1, 1) for _ in range(2)]
    assert plans[0] == plans[1]


def test_seasons_begin_at_the_same_rounds_wherever_one_begins() -> None:
    assert list(_seasons(0, 12)) == [range(5), range(5, 10), range(10, 12)]
    assert list(_seasons(7, 5)) == [range(7, 10), range(10, 12)]


def test_the_total_counts_each_season_once() -> None:
    rounds = {number: (number, *(number + 1.0 for _ in HEADINGS[1:])) for number in (3, 4, 5, 6)}
    told = dict(zip(HEADINGS, total(rounds), strict=True))
    assert told["round"] == "total"
    assert all(told[heading] == ("22" if heading in OF_A_ROUND else "12") for heading in HEADINGS[1:])
