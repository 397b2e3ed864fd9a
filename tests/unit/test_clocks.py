"""`make test-clocks`: which tests run again at another moment, and that nothing hides from it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import datetime, logging, sqlite3, subprocess, sys, threading, time
import pytest
from aiohttp import helpers

def test_adds(): assert 1 + 1 == 2
def test_measures(): time.monotonic(), time.perf_counter(), time.process_time()
def test_logs(): logging.getLogger("it").warning("a line")
def test_dates_an_answer(): assert helpers.rfc822_formatted_time()
def test_asks(): time.time()
def test_asks_for_the_date(): datetime.datetime.now(datetime.UTC)
def test_asks_for_the_zone(): datetime.datetime.fromtimestamp(5, datetime.UTC).astimezone()
def test_reckons_in_the_zone(): time.mktime((2020, 1, 1, 0, 0, 0, 0, 0, 0))
def test_lets_a_thread_ask(): thread = threading.Thread(target=time.time); thread.start(); thread.join()
def test_lets_a_process_ask(): subprocess.run([sys.executable, "-c", "import time; time.time()"], check=True)
def test_lets_a_store_ask(): sqlite3.connect(":memory:").execute("SELECT datetime('now')").fetchone()
@pytest.fixture(scope="module")
def shared(): return time.time()
def test_has_it_from_a_fixture(shared): pass
def test_has_it_from_the_same(shared): pass
"""


#: of these, what tests may do and still not ask what time it is
TIMELESS = {"test_adds", "test_measures", "test_logs", "test_dates_an_answer"}


def clocks(folder: Path, *arguments: str, tests: str = TESTS) -> subprocess.CompletedProcess[str]:
    """`python -m tests.clocks` for tests in a file there."""
    (folder / "test_asking.py").write_text(tests)
    named = [f"{folder}/test_asking.py", f"--rootdir={folder}", "-c/dev/null", "-v"]
    command = [sys.executable, "-m", "tests.clocks", *arguments, "--", *named]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "LD_PRELOAD", "CLOCK_SHIFT", "TZ"))
    }
    # these need none of the plug-ins, and those take seconds to load
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def passed(output: str) -> set[str]:
    """Names of tests, as pytest says them."""
    return set(re.findall(r"::(test_\w+) PASSED", output))


@pytest.mark.needs("cc")
def test_what_asks_what_time_it_is_runs_at_every_moment(tmp_path: Path) -> None:
    done = clocks(tmp_path, "leap", "autumn")
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = (passed(part) for part in done.stdout.split("\nautumn: "))
    assert first == set(re.findall(r"def (test_\w+)", TESTS))
    assert first - second == TIMELESS


@pytest.mark.needs("cc")
def test_a_run_by_the_clock_as_it_is_can_note_what_asks(tmp_path: Path) -> None:
    notes = f"{tmp_path / 'notes'}"
    unmoved = "def test_starts_what_is_not_moved(): assert 'LD_PRELOAD' not in os.environ\n"
    noting = clocks(tmp_path, "--note", notes, tests=f"{TESTS}\nimport os\n{unmoved}")
    everything = {*re.findall(r"def (test_\w+)", TESTS), "test_starts_what_is_not_moved"}
    assert (noting.returncode, passed(noting.stdout)) == (0, everything), noting.stdout + noting.stderr
    # a test that was not there then is not known to be timeless
    done = clocks(tmp_path, "--noted", notes, "leap", "autumn", tests=f"{TESTS}\ndef test_is_new(): pass\n")
    assert done.returncode == 0, done.stdout + done.stderr
    for part in done.stdout.split("\nautumn: "):
        asking = everything - TIMELESS - {"test_starts_what_is_not_moved"}
        assert passed(part) == {*asking, "test_is_new"}


@pytest.mark.needs("cc")
def test_notes_hold_for_the_files_as_they_were(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    assert clocks(tmp_path, "--note", f"{notes}").returncode == 0
    (notes / "state").write_text("of other files")
    done = clocks(tmp_path, "--noted", f"{notes}", "leap")
    assert (done.returncode, passed(done.stdout)) == (0, set(re.findall(r"def (test_\w+)", TESTS)))
    assert f"{notes} was not noted of these files as they are now" in done.stdout


def test_no_test_asks_for_the_time_while_it_is_imported() -> None:
    """It would be asked once for all of its tests, and nobody would notice that they depend on it."""
    asking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"now", "time", "time_ns", "today", "utcnow"}
    ]
    assert asking == []
