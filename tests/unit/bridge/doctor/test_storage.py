"""What the doctor makes of the disk."""

import os
import stat
from pathlib import Path

import pytest

from bridge.doctor import storage
from bridge.doctor.storage import commit_finding
from bridge.model.message import State
from bridge.store import open_store
from tests.support.damage import flip, pages_with
from tests.support.rights import anybody
from tests.support.store_rows import message


def test_a_disk_is_slow_when_most_of_its_commits_are() -> None:
    one_slow = commit_finding([1.0] * 19 + [900.0])
    assert (one_slow.level, one_slow.message) == ("ok", "a commit takes 1.0 ms (the slowest of 20: 900.0 ms)")
    slow = commit_finding([51.0] * 20)
    assert (slow.level, slow.remedy != "") == ("warn", True)
    assert commit_finding([50.0] * 20).level == "ok"


@pytest.mark.parametrize(("free", "level"), [(5_000_000_000, "ok"), (499_000_000, "warn"), (49_000_000, "fail")])
def test_a_disk_may_have_too_little_room(tmp_path: Path, free: int, level: str) -> None:
    assert storage.room_finding(tmp_path, free).level == level


def test_a_read_only_disk_is_told_from_one_that_is_not_ours() -> None:
    # the kernel's own tree is mounted so wherever Linux runs
    found = storage.keeps(Path("/sys"))
    if os.statvfs("/sys").f_flag & os.ST_RDONLY:
        assert (found.level, "read-only" in found.message) == ("fail", True)
        assert found.remedy.endswith("mount -o remount,rw /sys")
    else:
        assert "read-only" not in found.message


async def test_a_damaged_store_is_found_with_the_way_out(tmp_path: Path) -> None:
    database = tmp_path / "bridge.db"
    assert list(storage.sound(database)) == []
    store = await open_store(f"sqlite:///{database}", exclusive=True)
    await store.submit([message(number, state=State.FAILED, text=f"text {number:05}") for number in range(500)])
    (found,) = storage.sound(database)
    assert (found.level, found.message.startswith("no damage in its ")) == ("ok", True)
    await store.close()
    flip(database, *pages_with(database, b"text 00250"))
    (found,) = storage.sound(database)
    assert (found.level, found.message.startswith(f"{database} is damaged: messages: ")) == ("fail", True)
    assert "sms-bridge export --readable FILE" in found.remedy
    database.write_bytes(b"")
    (found,) = storage.sound(database)
    assert (found.level, found.message) == ("warn", f"{database} is empty")


def test_nobody_is_told_to_take_a_services_directory_away_from_it(tmp_path: Path) -> None:
    assert "chown" not in storage._way_in(tmp_path, os.geteuid() + 1)
    assert storage._way_in(tmp_path, os.geteuid()) == (
        "run it with sudo, or choose a directory of your own in store.url"
    )


def test_a_member_of_the_services_group_is_told_of_no_fault_in_its_directory() -> None:
    def directory(mode: int) -> os.stat_result:
        return os.stat_result((stat.S_IFDIR | mode, 0, 0, 1, 4711, 4712, 0, 0, 0, 0))

    assert storage.is_for_members(directory(0o750), [1, 4712], 4712)
    assert not storage.is_for_members(directory(0o700), [1, 4712], 4712)
    assert not storage.is_for_members(directory(0o750), [1], 4712)
    assert not storage.is_for_members(directory(0o750), [1, 4712], 1)


def test_a_directory_that_only_root_can_make_is_made_with_sudo(tmp_path: Path) -> None:
    assert storage.keeps(tmp_path / "a/b").remedy == f"mkdir -p {tmp_path}/a/b"
    with anybody():
        assert storage.keeps(Path("/proc/1/a")).remedy == "sudo mkdir -p /proc/1/a"
