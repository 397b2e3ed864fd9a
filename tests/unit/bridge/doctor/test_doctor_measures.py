"""What the doctor makes of measurements."""

import os
from pathlib import Path

import pytest

from bridge.doctor import http, machine, service, storage
from bridge.doctor.machine import CLOCK_TOLERANCE, WRITTEN, clock_finding
from bridge.doctor.storage import commit_finding


def test_a_disk_is_slow_when_most_of_its_commits_are() -> None:
    one_slow = commit_finding([1.0] * 19 + [900.0])
    assert (one_slow.level, one_slow.message) == ("ok", "a commit takes 1.0 ms (the slowest of 20: 900.0 ms)")
    slow = commit_finding([51.0] * 20)
    assert (slow.level, slow.remedy != "") == ("warn", True)
    assert commit_finding([50.0] * 20).level == "ok"


def test_a_clock_before_this_was_written_is_wrong(tmp_path: Path) -> None:
    wrong = clock_finding(tmp_path / "none.db", 1_000)
    assert (wrong.level, wrong.remedy) == ("fail", "sudo timedatectl set-ntp true")
    assert "1970-01-01 00:00:01 UTC" in wrong.message
    assert clock_finding(tmp_path / "none.db", WRITTEN).level == "ok"


def test_a_clock_behind_the_store_was_set_back(tmp_path: Path) -> None:
    store = tmp_path / "sms.db"
    store.touch()
    later = WRITTEN + 10 * CLOCK_TOLERANCE
    os.utime(store, (later / 1000, later / 1000))
    assert clock_finding(store, later - CLOCK_TOLERANCE - 1000).level == "warn"
    assert clock_finding(store, later - CLOCK_TOLERANCE + 1000).level == "ok"


def test_a_clock_that_nothing_keeps_right_is_worth_a_word(tmp_path: Path) -> None:
    alone = clock_finding(tmp_path / "none.db", WRITTEN, kept=False)
    assert (alone.level, alone.remedy.startswith("sudo timedatectl set-ntp true")) == ("warn", True)
    kept = clock_finding(tmp_path / "none.db", WRITTEN, kept=True)
    assert (kept.level, kept.message.endswith("set by NTP")) == ("ok", True)


def test_knows_by_timesyncd_that_the_clock_was_set(tmp_path: Path) -> None:
    assert machine.synchronised(tmp_path) in {True, False, None}
    (tmp_path / "run/systemd/timesync").mkdir(parents=True)
    (tmp_path / "run/systemd/timesync/synchronized").touch()
    assert machine.synchronised(tmp_path) is True


@pytest.mark.parametrize(
    ("flags", "level"), [(0x50005, "fail"), (0x1, "fail"), (0x50000, "warn"), (0x0, "ok"), (0x20002, "ok")]
)
def test_a_supply_that_sags_is_found(tmp_path: Path, flags: int, level: str) -> None:
    file = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text(f"{flags:x}\n")
    told = machine.throttled(tmp_path)
    assert told == flags
    assert [each.level for each in machine.power_findings(told)] == [level]


def test_a_supply_that_sags_is_found_by_its_sensor(tmp_path: Path) -> None:
    sensor = tmp_path / "sys/class/hwmon/hwmon1"
    sensor.mkdir(parents=True)
    (sensor / "name").write_text("rpi_volt\n")
    (sensor / "in0_lcrit_alarm").write_text("1\n")
    assert [each.level for each in machine.power_findings(machine.throttled(tmp_path))] == ["fail"]


def test_a_machine_without_such_a_sensor_says_nothing_of_power(tmp_path: Path) -> None:
    assert list(machine.power_findings(machine.throttled(tmp_path))) == []


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


LOADED = {"LoadState": "loaded", "UnitFileState": "enabled", "NRestarts": "0"}


@pytest.mark.parametrize(
    ("state", "levels", "remedy"),
    [
        ({"LoadState": "not-found"}, [], ""),
        ({}, [], ""),
        (LOADED | {"ActiveState": "active"}, ["ok"], ""),
        (LOADED | {"ActiveState": "active", "NRestarts": "3"}, ["warn"], "journalctl -u sms-bridge -p warning"),
        (LOADED | {"ActiveState": "activating", "SubState": "auto-restart"}, ["warn"], "journalctl -u sms-bridge"),
        (LOADED | {"ActiveState": "inactive"}, ["warn"], "sudo systemctl start sms-bridge"),
        (LOADED | {"ActiveState": "failed", "Result": "exit-code"}, ["fail"], "journalctl -u sms-bridge -n 50"),
        (
            LOADED | {"ActiveState": "active", "UnitFileState": "disabled"},
            ["ok", "warn"],
            "systemctl enable sms-bridge",
        ),
        ({"LoadState": "masked"}, ["fail"], "sudo systemctl unmask sms-bridge.service"),
    ],
)
def test_says_how_the_service_is(state: dict[str, str], levels: list[str], remedy: str) -> None:
    found = list(service.findings("sms-bridge.service", state))
    assert [each.level for each in found] == levels
    assert remedy in " ".join(each.remedy for each in found)


def test_a_bridge_of_another_release_wants_a_restart() -> None:
    assert http.same_release("0.1.0", "0.1.0") == []
    (older,) = http.same_release("0.1.0", "0.2.0")
    assert (older.level, "restart" in older.remedy) == ("warn", True)
    (oldest,) = http.same_release("", "0.2.0")
    assert "of an older release" in oldest.message
