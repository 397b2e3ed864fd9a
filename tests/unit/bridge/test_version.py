"""Which release this is, installed or not."""

import subprocess
import sys
import tomllib
from pathlib import Path

from bridge.version import version

ROOT = Path(__file__).parents[3]


def test_it_is_the_one_that_the_project_says() -> None:
    assert version() == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_run_from_its_sources_it_says_that(tmp_path: Path) -> None:
    (tmp_path / "bridge").symlink_to(ROOT / "bridge")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from bridge.version import version; print(version())"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0+source"
