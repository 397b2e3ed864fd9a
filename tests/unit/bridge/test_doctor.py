"""What the doctor makes of measurements."""

import os
from pathlib import Path

from bridge.doctor import CLOCK_TOLERANCE, WRITTEN, clock_finding, commit_finding


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
