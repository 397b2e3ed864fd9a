"""What the doctor makes of the machine: its clock and its supply."""

import os
from pathlib import Path

import pytest

from bridge.doctor import machine
from bridge.doctor.machine import CLOCK_TOLERANCE, WRITTEN, clock_finding


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
