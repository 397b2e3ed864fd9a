"""Packs the store that a configuration names, and fills it again: a file or a database, with the same archives."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.cli import product
from bridge.cli.output import Misuse
from bridge.config.storage import Storage
from bridge.errors import StoreUnavailable
from bridge.ports.clock import SystemClock

if TYPE_CHECKING:
    from bridge.store.backup import Arrived, Packed


def pack(storage: Storage, target: Path, now: int, others: Mapping[str, bytes], *, copy: bool) -> "Packed":
    """Pack the store; without `copy` it is closed. Raises StoreUnavailable, OSError."""
    if not storage.is_file:
        database = _postgresql()
        packed: Packed = (database.copy_out if copy else database.move_out)(storage.address, target, now, others)
        return packed
    from bridge.store import backup

    packed = (backup.copy_out if copy else backup.move_out)(storage.path, target, now, others)
    product.leave_to_owner(storage.path)
    return packed


def pack_readable(storage: Storage, target: Path, now: int, others: Mapping[str, bytes]) -> "tuple[Packed, list[str]]":
    """Pack what can be read of a damaged file. Raises Misuse for a database, StoreUnavailable, OSError."""
    if not storage.is_file:
        raise Misuse("--readable is for a damaged file; PostgreSQL has ways of its own: see pg_amcheck and pg_dump")
    from bridge.store import backup

    packed = backup.save_readable(storage.path, target, now, others)
    product.leave_to_owner(storage.path)
    return packed


def take_back(storage: Storage) -> str:
    """Open a store again that was moved; returns its name. Raises NotPossible, StoreUnavailable."""
    if not storage.is_file:
        _postgresql().take_back(storage.address)
        return "The database"
    from bridge.store import backup

    backup.take_back(storage.path)
    product.leave_to_owner(storage.path)
    return str(storage.path)


def bring_in(storage: Storage, file: Path, told: Callable[[int], None], *, replace: bool, gone: bool) -> "Arrived":
    """Bring an archive in; `told` hears of rows that a database has. Raises as `bridge.store.backup.bring_in`."""
    now = SystemClock().now()
    if not storage.is_file:
        if replace:
            raise Misuse("--replace puts a file aside, and no database: name an empty database in store.url")
        arrived: Arrived = _postgresql().bring_in(file, storage.address, storage.path.parent, now, gone=gone, told=told)
        return arrived
    from bridge.store import backup

    arrived = backup.bring_in(file, storage.path, now, replace=replace, gone=gone)
    product.leave_to_owner(storage.path)
    return arrived


def _postgresql() -> Any:
    """The module for databases. Raises StoreUnavailable where psycopg is missing."""
    try:
        from bridge.store.postgresql import backup
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        from bridge.store import NO_PSYCOPG

        raise StoreUnavailable(NO_PSYCOPG) from None
    return backup
