"""The store's schema as migration steps; released steps are never edited."""

from pathlib import Path

#: what brings a store from one release to the next, first one first
STEPS: tuple[str, ...] = tuple(Path(__file__).with_name(f"schema_{number}.sql").read_text() for number in range(1, 11))
