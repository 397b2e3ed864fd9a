"""Finds the bridge that a command is about: by configuration, by data directory, or the demo's."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bridge.config.field import SQLITE
from bridge.config.loader import DEFAULT_PATH, VARIABLE, load_part
from bridge.config.schema import Config, Storage
from bridge.errors import ConfigError

DATABASE = "bridge.db"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bridge keeps its files, and the command that starts it."""

    config: Config
    start: str


def demo_directory() -> Path:
    """The demo's directory (XDG Base Directory Specification, "state")."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "sms-bridge" / "demo"


def storage(directory: Path) -> Storage:
    """The storage settings for a data directory."""
    return Storage(url=f"{SQLITE}{directory.absolute() / DATABASE}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The values of `--config` and `--data`."""

    config: Path | None
    data: Path | None

    def find(self) -> Place:
        """Return the bridge they name; without either, the service's, then the demo's. Raises ConfigError."""
        if self.data is not None:
            return Place(Config(store=storage(self.data)), f"sms-bridge demo --data {self.data}")
        if self.config is not None:
            return Place(load_part(self.config, os.environ), f"sms-bridge serve --config {self.config}")
        if DEFAULT_PATH.exists() or f"{VARIABLE}STORE__URL" in os.environ:
            return Place(load_part(DEFAULT_PATH if DEFAULT_PATH.exists() else None, os.environ), "sms-bridge serve")
        if (demo_directory() / DATABASE).exists():
            return Place(Config(store=storage(demo_directory())), "sms-bridge demo")
        advice = "try it out with: sms-bridge demo. Or name a configuration: --config FILE"
        raise ConfigError([f"there is no bridge here yet, no {DEFAULT_PATH} and no demo; {advice}"])


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config` and `--data` to a command, which receives them as `wanted`."""

    @functools.wraps(command)
    def wrapped(*args: Any, config: Path | None, data: Path | None, **options: Any) -> Any:
        return command(*args, wanted=Wanted(config, data), **options)

    in_data = click.option(
        "--data", type=click.Path(path_type=Path), help="Data directory of a demo, instead of a configuration."
    )
    by_config = click.option(
        "--config", type=click.Path(path_type=Path), help=f"Configuration of the bridge.  [default: {DEFAULT_PATH}]"
    )
    return by_config(in_data(wrapped))
