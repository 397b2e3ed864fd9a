"""A bridge's process is waited for while it could go on, and given up when it does not."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.campaign import serve
from tests.campaign.serve import NotStarted, Serve, configured, waited_for_processor
from tests.support.waiting import until


async def begun(bridge: Serve) -> tuple["asyncio.Task[None]", int]:
    """Its start, and its process."""
    starting = asyncio.get_running_loop().create_task(bridge.start())
    await until(lambda: bridge.running)
    assert bridge._process is not None
    return starting, bridge._process.pid


async def test_time_without_a_processor_is_told_from_time_that_is_slept() -> None:
    """Two that want one processor wait for each other; one that sleeps waits for nobody."""
    processor = min(os.sched_getaffinity(0))
    busy = [await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass") for _ in range(2)]
    idle = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        for each in busy:
            os.sched_setaffinity(each.pid, {processor})
        await until(lambda: min(waited_for_processor(each.pid) for each in busy) > 0.5 + waited_for_processor(idle.pid))
    finally:
        for each in (*busy, idle):
            each.kill()
            await each.wait()
    assert waited_for_processor(idle.pid) == 0


async def test_a_start_that_hangs_is_given_up_and_says_that_it_had_a_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "START", 0.5)
    bridge = configured(tmp_path / "bridge", "")
    starting, process = await begun(bridge)
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(NotStarted, match=r"does not answer after \d+ s, \d+ of them without a processor"):
            await starting
    finally:
        await bridge.kill()
