"""Tests that talk to programs which Python does not bring: where one is missing, they are left out and that is said.

A test names what it starts: `@pytest.mark.needs("curl")`; one that starts anything else fails. With `CI` in
the environment nothing is left out: `.ci/run` installs every program, and a missing one fails.
"""

import functools
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgresql, scratch
from tests.support.namespaces import apart
from tests.support.order import long_ones_first, sharing

#: program that a test may need → Debian package that has it
DEBIAN = {
    "adb": "adb",
    "cc": "gcc",
    "chromium": "chromium",
    "curl": "curl",
    "dpkg-deb": "dpkg",
    "groff": "groff",
    "make": "make",
    "mandoc": "mandoc",
    "mksh": "mksh",
    "nginx": "nginx",
    "node": "nodejs",
    "npm": "npm",
    "openssl": "openssl",
    "php": "php-cli php-curl php-soap php-xml libnusoap-php",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "promtool": "prometheus",
    "ruby": "ruby",
    "systemd-analyze": "systemd",
    "systemd-socket-activate": "systemd",
    "systemd-sysusers": "systemd",
    "systemd-tmpfiles": "systemd",
    "udevadm": "udev",
    "umockdev-run": "umockdev",
    # must be allowed too, which in some containers it is not
    "unshare": "util-linux",
}
# how long an example takes says how busy the machine is, and nothing of what is tested
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
scratch.move()
LEFT_OUT = pytest.StashKey[tuple[int, list[str]]]()


def needed(item: pytest.Item) -> frozenset[str]:
    """The programs that a test says it starts."""
    return frozenset(program for mark in item.iter_markers("needs") for program in mark.args)


@functools.cache
def _is_here(program: str) -> bool:
    if shutil.which(program) is None:
        return False
    return program != "unshare" or subprocess.run(apart("true"), stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` starts."""
    return sharing(len(os.sched_getaffinity(0)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here; where several processes share the tests, begin with those that take long."""
    _leave_out(config, items)
    if hasattr(config, "workerinput"):
        items[:] = long_ones_first(items, lambda item: item.get_closest_marker("long") is not None)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass by the tests themselves, which stay: it took a tenth of the processor's time."""
    gc.collect()
    gc.freeze()


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    absent = set[str]()
    for item in items:
        if misspelt := needed(item) - DEBIAN.keys():
            raise pytest.UsageError(f"{item.nodeid} needs {sorted(misspelt)}, which tests/conftest.py does not know")
        absent |= {program for program in needed(item) if not _is_here(program)}
    if not absent or os.environ.get("CI"):
        return
    left = [item for item in items if needed(item) & absent]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if not needed(item) & absent]
    config.stash[LEFT_OUT] = (len(left), sorted(absent))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop what was started; where others share the tests (pytest-xdist), let the first one say what was left out."""
    postgresql.end()
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, None)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of those processes ended; each has left out the same."""
    if told := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT] = tuple(told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, and how to run it too."""
    count, absent = config.stash.get(LEFT_OUT, (0, list[str]()))
    if count:
        terminalreporter.section("left out", yellow=True)
        packages = sorted({DEBIAN[program] for program in absent})
        terminalreporter.write_line(
            f"{count} tests talk to programs that are not here: apt install {' '.join(packages)}"
        )


class _Watch:
    """Notices what is started in a test that does not name it: elsewhere, where it is missing, that test would fail."""

    def __init__(self) -> None:
        self.allowed: frozenset[str] | None = None
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "subprocess.Popen" or self.allowed is None:
            return
        executable, command, *_ = arguments
        program = Path(os.fsdecode(executable or command[0])).name
        if program in DEBIAN and program not in self.allowed:
            raise AssertionError(f"this test starts {program}: mark it @pytest.mark.needs({program!r})")


_watch = _Watch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Watch what a test and its fixtures start."""
    _watch.allowed = needed(item)
    try:
        return (yield)
    finally:
        _watch.allowed = None
