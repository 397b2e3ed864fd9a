"""The release workflow makes what is promised, by make's own targets, and trusts nothing that is not pinned."""

import itertools
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / ".github/workflows/release.yml").read_text()
JOBS: dict[str, Any] = yaml.safe_load(TEXT)["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]


def commands(job: str) -> str:
    """All that a job runs."""
    return "\n".join(step.get("run", "") for step in JOBS[job]["steps"])


def test_packages_are_made_on_two_debians_for_two_architectures() -> None:
    matrix = JOBS["deb"]["strategy"]["matrix"]
    assert list(itertools.product(matrix["debian"], matrix["arch"])) == [
        ("12", "amd64"), ("12", "arm64"), ("13", "amd64"), ("13", "arm64"),
    ]  # fmt: skip
    assert JOBS["deb"]["container"] == "debian:${{ matrix.debian }}-slim"
    assert "make deb ARCH=${{ matrix.arch }}" in commands("deb")


def test_every_target_is_one_of_make() -> None:
    lines = re.findall(r"^make (.*)$", commands("deb") + "\n" + commands("wheel"), re.MULTILINE)
    targets = {word for line in lines for word in re.sub(r"\w+=.*", "", line).split()}
    assert targets == {"deb", "dist", "sbom"}
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets <= set(phony.split())


def test_the_release_has_wheel_contents_and_checksums() -> None:
    (upload,) = [step["with"]["path"] for step in JOBS["wheel"]["steps"] if "path" in step.get("with", {})]
    assert upload.split() == ["dist/*.whl", "dist/*.tar.gz", "dist/*.cdx.json"]
    assert "pipx install ./dist/*.whl" in commands("wheel")
    assert JOBS["release"]["needs"] == ["deb", "wheel"]
    assert commands("release").index("sha256sum") < commands("release").index("gh release create")


def test_every_action_is_pinned_and_no_secret_is_used() -> None:
    actions = [step["uses"] for step in STEPS if "uses" in step]
    assert actions
    assert [each for each in actions if not re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", each)] == []
    assert "secrets." not in TEXT


def test_only_the_last_job_may_write() -> None:
    assert yaml.safe_load(TEXT)["permissions"] == {"contents": "read"}
    assert [name for name, job in JOBS.items() if "permissions" in job] == ["release"]


def test_a_tag_that_is_not_the_version_makes_no_release() -> None:
    (check,) = [step["run"] for step in STEPS if step.get("name") == "The tag is the version"]
    (pattern,) = re.findall(r"sed -n '(.*?)'", check)
    assert pattern in (ROOT / "Makefile").read_text()
