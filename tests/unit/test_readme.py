"""The README's tour leads somewhere: every `file.py:name` in it is in that file."""

import importlib
import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text()
HOPS = sorted(set(re.findall(r"`((?:api|bridge|device_drivers)/[\w/]+\.py):([\w.]+)`", README)))
FILES = sorted(set(re.findall(r"`((?:api|bridge|device_drivers|tests|benchmarks)/[\w/.]+)[`:]", README)))


def test_the_tour_has_its_hops() -> None:
    tour = README.partition("## Follow one SMS")[2].partition("\n## ")[0]
    assert len(re.findall(r"\.py:\w", tour)) >= 15


@pytest.mark.parametrize(("file", "name"), HOPS)
def test_a_hop_leads_to_what_it_names(file: str, name: str) -> None:
    found = importlib.import_module(file.removesuffix("/__init__.py").removesuffix(".py").replace("/", "."))
    for attribute in name.split("."):
        found = getattr(found, attribute)
    assert getattr(found, "__module__", found.__class__.__module__) in (
        file.removesuffix(".py").replace("/", "."),
        "builtins",
    )


@pytest.mark.parametrize("file", FILES)
def test_a_file_it_names_exists(file: str) -> None:
    assert (Path(__file__).parents[2] / file).exists()


@pytest.mark.parametrize(("name", "file"), sorted(set(re.findall(r"\[(test_\w+)\]\((tests/[\w/.]+)\)", README))))
def test_an_endpoint_s_test_is_where_the_table_says(name: str, file: str) -> None:
    assert f"def {name}(" in (Path(__file__).parents[2] / file).read_text()
