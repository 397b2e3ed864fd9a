"""How a process ends by signals: real processes, each of which holds out in another way."""

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, os, signal, threading, time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from bridge.cli import product
from bridge.host import stopping

stopping.DEADLINE = {deadline}
stopping.THREADS_PATIENCE = 0.3

async def run():
    print("running", flush=True)
    {body}

ended = product.until_stopped(run())
print("ended by itself" if ended else "stopped", flush=True)
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:

        def begin(body: str, deadline: float = 60.0) -> "subprocess.Popen[str]":
            text = textwrap.indent(textwrap.dedent(body), "    ").strip()
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PROGRAM.format(body=text, deadline=deadline)],
                    stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4],
                )
            )  # fmt: skip
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"
            return process

        yield begin


def end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Status, and the last thing said."""
    assert process.stdout is not None
    said = process.stdout.read()
    return process.wait(20), said.strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_it_to_end(start: Start, number: int) -> None:
    process = start("await asyncio.Event().wait()")
    process.send_signal(number)
    assert end(process) == (0, "stopped")


def test_what_ends_by_itself_needs_no_signal(start: Start) -> None:
    assert end(start("await asyncio.sleep(0)")) == (0, "ended by itself")


HOLDS_OUT = """
while True:
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    print("asked", flush=True)
"""
BLOCKS = """
with suppress(asyncio.CancelledError):
    await asyncio.Event().wait()
print("asked", flush=True)
while True:
    with suppress(BaseException):
        time.sleep(60)
"""


@pytest.mark.parametrize("body", [HOLDS_OUT, BLOCKS], ids=["goes on", "blocks the event loop"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_second_signal_ends_it_whatever_it_does(start: Start, body: str, number: int) -> None:
    process = start(body)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    process.send_signal(number)
    assert end(process) == (-number, "")


@pytest.mark.parametrize("body", [HOLDS_OUT, BLOCKS], ids=["goes on", "blocks the event loop"])
def test_one_signal_ends_it_in_time_whatever_it_does(start: Start, body: str) -> None:
    process = start(body, deadline=0.5)
    process.send_signal(signal.SIGTERM)
    assert end(process) == (-signal.SIGTERM, "asked")


def test_a_thread_that_does_not_end_does_not_keep_it(start: Start) -> None:
    process = start("await asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, _ = end(process)
    assert (code, time.monotonic() - began < 10) == (0, True)
