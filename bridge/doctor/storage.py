"""Examines the store's directory: permissions, free space, commit time."""

import grp
import os
import sqlite3
import stat
import statistics
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bridge.config import obstacles
from bridge.host import control_file
from bridge.model.finding import Finding
from bridge.store.soundness import WAY_OUT, Examination

#: commits that are timed, each with its fsync
COMMITS = 20
#: that the doctor looks for damage
LOOK = 20.0  # s
#: median above which accepting a message is slow
SLOW_COMMIT = 50.0  # ms
#: bytes
LITTLE_ROOM, NO_ROOM = 500_000_000, 50_000_000
#: files that may still be made
FEW_INODES = 1000


def obstructed(database: Path) -> Finding | None:
    """What is in the place of the store, or in its way."""
    sentence, _, remedy = obstacles.obstructed(database).partition(": ")
    return Finding("fail", "store", sentence, remedy) if sentence else None


def keeps(directory: Path) -> Finding:
    """Whether this user can keep a store there."""
    if not directory.is_dir():
        return Finding("fail", "store", f"{directory} does not exist", _made_by(directory))
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        words = f"{directory} is on a file system that is mounted read-only"
        return Finding("fail", "store", words, obstacles.remount(directory))
    if not os.access(directory, os.W_OK | os.X_OK):
        if is_for_members(directory.stat(), os.getgroups(), _members()):
            words = f"{directory} is the service's; to look at disk and store, too: sudo sms-bridge doctor"
            return Finding("ok", "store", words)
        words = f"{directory} is not writable for this user"
        return Finding("fail", "store", words, _way_in(directory, os.geteuid()))
    return Finding("ok", "store", f"{directory} is writable")


def _made_by(directory: Path) -> str:
    """The command that makes a directory: with sudo where this user may not."""
    above = next(each for each in directory.absolute().parents if each.exists())
    return f"{'' if os.access(above, os.W_OK | os.X_OK) else 'sudo '}mkdir -p {directory}"


def _members() -> int:
    """The group whose members may call the service; -1 where there is none."""
    try:
        return grp.getgrnam(control_file.GROUP).gr_gid
    except KeyError:
        return -1


def is_for_members(directory: os.stat_result, groups: Collection[int], group: int) -> bool:
    """Whether it is the directory of a service whose `group` has this user, who may call the bridge by it."""
    return directory.st_gid == group and group in groups and bool(directory.st_mode & stat.S_IXGRP)


def _way_in(directory: Path, uid: int) -> str:
    """What a user does who may not write there: a service's directory stays the service's."""
    status = directory.stat()
    if status.st_uid not in (0, uid):
        return control_file.for_its_owner(directory)
    return "run it with sudo, or choose a directory of your own in store.url"


def _mount(directory: Path) -> Path:
    """The mount point of the file system that holds a directory."""
    place = directory.absolute()
    return next((each for each in (place, *place.parents) if each.is_mount()), Path("/"))


def room(directory: Path) -> Iterator[Finding]:
    """The free space of the disk."""
    disk = os.statvfs(directory)
    yield room_finding(directory, disk.f_bavail * disk.f_frsize)
    # some file systems (btrfs) count no inodes and tell 0 of 0
    if disk.f_files and disk.f_favail < FEW_INODES:
        words = f"only {disk.f_favail} more files can be made for {directory}, however much room there is"
        remedy = f"sudo du -x --inodes {_mount(directory)} | sort -n | tail shows where they are"
        yield Finding("fail" if disk.f_favail < 10 else "warn", "disk", words, remedy)


def room_finding(directory: Path, free: int) -> Finding:
    """The finding for this many free bytes."""
    words = f"{free / 1e9:.1f} GB free for {directory}" if free >= 1e9 else f"{free // 10**6} MB free for {directory}"
    if free >= LITTLE_ROOM:
        return Finding("ok", "disk", words)
    remedy = f"make room (sudo du -xh {directory.anchor} | sort -h | tail), or set store.keep_days"
    return Finding("fail" if free < NO_ROOM else "warn", "disk", words, remedy)


def commits(directory: Path) -> Finding:
    """Measure the time of a commit, with a test database beside the real one."""
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=directory) as scratch:
            took = _timed(Path(scratch) / "probe.db")
    except (sqlite3.Error, OSError) as error:
        return Finding(
            "fail", "disk", f"{directory} cannot be written: {error}", f"df -h {directory}; sudo dmesg | tail"
        )
    return commit_finding(took)


def sound(database: Path) -> Iterator[Finding]:
    """Whether the store is damaged, as far as can be looked at within `LOOK` seconds."""
    if not database.exists():
        return
    if not database.stat().st_size:
        yield Finding("warn", "store", f"{database} is empty", "if there was a store: sms-bridge import FILE")
        return
    examination = Examination(database)
    whole = examination.wait(LOOK)
    examination.stop()
    if examination.trouble:
        yield Finding("fail", "store", f"{database} is damaged: {' '.join(examination.trouble.split())}", WAY_OUT)
    elif whole and examination.seen:
        yield Finding("ok", "store", f"no damage in its {examination.seen} tables")
    elif examination.seen:
        seen = f"{examination.seen} of {examination.tables} tables"
        yield Finding("ok", "store", f"no damage in {seen}; the others take longer than {LOOK:g} s")


def _timed(path: Path) -> list[float]:
    """The times of a few commits made as the store makes them, in ms."""
    took = []
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE probe (text TEXT)"):
            database.execute(line)
        for _ in range(COMMITS):
            begun = time.perf_counter()
            database.execute("INSERT INTO probe VALUES (?)", ("x" * 500,))
            took.append((time.perf_counter() - begun) * 1000)
    return took


def commit_finding(took: Sequence[float]) -> Finding:
    """The finding for these commit times in ms."""
    middle = statistics.median(took)
    words = f"a commit takes {middle:.1f} ms (the slowest of {len(took)}: {max(took):.1f} ms)"
    if middle <= SLOW_COMMIT:
        return Finding("ok", "disk", words)
    remedy = "put store.url on a faster disk: an SSD, or an SD card of class A2"
    return Finding("warn", "disk", f"{words}; each message waits for one", remedy)
