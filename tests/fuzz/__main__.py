"""`python -m tests.fuzz --seconds 60 [TARGET…]`: atheris on each target for so long, each in a process of its own.

One for each processor works at a time, and what it says is printed when it ends.

What is found is printed and written into `--keep` (`TARGET-crash-…`); `python -m tests.fuzz TARGET --replay FILE` shows
it again. What leads there becomes a seed in `targets.py`, which `make test` runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.targets import TARGETS


def main(arguments: list[str]) -> int:
    """The exit code: 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all when none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="the same one tries the same inputs; 0: others each time")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "sms-bridge-fuzz")
    parser.add_argument("--replay", type=Path, help="one input for the target, without atheris")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.targets) - TARGETS.keys():
        parser.error(f"no target {', '.join(sorted(unknown))}")
    if asked.replay:
        TARGETS[asked.targets[0]](asked.replay.read_bytes())
        return 0
    asked.keep.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return max(pool.map(lambda name: abs(apart(name, asked)), asked.targets or TARGETS))


def apart(name: str, asked: argparse.Namespace) -> int:
    """Fuzz one target in a process of its own; its exit code."""
    command = [sys.executable, "-m", "tests.fuzz.inside", name, str(asked.seconds), str(asked.seed), str(asked.keep)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode(errors="replace")
    sys.stdout.write(f"-- {name}, {asked.seconds} s\n{said}")
    sys.stdout.flush()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
