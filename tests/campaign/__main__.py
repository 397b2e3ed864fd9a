"""`python -m tests.campaign --seed 1 --rounds 20`: prints a line for each round, and fails on the first violation.

A season is some rounds on one store and one virtual network; the next begins with new ones, of other makes. Round R of
a seed is always planned alike; `--first R` begins with it.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from random import Random

from device_drivers.virtual.modem.profile import PROFILES
from tests.campaign import exchange
from tests.campaign.clock import can_be_stepped
from tests.campaign.cluster import cluster
from tests.campaign.plan import Plan, drawn
from tests.campaign.rounds import Outcome, Play
from tests.campaign.sites import roof
from tests.campaign.stage import ACCOUNTS, Stage, stage

#: rounds on one store
SEASON = 5
#: violations of a round that are shown, and characters of each; all of them are kept
SHOWN, LONGEST = 8, 400
HEADINGS = (
    "round", "troubles", "starts", "accepted", "sent", "delivered", "unknown", "on air", "failed", "expired",
    "cancelled", "again", "inbox", "webhooks", "helped", "s",
)  # fmt: skip

#: of the round alone; the others are of its season so far
OF_A_ROUND = frozenset({"troubles", "starts", "helped", "s"})


def say(text: str) -> None:
    """One line of the report, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """The exit code: 0 when all adds up."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of everything that happens; a new one when left out")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    parser.add_argument("--modems", type=int, default=2)
    parser.add_argument("--make", choices=sorted(PROFILES), help="of all modems; drawn for each season when left out")
    parser.add_argument("--phones", type=int, default=1)
    parser.add_argument("--sites", type=int, default=0, help="a hub and so many sites, instead of one bridge")
    parser.add_argument("--cluster", type=int, default=0, help="so many bridges on one PostgreSQL database, instead")
    parser.add_argument("--without", action="append", default=[], help="leave out troubles with these words in them")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "sms-bridge-campaign")
    parser.add_argument("--go-on", action="store_true", help="do not stop at the first round that fails")
    asked = parser.parse_args(arguments)
    seed = Random().randrange(1 << 20) if asked.seed is None else asked.seed
    if asked.sites or asked.cluster:
        return _played(_of_several(seed, asked.sites, asked.cluster, _seasons(asked.first, asked.rounds), asked.keep))
    campaign = Campaign(seed, (asked.modems, asked.phones), asked.keep, asked.go_on, asked.without, asked.make)
    return _played(campaign.run(asked.first, asked.rounds))


def _played(rounds: Coroutine[None, None, int]) -> int:
    """Their exit code. SIGTERM breaks them off and ends their bridges; a second one ends this process alone."""

    def end(task: "asyncio.Task[int]") -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
        task.cancel()

    async def play() -> int:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end, asyncio.current_task())
        return await rounds

    try:
        return asyncio.run(play())
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


class Campaign:
    """All the rounds of a seed."""

    def __init__(
        self, seed: int, devices: tuple[int, int], keep: Path, go_on: bool = False, without: Sequence[str] = (),
        make: str | None = None,
    ) -> None:  # fmt: skip
        self._seed = seed
        #: modems, phones
        self._devices = devices
        self._keep = keep
        self._go_on = go_on
        self._without = without
        self._make = make
        self._failed: list[int] = []
        #: the cells of each round so far, by its number
        self._rounds: dict[int, tuple[object, ...]] = {}

    async def run(self, first: int, rounds: int) -> int:
        """Play them; 0 when no round failed."""
        say(f"seed {self._seed}, rounds {first} to {first + rounds - 1}")
        say(_line(HEADINGS))
        for season in _seasons(first, rounds):
            if not await self._season(season) and not self._go_on:
                break
        say(_line(total(self._rounds)))
        if self._failed:
            again = f"make campaign SEED={self._seed} FIRST={self._failed[0] // SEASON * SEASON} ROUNDS={SEASON}"
            say(f"failed: rounds {', '.join(map(str, self._failed))}. The same again: {again}")
            return 1
        say("0 lost, 0 doubled, 0 states without evidence")
        return 0

    async def _season(self, season: range) -> bool:
        """Whether all went well. A season that failed is kept, and ends there: its books are wrong from then on."""
        directory = Path(tempfile.mkdtemp(prefix="campaign-"))
        try:
            async with stage(
                directory,
                self._chance("season", season.start // SEASON),
                *self._devices,
                can_be_stepped(),
                self._make,
            ) as ready:
                for number in season:
                    if not await self._round(ready, number):
                        return False
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return True

    def _chance(self, kind: str, number: int) -> Random:
        return Random(f"{self._seed} {kind} {number}")

    async def _round(self, ready: Stage, number: int) -> bool:
        began, customers = time.monotonic(), ready.world.customers
        chance = self._chance("round", number)
        plan = drawn(number, chance, ready.catalogue, ACCOUNTS, ready.lines, customers, *self._devices)
        plan = plan.but(self._without)
        plan.save(ready.directory / f"round-{number}.json")
        before = ready.serve.starts
        outcome = await Play(ready, plan).run()
        seconds = time.monotonic() - began
        cells = self._rounds[number] = _cells(ready, plan, outcome, ready.serve.starts - before, seconds)
        say(_line(cells))
        if not outcome.violations:
            return True
        self._failed.append(number)
        for sentence in outcome.violations[:SHOWN]:
            say(f"  {sentence[:LONGEST]}")
        if len(outcome.violations) > SHOWN:
            say(f"  and {len(outcome.violations) - SHOWN} more")
        say(f"  kept in {await self._keep_evidence(ready, number, outcome)}")
        return False

    async def _keep_evidence(self, ready: Stage, number: int, outcome: Outcome) -> Path:
        """Store, log, plans and what went on air."""
        await ready.serve.kill()
        target = self._keep / f"{self._seed}-{number}"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for path in ready.directory.iterdir():
            if path.is_file() and path.suffix in (".db", ".db-wal", ".log", ".json", ".toml"):
                shutil.copy(path, target)
        (target / "violations.txt").write_text("\n".join(outcome.violations) + "\n")
        air = [f"{token} part {index}: {count}" for (token, index), count in sorted(ready.books.on_air.items())]
        (target / "on-air.txt").write_text("\n".join(air) + "\n")
        refusals = [f"{order.token} {order.dialect}: {order.refusal}" for order in ready.books.orders.values()]
        (target / "clients.txt").write_text("\n".join(refusals) + "\n")
        return target


async def _of_several(seed: int, hub_sites: int, bridges: int, seasons: Iterator[range], kept: Path) -> int:
    """A hub and its sites, or bridges on one database; 0 when no round failed."""
    what, count = ("a hub and {} sites", hub_sites) if hub_sites else ("{} bridges on one database", bridges)
    say(f"seed {seed}, {what.format(count)}")
    say(" ".join(exchange.HEADINGS))
    for season in seasons:
        with tempfile.TemporaryDirectory(prefix="campaign-") as directory:
            stage = (roof if hub_sites else cluster)(Path(directory), count, seed)
            name = f"{seed} {'sites' if hub_sites else 'cluster'}"
            async with aclosing(exchange.season(stage, season, name)) as played:
                async for number, found, cells in played:
                    say(
                        " ".join(
                            str(cell).rjust(len(head)) for cell, head in zip(cells, exchange.HEADINGS, strict=True)
                        )
                    )
                    if found:
                        exchange.keep(Path(directory), kept / f"{seed}-{number}", found)
                        say("\n".join(f"  {each[:LONGEST]}" for each in found[:SHOWN]))
                        say(f"failed: round {number}, kept in {kept / f'{seed}-{number}'}")
                        return 1
    say("0 lost, 0 doubled, 0 states without evidence")
    return 0


def _seasons(first: int, rounds: int) -> Iterator[range]:
    """Whole seasons begin at the same rounds, wherever one begins."""
    last = first + rounds
    while first < last:
        end = min((first // SEASON + 1) * SEASON, last)
        yield range(first, end)
        first = end


def _cells(ready: Stage, plan: Plan, outcome: Outcome, starts: int, seconds: float) -> tuple[object, ...]:
    """Of the season up to this round, but for troubles, starts and seconds."""
    states = outcome.tally.states
    accepted = sum(order.accepted for order in ready.books.orders.values())
    return (
        plan.number, len(plan.troubles), starts, accepted, states["sent"], states["delivered"], states["unknown"],
        outcome.tally.carried_unknown, states["failed"], states["expired"], states["cancelled"], outcome.tally.again,
        sum(len(ids) > 0 for ids in ready.books.heard.values()), ready.receiver.calls, outcome.helped, f"{seconds:.1f}",
    )  # fmt: skip


def total(rounds: Mapping[int, tuple[object, ...]]) -> tuple[object, ...]:
    """The sum of all: most cells count a season up to their round, so that its last round has all of it."""
    last = [cells for number, cells in rounds.items() if (number + 1) % SEASON == 0 or number + 1 not in rounds]
    sums = [
        sum(float(str(cells[place])) for cells in (rounds.values() if heading in OF_A_ROUND else last))
        for place, heading in enumerate(HEADINGS)
    ]
    return "total", *(f"{value:.0f}" for value in sums[1:])


def _line(cells: tuple[object, ...]) -> str:
    return " ".join(str(cell).rjust(len(heading)) for cell, heading in zip(cells, HEADINGS, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
