"""Which release this is, installed or not."""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from bridge.version import installed, version

ROOT = Path(__file__).parents[3]


def test_it_is_the_one_that_the_project_says() -> None:
    assert version() == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_it_is_what_pip_says(tmp_path: Path) -> None:
    assert installed() == metadata.version("sms-bridge")


def test_the_first_that_would_be_imported_counts(tmp_path: Path) -> None:
    (tmp_path / "first/sms_bridge-7.1.0.dist-info").mkdir(parents=True)
    (tmp_path / "second/sms_bridge-6.0.dist-info").mkdir(parents=True)
    paths = [str(tmp_path / name) for name in ("nowhere", "first", "second")]
    code = f"import sys; from bridge.version import version; sys.path[:] = {paths}; print(version())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "7.1.0"


def test_run_from_its_sources_it_says_that(tmp_path: Path) -> None:
    (tmp_path / "bridge").symlink_to(ROOT / "bridge")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from bridge.version import version; print(version())"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0+source"
