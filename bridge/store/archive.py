"""A bridge in one file: the store, the configuration and the adb keys.

For moving to another machine, for backups, and for the way back after an upgrade. It is a compressed tar: a manifest
that says what is inside and by which release, and each thing with its SHA-256. It can be read by anybody who has it.
"""

import gzip
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Self

from bridge.dataclass import dataclass
from bridge.errors import BridgeError
from bridge.store import soundness
from bridge.store.progress import Progress
from bridge.store.read_only import read_only
from bridge.version import version

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "bridge.db"
#: a tar block's worth at a time
CHUNK = 1 << 20  # bytes
#: of the store, that are copied in one piece when nobody else has it
_PAGES = 4096


class NotAnArchive(BridgeError):
    """The file is not an export of sms-bridge, or it is damaged."""


class Kind(StrEnum):
    """Whether the packed store continues here (copy) or is moved."""

    #: the old store sends no more
    MOVE = "move"
    #: the old store went on, or may have
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An archive's description of itself."""

    kind: Kind
    #: of the store inside
    schema: int
    #: Unix ms
    made_at: int
    #: file → SHA-256 in hex
    files: Mapping[str, str] = field(default_factory=dict)
    made_by: str = field(default_factory=version)
    format: int = FORMAT

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Parse a manifest. Raises NotAnArchive."""
        try:
            told = json.loads(text)
            if told["format"] > FORMAT:
                raise NotAnArchive(f"it was made by a newer sms-bridge ({told['made_by']}): install that version first")
            return cls(Kind(told["kind"]), told["schema"], told["made_at"], told["files"], told["made_by"])
        except (ValueError, KeyError, TypeError) as error:
            raise NotAnArchive from error


def pack(
    database: Path,
    target: Path,
    kind: Kind,
    now: int,
    others: Mapping[str, bytes] | None = None,
    seal: Callable[[], None] = lambda: None,
    progress: Progress | None = None,
    sound: bool = False,
) -> Manifest:
    """Write `target` completely or not at all, readable for its owner alone.

    A running bridge is not disturbed: SQLite takes a snapshot. `seal` is called when everything is on disk, before the
    file gets its name. `progress`: nobody else has the store. `sound`: refuse a store that is damaged. Raises OSError,
    sqlite3.Error, Stopped, StoreUnavailable.
    """
    return pack_made(lambda file: _snapshot(database, file, progress, sound), target, kind, now, others, seal, progress)


def pack_made(
    make: Callable[[Path], int],
    target: Path,
    kind: Kind,
    now: int,
    others: Mapping[str, bytes] | None = None,
    seal: Callable[[], None] = lambda: None,
    progress: Progress | None = None,
) -> Manifest:
    """The same of a store that is no file: `make` writes one of it, and returns its schema."""
    snapshot = target.with_name(f".{target.name}.db")
    try:
        schema = make(snapshot)
        contents: dict[str, Path | bytes] = {DATABASE: snapshot, **(others or {})}
        manifest = Manifest(kind, schema, now, {name: _digest(content, progress) for name, content in contents.items()})
        with _whole(target, seal) as file:
            _write(file, manifest, contents, progress)
    finally:
        snapshot.unlink(missing_ok=True)
    return manifest


@contextmanager
def _whole(target: Path, seal: Callable[[], None]) -> Iterator[IO[bytes]]:
    """A file that gets its name only once it is completely on disk."""
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        seal()
        fresh.replace(target)
        sync(target.parent)
    finally:
        fresh.unlink(missing_ok=True)


def _snapshot(database: Path, target: Path, progress: Progress | None, sound: bool) -> int:
    """Make a consistent copy of a store that may be in use; returns its schema."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(read_only(database)) as source:
        with closing(sqlite3.connect(target)) as copy:
            if progress is None:
                source.backup(copy)  # in one piece: somebody may be writing, and each write would begin it anew
            else:
                source.backup(copy, pages=_PAGES, progress=lambda _, left, pages: progress.step((1 - left / pages) / 3))
            if sound and (trouble := soundness.trouble(copy)):
                raise soundness.damaged(database, trouble)
        return int(source.execute("PRAGMA user_version").fetchone()[0])


def _write(
    file: IO[bytes], manifest: Manifest, contents: Mapping[str, Path | bytes], progress: Progress | None
) -> None:
    with (
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, MANIFEST, json.dumps(asdict(manifest), indent=2).encode())
        for name, content in contents.items():
            _add(tar, name, content, progress)


def _add(tar: tarfile.TarFile, name: str, content: Path | bytes, progress: Progress | None = None) -> None:
    member = tarfile.TarInfo(name)
    member.mode = 0o600
    with _opened(content, progress, 2 / 3) as file:
        member.size = file.seek(0, os.SEEK_END)
        file.seek(0)
        tar.addfile(member, file)


class _Watched(io.BufferedReader):
    """A file that tells how far it is read, as a third of something larger."""

    def __init__(self, path: Path, progress: Progress, before: float) -> None:
        super().__init__(io.FileIO(path))
        self._progress, self._before, self._size = progress, before, max(1, path.stat().st_size)

    def read(self, size: int | None = -1, /) -> bytes:
        self._progress.step(self._before + self.tell() / 3 / self._size)
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        self._progress.step(self._before + self.tell() / 3 / self._size)
        return super().readinto(buffer)


def _opened(
    content: Path | bytes, progress: Progress | None = None, before: float = 0.0
) -> io.BytesIO | io.BufferedReader:
    if isinstance(content, bytes):
        return io.BytesIO(content)
    return content.open("rb") if progress is None else _Watched(content, progress, before)


def _digest(content: Path | bytes, progress: Progress | None = None) -> str:
    with _opened(content, progress, 1 / 3) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def look(archive: Path) -> Manifest:
    """Read the manifest of an archive. Raises NotAnArchive, OSError."""
    with _members(archive) as members:
        for name, file in members:
            return _manifest(name, file)
    raise NotAnArchive(f"{archive} is empty")


def unpack(archive: Path, directory: Path) -> Manifest:
    """Unpack into an empty directory, verified and on disk. Raises NotAnArchive, OSError."""
    with _members(archive) as members:
        manifest: Manifest | None = None
        for name, file in members:
            if manifest is None:
                manifest = _manifest(name, file)
                continue
            if name not in manifest.files or "/" in name or name.startswith("."):
                raise NotAnArchive(f"{archive} holds {name}, which its manifest does not name")
            _take_out(file, directory / name)
            if _digest(directory / name) != manifest.files[name]:
                raise NotAnArchive(f"{archive} is damaged: {name} is not what was packed")
    missing = [] if manifest is None else [name for name in manifest.files if not (directory / name).exists()]
    if manifest is None or missing:
        raise NotAnArchive(f"{archive} is cut short" + (f": {', '.join(missing)} is missing" if missing else ""))
    sync(directory)
    return manifest


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """The regular files of a tar, one after the other."""

    def each(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            if file is None:
                raise NotAnArchive(f"{archive} is not an export of sms-bridge")
            yield member.name, file

    try:
        with tarfile.open(archive, "r|gz") as tar:
            yield each(tar)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise NotAnArchive(f"{archive} is not an export of sms-bridge, or it is damaged") from error


def _manifest(name: str, file: IO[bytes]) -> Manifest:
    if name != MANIFEST:
        raise NotAnArchive
    return Manifest.of(file.read(CHUNK))


def _take_out(source: IO[bytes], target: Path) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def sync(directory: Path) -> None:
    """Sync new names in a directory; file systems that cannot do so persist names themselves."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
