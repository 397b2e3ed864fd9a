"""The store's subjects, on whatever engine."""

import inspect

from bridge.ports.store import Store
from bridge.store.postgresql.store import PostgresqlStore
from bridge.store.sqlite import SqliteStore
from bridge.store.subjects import Subjects


def test_both_engines_have_all_subjects_of_the_port() -> None:
    asked = {name for port in Store.__mro__ for name in vars(port) if inspect.isfunction(getattr(port, name))}
    assert len(asked) > 80
    for engine in (SqliteStore, PostgresqlStore):
        assert issubclass(engine, Subjects)
        assert {name for name in asked if not name.startswith("_")} <= set(dir(engine))
