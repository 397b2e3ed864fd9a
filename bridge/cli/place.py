"""Which bridge a command is about: the one of a configuration, of a data directory, or the demo's."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from bridge.config import DEFAULT_PATH, VARIABLE, load_store
from bridge.errors import ConfigError
from bridge.settings import SQLITE, Storage

F = TypeVar("F", bound=Callable[..., Any])
DATABASE = "bridge.db"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bridge keeps its things, and the command that starts it."""

    store: Storage
    start: str

    @property
    def directory(self) -> Path:
        """Where `control.json` is while it runs."""
        return self.store.path.parent


def demo_directory() -> Path:
    """Where the demo keeps its things: XDG Base Directory Specification, "state"."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "sms-bridge" / "demo"


def storage(directory: Path) -> Storage:
    """The store in a data directory."""
    return Storage(url=f"{SQLITE}{directory.absolute() / DATABASE}")


def find(config: Path | None, data: Path | None) -> Place:
    """The bridge that the options mean; without any the service, then the demo. Raises ConfigError."""
    if data is not None:
        return Place(storage(data), f"sms-bridge demo --data {data}")
    if config is not None:
        return Place(load_store(config, os.environ), f"sms-bridge serve --config {config}")
    if DEFAULT_PATH.exists() or f"{VARIABLE}STORE__URL" in os.environ:
        return Place(load_store(DEFAULT_PATH if DEFAULT_PATH.exists() else None, os.environ), "sms-bridge serve")
    if (demo_directory() / DATABASE).exists():
        return Place(storage(demo_directory()), "sms-bridge demo")
    raise ConfigError(
        [
            f"there is no bridge here yet: no {DEFAULT_PATH} and no demo. "
            "Try it out with: sms-bridge demo. Or name a configuration: --config FILE"
        ]
    )


def options(command: F) -> F:
    """Give a command `--config` and `--data`."""
    command = click.option(
        "--data", type=click.Path(path_type=Path), help="Data directory of a demo, instead of a configuration."
    )(command)
    return click.option(
        "--config", type=click.Path(path_type=Path), help=f"Configuration of the bridge.  [default: {DEFAULT_PATH}]"
    )(command)
