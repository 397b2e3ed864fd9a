"""The Dockerfile: what it copies is there, and what runs is no root, keeps its data and tells its health."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
LINES = re.sub(r"\\\n", " ", (ROOT / "udev/docker/Dockerfile").read_text()).splitlines()
#: the instructions of each stage
STAGES = [stage.splitlines() for stage in "\n".join(LINES).split("FROM ")[1:]]


def instructions(name: str, stage: int = -1) -> list[str]:
    """The arguments of all instructions of a kind."""
    return [line.removeprefix(f"{name} ").strip() for line in STAGES[stage] if line.startswith(f"{name} ")]


def test_what_is_copied_is_there_and_is_let_through() -> None:
    ignored = (ROOT / "udev/docker/Dockerfile.dockerignore").read_text().splitlines()
    copied = [source for line in instructions("COPY", 0) for source in line.split()[:-1]]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert {f"!{source}" for source in copied} <= set(ignored)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {each.split("*")[0].split(".")[0] for each in packages} <= set(copied)


def test_dependencies_are_the_locked_ones() -> None:
    (made,) = [line for line in instructions("RUN", 0) if "pip install" in line]
    assert "--require-hashes -r requirements.lock" in made
    assert made.endswith("--no-deps .")


def test_what_runs_is_a_user_of_its_own_and_nothing_is_installed_after_that() -> None:
    stage = STAGES[-1]
    user = stage.index("USER sms-bridge")
    assert any("useradd" in line and "sms-bridge" in line for line in stage[:user])
    assert [line for line in stage[user:] if line.startswith(("RUN ", "COPY ", "USER root"))] == []


def test_data_is_in_the_volume_and_health_is_asked_where_it_answers() -> None:
    (variables,) = instructions("ENV")
    assert "SMS_BRIDGE__STORE__URL=sqlite:////data/" in variables
    assert instructions("VOLUME") == ["/data"]
    assert "/livez" in "".join(STAGES[-1])
    assert instructions("EXPOSE") == ["8080"]
