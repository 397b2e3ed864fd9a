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
#: names a configuration file
CONFIG_VARIABLE = "SMS_BRIDGE_CONFIG"
HERE = Path("config.toml")
SEARCHED = f"${CONFIG_VARIABLE}, ./{HERE}, {DEFAULT_PATH}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bridge keeps its files, and the command that starts it."""

    config: Config
    start: str


def configured(named: Path | None) -> Path | None:
    """The configuration file: the named one, else the first of `SEARCHED`; None when there is none of these.

    One that was found rather than named is told on standard error, unless it is the service's.
    """
    if named is not None:
        return named
    given = os.environ.get(CONFIG_VARIABLE, "")
    found = Path(given) if given else next((path for path in (HERE, DEFAULT_PATH) if path.exists()), None)
    if found is not None and found != DEFAULT_PATH:
        _tell(f"using the configuration {found.absolute()}")
    return found


def start_of(config: Path | None) -> str:
    """The command that starts the bridge of a configuration file."""
    return "sms-bridge serve" if config in (None, DEFAULT_PATH) else f"sms-bridge serve --config {config}"


def _tell(words: str) -> None:
    """Say which bridge a command is about, once."""
    context = click.get_current_context(silent=True)
    told = context.find_root().meta.setdefault(__name__, set()) if context else set()
    if words not in told:
        told.add(words)
        click.secho(f"sms-bridge: {words}", dim=True, err=True)


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
        """Return the bridge they name; without either, that of `configured`, then the demo's. Raises ConfigError."""
        if self.data is not None:
            return Place(Config(store=storage(self.data)), f"sms-bridge demo --data {self.data}")
        path = configured(self.config)
        if path is not None or f"{VARIABLE}STORE__URL" in os.environ:
            return Place(load_part(path, os.environ), start_of(path))
        if (demo_directory() / DATABASE).exists():
            _tell(f"using the demo in {demo_directory()}")
            return Place(Config(store=storage(demo_directory())), "sms-bridge demo")
        advice = "try it out with: sms-bridge demo. Or write a configuration: sms-bridge init"
        raise ConfigError([f"there is no bridge here yet (looked for {SEARCHED} and a demo); {advice}"])


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config` and `--data` to a command, which receives them as `wanted`."""

    @functools.wraps(command)
    def wrapped(*args: Any, config: Path | None, data: Path | None, **options: Any) -> Any:
        return command(*args, wanted=Wanted(config, data), **options)

    in_data = click.option(
        "--data", type=click.Path(path_type=Path), help="Data directory of a demo, instead of a configuration."
    )
    by_config = click.option(
        "--config", type=click.Path(path_type=Path), help=f"Configuration of the bridge.  [default: {SEARCHED}]"
    )
    return by_config(in_data(wrapped))
