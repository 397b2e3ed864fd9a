"""`python -m tests.unplugs --times 1000`: pulls the cables of a modem and a phone so often, and counts what is left.

Threads, tasks and descriptors must be as many at the end as after the first tenth, and memory not more than a little.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.unplugs.cables import Counts, cables, row

HEADING = (
    "| unplugs of each | threads | tasks | descriptors | blocks of Python's | MiB of malloc's | MiB RSS "
    "| of them needed |\n|---|---|---|---|---|---|---|---|"
)
#: of these the figures are shown
SHOWN = 10
#: blocks in all and for each unplug, and KiB in all, by which it may have grown: caches fill; heaps have room between
BLOCKS, BLOCKS_EACH, ALLOCATED, RESIDENT, NEEDED = 1000, 1, 1024, 12 * 1024, 3 * 1024


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """The exit code: 0 when nothing grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.unplugs", description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which a cable is pulled")
    asked = parser.parse_args(arguments)
    # asyncio's word for what the virtual phone says to a cable that is out
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="unplugs-") as directory:
        grown = asyncio.run(run(Path(directory), asked.times, asked.seed))
    for sentence in grown:
        say(sentence)
    return 1 if grown else 0


async def run(directory: Path, times: int, seed: int) -> list[str]:
    """Pull them so often; what has grown, as sentences."""
    say(HEADING)
    began, readings = time.monotonic(), dict[int, Counts]()
    async with cables(directory, Random(seed)) as pulled:
        for share in range(SHOWN + 1):
            while pulled.pulled < times * share // SHOWN:
                await pulled.pull()
            readings[pulled.pulled] = await pulled.count()
            say(row(pulled.pulled, readings[pulled.pulled]))
    say(f"{times} unplugs in {time.monotonic() - began:.0f} s")
    _, warm, *_ = readings.values()
    return grown(warm, list(readings.values())[-1], times - times // SHOWN)


def grown(before: Counts, after: Counts, times: int) -> list[str]:
    """What there is more of after so many unplugs, as sentences."""
    found = [
        f"{name}: {was} before, {now} after"
        for name, was, now in zip(("threads", "tasks", "descriptors"), before.held, after.held, strict=True)
        if now > was
    ]
    if (blocks := after.blocks - before.blocks) > BLOCKS + BLOCKS_EACH * times:
        found.append(f"Python's objects: {blocks} blocks more after {times} unplugs")
    for name, most in (("allocated", ALLOCATED), ("resident", RESIDENT), ("needed", NEEDED)):
        if (more := getattr(after, name) - getattr(before, name)) > most:
            found.append(f"memory ({name}): {more} KiB more after {times} unplugs")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
