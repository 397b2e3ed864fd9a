"""requirements.lock: what the Debian package is made of and what is audited."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "requirements.lock").read_text()
#: what has to be satisfied: the Pythons and machines that are supported
PLACES = [
    {"python_version": minor, "python_full_version": f"{minor}.1", "platform_machine": machine, "sys_platform": "linux"}
    for minor in ("3.11", "3.12", "3.13")
    for machine in ("x86_64", "aarch64")
]


def entries() -> list[str]:
    """Each requirement with its hashes on one line, without comments."""
    lines = [line for line in LOCK.splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def locked(place: dict[str, str]) -> dict[str, str]:
    """Name → version at a place."""
    found = {}
    for entry in entries():
        requirement = Requirement(entry.partition("--hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(place):
            version = str(requirement.specifier).removeprefix("==")
            assert canonicalize_name(requirement.name) not in found
            found[canonicalize_name(requirement.name)] = version
    return found


def needed() -> list[Requirement]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return [Requirement(text) for text in tomllib.load(file)["project"]["dependencies"]]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place['python_version']}-{place['platform_machine']}")
def test_fits_what_the_project_asks_for(place: dict[str, str]) -> None:
    versions = locked(place)
    misfits = [
        f"{each} but {versions.get(canonicalize_name(each.name))} is locked: make lock"
        for each in needed()
        if versions.get(canonicalize_name(each.name)) not in each.specifier
    ]
    assert misfits == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place['python_version']}-{place['platform_machine']}")
def test_has_whatever_the_locked_ones_need_in_turn(place: dict[str, str]) -> None:
    versions = locked(place)
    missing = []
    for name, version in versions.items():
        try:
            here = distribution(name)
        except PackageNotFoundError:
            continue
        if here.version != version:
            continue  # a newer one is installed for the tests, and may need other things
        for text in here.requires or ():
            each = Requirement(text)
            wanted = each.marker is None or each.marker.evaluate({**place, "extra": ""})
            if wanted and versions.get(canonicalize_name(each.name)) not in each.specifier:
                missing.append(f"{name} needs {each}")
    assert missing == []


def test_every_entry_is_one_version_with_hashes() -> None:
    assert len(entries()) > 8
    shape = re.compile(r"[a-z0-9._-]+==[^ ;]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+ *")
    assert [entry for entry in entries() if not shape.fullmatch(entry)] == []


def test_names_no_place_to_fetch_from() -> None:
    assert [line for line in LOCK.splitlines() if "index" in line or "://" in line or "find-links" in line] == []
