"""README and docs lead somewhere: each link, each file and each `file.py:name` in them exists."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {page: page.read_text() for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
ALL = "\n".join(PAGES.values())
HOPS = sorted(set(re.findall(r"`((?:api|bridge|device_drivers)/[\w/]+\.py):([\w.]+)`", ALL)))
FILES = sorted(set(re.findall(r"`((?:api|bridge|device_drivers|tests|benchmarks|udev)/[\w/.-]*)[`:]", ALL)))
_TARGET = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
LINKS = sorted({(page, link) for page, text in PAGES.items() for link in _TARGET.findall(text)})


def test_the_tour_has_its_hops() -> None:
    tour = PAGES[ROOT / "docs/design.md"].partition("## Follow one SMS")[2].partition("\n## ")[0]
    assert len(re.findall(r"\.py:\w", tour)) >= 15


@pytest.mark.parametrize(("file", "name"), HOPS)
def test_a_hop_leads_to_what_it_names(file: str, name: str) -> None:
    module = file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    found = importlib.import_module(module)
    for attribute in name.split("."):
        found = getattr(found, attribute)
    assert getattr(found, "__module__", found.__class__.__module__) in (module, "builtins")


@pytest.mark.parametrize("file", FILES)
def test_a_file_it_names_exists(file: str) -> None:
    assert (ROOT / file).exists()


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda each: getattr(each, "name", each))
def test_a_link_leads_to_a_file(page: Path, link: str) -> None:
    assert (page.parent / link).exists()


@pytest.mark.parametrize(("name", "file"), sorted(set(re.findall(r"\[(test_\w+)\]\(\.\./(tests/[\w/.]+)\)", ALL))))
def test_an_endpoint_s_test_is_where_the_table_says(name: str, file: str) -> None:
    assert f"def {name}(" in (ROOT / file).read_text()


def test_the_first_page_is_short_enough_to_be_read() -> None:
    assert len(PAGES[ROOT / "README.md"].splitlines()) <= 150
