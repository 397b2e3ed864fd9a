"""What differs between two configurations, in words, and a configuration with some of the differences."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bridge.config.field import Secret, fields
from bridge.config.schema import SECTIONS, TABLES, Config, as_toml
from bridge.config.secrets import is_secret
from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One setting, device or dialect that is another now."""

    #: `http.port`, `devices.office`, `dialects.native`
    key: str
    #: for people and logs, without secrets
    words: str


def changes(was: Config, now: Config) -> tuple[Change, ...]:
    """All differences, in the order of the configuration."""
    return (*_of_settings(was, now), *(each for table in TABLES for each in _of_tables(table, was, now)))


def taken_over(was: Config, now: Config, keys: frozenset[str]) -> Config:
    """The configuration `was` with the values that `now` has for these keys."""
    taken: dict[str, Any] = {}
    for section, kind in SECTIONS.items():
        newer = getattr(now, section)
        values = {name: getattr(newer, name) for name in fields(kind) if f"{section}.{name}" in keys}
        taken[section] = replace(getattr(was, section), **values)
    for table in TABLES:
        old, new = getattr(was, table), getattr(now, table)
        # in the order of the new file; what must stay as it was keeps its place at the end
        names = [name for name in dict.fromkeys((*new, *old)) if name in (new if f"{table}.{name}" in keys else old)]
        taken[table] = {name: (new if f"{table}.{name}" in keys else old)[name] for name in names}
    return replace(was, **taken, findings=now.findings)


def _of_settings(was: Config, now: Config) -> Iterator[Change]:
    for section, kind in SECTIONS.items():
        for name in fields(kind):
            old, new = getattr(getattr(was, section), name), getattr(getattr(now, section), name)
            if old != new:
                key = f"{section}.{name}"
                yield Change(key, f"{key} {_difference(name, old, new)}")


def _difference(name: str, old: Any, new: Any) -> str:
    # an address may hold a token
    if is_secret(name) or any(isinstance(each, Secret) or "://" in str(each) for each in (old, new)):
        return "is changed"
    return f"is {as_toml(new)} now, it was {as_toml(old)}"


def _of_tables(table: str, was: Config, now: Config) -> Iterator[Change]:
    """Devices, dialects or hubs, each as a whole."""
    old, new = getattr(was, table), getattr(now, table)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            done = "removed" if name not in new else "added" if name not in old else "changed"
            yield Change(f"{table}.{name}", f"{table}.{name} is {done}")
