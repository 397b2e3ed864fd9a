"""Which tests never ask what time it is: such a test does the same at every moment, so it runs at the first one only.

Loaded by `python -m tests.clocks`. A test counts as timeless when neither it nor a fixture that it uses, nor anything
in the same process meanwhile, read the wall clock or the machine's zone, as `shift.c` counts it, and when it started no
other process. What failed, or was not run, is not timeless.

Two that ask at each turn and that no test asks about do not count: the library of HTTP, which writes a Date into each
answer and looks at the age of cookies, and `logging`, which notes when a line came.
"""

import ctypes
import json
import logging
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp.cookiejar
import aiohttp.helpers
import pytest

_SHIFT = ctypes.CDLL(None)
_ASKED = ctypes.c_ulong.in_dll(_SHIFT, "clock_asked")


class Forgiven:
    """The module `time` for one that may ask it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time(self) -> float:
        """What time it is, without that it counts."""
        now = time.time()
        _SHIFT.clock_forgive()
        return now


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two options, each with a folder."""
    parser.addoption("--note-timeless", metavar="FOLDER", help="write down which tests never ask for the time")
    parser.addoption("--skip-timeless", metavar="FOLDER", help="leave out those that were written down")


def pytest_configure(config: pytest.Config) -> None:
    """Do what the options say."""
    # the process that shares out the tests (pytest-xdist) hears of all of them and watches none
    runs_tests = hasattr(config, "workerinput") or not config.getoption("numprocesses", None)
    if runs_tests and "CLOCK_SHIFT" not in os.environ:
        # what tests start is not watched, and goes by the clock as it is
        os.environ.pop("LD_PRELOAD", None)
    if (folder := config.getoption("--note-timeless")) and runs_tests:
        for module in (aiohttp.helpers, aiohttp.cookiejar, logging):
            vars(module)["time"] = Forgiven()
        config.pluginmanager.register(Notes(Path(folder)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is timeless."""
    if folder := config.getoption("--skip-timeless"):
        timeless = {name for file in Path(folder).glob("*.json") for name in json.loads(file.read_text())}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in timeless])
        items[:] = [item for item in items if item.nodeid not in timeless]


class Notes:
    """What each test of this process asked."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{uuid4().hex}.json"
        self._passed: dict[str, set[str]] = {}
        self._asking = set[str]()
        #: fixtures that several tests share, and that asked when they were set up
        self._shared = set[object]()
        self._started = 0
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec"):
            self._started += 1

    def _asked(self) -> int:
        return _ASKED.value + self._started

    def _watch(self, item: pytest.Item) -> Generator[None, object, object]:
        before = self._asked()
        try:
            return (yield)
        finally:
            if self._asked() != before or self._shared & _fixtures(item):
                self._asking.add(item.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the setup."""
        return (yield from self._watch(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the test."""
        return (yield from self._watch(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the teardown."""
        return (yield from self._watch(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Watch fixtures that other tests use too: the second one does not set them up."""
        before = self._asked()
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function" and self._asked() != before:
                self._shared.add(fixturedef)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what passed."""
        if report.passed:
            self._passed.setdefault(report.nodeid, set()).add(report.when)

    def pytest_sessionfinish(self) -> None:
        """Write down what is timeless."""
        whole = {name for name, phases in self._passed.items() if phases == {"setup", "call", "teardown"}}
        self._file.write_text(json.dumps(sorted(whole - self._asking)))


def _fixtures(item: pytest.Item) -> set[object]:
    known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return {each for fixtures in known.values() for each in fixtures}
