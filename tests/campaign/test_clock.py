"""The bridge's clock is stepped while it runs, and its monotonic clock is not."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.campaign.clock import DAY, Clock

SHOWS = "import time\nfor _ in range(3):\n    input(); print(time.time(), time.monotonic(), flush=True)\n"


@pytest.mark.needs("cc")
def test_a_running_process_sees_each_step_and_loses_no_time(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    seen = []
    with subprocess.Popen(
        [sys.executable, "-c", SHOWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=dict(clock.environment),
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for step, expected in ((clock.set_right, 0), (lambda: clock.step(-3 * DAY), -3 * DAY), (clock.set_right, 0)):
            step()
            before = time.time(), time.monotonic()
            process.stdin.write("\n")
            process.stdin.flush()
            wall, monotonic = map(float, process.stdout.readline().split())
            after = time.time(), time.monotonic()
            seen.append((before[0] <= wall - clock.offset <= after[0], before[1] <= monotonic <= after[1]))
            assert clock.offset == expected
    assert seen == [(True, True)] * 3
