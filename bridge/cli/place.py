"""Finds the bridge that a command is about: by configuration, by data directory, or the demo's."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bridge.cli.metavars import PathName
from bridge.config.field import SQLITE
from bridge.config.loader import DEFAULT_PATH, VARIABLE, load_part
from bridge.config.schema import Config
from bridge.config.storage import Storage
from bridge.dataclass import dataclass
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


def refuse_elsewhere(config: Config, path: Path | None) -> Config:
    """Return the configuration. Raises ConfigError where its store lies beside it, and is looked for elsewhere."""
    store = config.store.path
    if path is None or not config.store.is_file or store.is_absolute() or store.exists():
        return config
    if not (beside := path.absolute().parent / store).exists():
        return config
    problem = (
        f"{path} has its store in the current folder ({SQLITE}{store}), but it is in {beside.parent}: "
        f'run the command there, or write the whole path: url = "{SQLITE}{beside}"'
    )
    raise ConfigError([problem])


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
            start = f"sms-bridge demo --data {self.data}"
            if not self.data.is_dir():  # mistyped: no empty store is made there
                raise ConfigError([f"there is no directory {self.data}. A demo makes it: {start}"])
            # an empty one, or what is left of a store, is for a new one; the folder above, or beside it, is not
            names = [each.name for each in self.data.glob("*")]
            if names and not any(each.startswith(DATABASE) for each in names):
                raise ConfigError(
                    [f"{self.data} has other files in it, and no bridge ({DATABASE}): name its own folder"]
                )
            return Place(Config(store=storage(self.data)), start)
        path = configured(self.config)
        if path is not None or f"{VARIABLE}STORE__URL" in os.environ:
            return Place(refuse_elsewhere(load_part(path, os.environ), path), start_of(path))
        if (demo_directory() / DATABASE).exists():
            _tell(f"using the demo in {demo_directory()}")
            return Place(Config(store=storage(demo_directory())), "sms-bridge demo")
        advice = "try it out with: sms-bridge demo. Or write a configuration: sms-bridge init"
        raise ConfigError([f"there is no bridge here yet (looked for {SEARCHED} and a demo); {advice}"])

    def with_file(self) -> Place:
        """The same, for what works on the store's file. Raises ConfigError where it is in PostgreSQL."""
        found = self.find()
        if not found.config.store.is_file:
            raise ConfigError(
                ["the store is in PostgreSQL, and this works on a file; pg_dump and psql read a database"]
            )
        return found


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config` and `--data` to a command, which receives them as `wanted`."""

    @functools.wraps(command)
    def wrapped(*args: Any, config: Path | None, data: Path | None, **options: Any) -> Any:
        return command(*args, wanted=Wanted(config, data), **options)

    in_data = click.option(
        "--data", type=PathName(path_type=Path), help="Data directory of a demo, instead of a configuration."
    )
    by_config = click.option(
        "--config", type=PathName(path_type=Path), help=f"Configuration of the bridge.  [default: {SEARCHED}]"
    )
    return by_config(in_data(wrapped))
