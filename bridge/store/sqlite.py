"""The store on SQLite."""

from bridge.ports.store import Store
from bridge.store.subjects import Subjects


class SqliteStore(Subjects):
    """Implements `bridge.ports.store.Store`."""


STORE: type[Store] = SqliteStore
