"""The units of `udev/`, judged by systemd itself in an image of a machine on which they are installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

from bridge.devices.device_worker import STOP_PATIENCE
from bridge.host.stopping import DEADLINE
from bridge.webhooks.deliverer import GRACE

pytestmark = pytest.mark.needs("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles")

UDEV = Path(__file__).parents[2] / "udev"
SERVICES = ("sms-bridge.service", "sms-bridge-adb.service", "sms-bridge-backup.service")
UNITS = (*SERVICES, "sms-bridge.socket", "sms-bridge-backup.timer")
#: what they start, and the shell of the reload
PROGRAMS = ("usr/bin/sms-bridge", "usr/bin/adb", "bin/sh")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LC_ALL": "C.UTF-8", "SYSTEMD_LOG_LEVEL": "warning"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Its root directory: our units among systemd's own, and programs by the names that they say."""
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for unit in UNITS:
        (units / unit).write_text((UDEV / unit).read_text())
    for name in PROGRAMS:
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return tmp_path


def test_systemd_finds_nothing_wrong_with_them(machine: Path) -> None:
    done = run("systemd-analyze", "verify", "--man=no", f"--root={machine}", *UNITS)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_would_find_what_is_wrong(machine: Path) -> None:
    unit = machine / "etc/systemd/system/sms-bridge.service"
    unit.write_text(unit.read_text().replace("[Service]", "[Service]\nWatchdogSek=30"))
    done = run("systemd-analyze", "verify", "--man=no", f"--root={machine}", *UNITS)
    assert "WatchdogSek" in done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_exposes_little(service: str) -> None:
    done = run("systemd-analyze", "security", "--offline=yes", "--threshold=20", UDEV / service)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_account_and_its_directories_are_made_as_the_units_want_them(tmp_path: Path) -> None:
    for kind in ("sysusers", "tmpfiles"):
        folder = tmp_path / f"usr/lib/{kind}.d"
        folder.mkdir(parents=True)
        (folder / "sms-bridge.conf").write_text((UDEV / f"sms-bridge.{kind}").read_text())
    (tmp_path / "etc/sms-bridge").mkdir(parents=True)
    (tmp_path / "etc/sms-bridge/config.toml").touch()
    made = run("systemd-sysusers", f"--root={tmp_path}", "sms-bridge.conf")
    assert made.returncode == 0, made.stderr
    groups = dict(_entries(tmp_path / "etc/group"))
    assert (groups["dialout"], groups["plugdev"]) == ("sms-bridge", "sms-bridge")
    made = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", "sms-bridge.conf")
    # who is not root cannot give them away; everything else is as on a machine
    assert [line for line in made.stderr.splitlines() if "Operation not permitted" not in line] == []
    modes = {each: (tmp_path / each).stat().st_mode & 0o777 for each in (
        "etc/sms-bridge", "etc/sms-bridge/config.toml", "etc/sms-bridge/credentials",
        "var/lib/sms-bridge", "var/lib/sms-bridge-adb",
    )}  # fmt: skip
    assert list(modes.values()) == [0o755, 0o640, 0o700, 0o750, 0o700]


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    """Name and last field of each line of a file such as /etc/group."""
    for line in path.read_text().splitlines():
        fields = line.split(":")
        yield fields[0], fields[-1]


def test_the_bridge_has_time_to_let_its_devices_finish() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UDEV / "sms-bridge.service")
    assert int(unit["Service"]["TimeoutStopSec"]) > DEADLINE > STOP_PATIENCE + GRACE


def test_where_something_waits_for_the_right_time_the_bridge_starts_after_it_and_waits_for_nothing_else() -> None:
    """Only in order: without such a thing the target is never reached, and the bridge starts at once."""
    lines = (UDEV / "sms-bridge.service").read_text().splitlines()
    assert "After=time-sync.target" in lines
    assert not [line for line in lines if "time-sync" in line and line.startswith(("Wants=", "Requires="))]
