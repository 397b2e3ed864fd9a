"""`python -m tests.fuzz.inside TARGET SECONDS SEED FOLDER`: atheris on one target; libFuzzer ends the process."""

import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["device_drivers", "bridge"]):
    from tests.fuzz.targets import SEEDS, TARGETS

#: libFuzzer: no input is longer, and one that takes so many seconds hangs
LONGEST, HANGS = 2048, 10


def fuzz(name: str, seconds: int, chosen: int, keep: Path) -> None:
    """Does not return."""
    corpus = keep / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={HANGS}", f"-seed={chosen}"]
    options = [*limits, "-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={keep}{os.sep}{name}-"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
