"""The site of the documentation: every page has its place in it, links stay within it, and it loads nothing else."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text())


@pytest.fixture(scope="module")
def site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_hook", ROOT / ".ci/site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(entry: Any) -> list[str]:
    """The files that an entry of the navigation leads to."""
    if isinstance(entry, str):
        return [entry]
    return [page for each in (entry.values() if isinstance(entry, dict) else entry) for page in pages(each)]


def test_every_page_has_its_place_in_the_navigation(site: ModuleType) -> None:
    there = [page.name for page in (ROOT / "docs").glob("*.md")] + list(site.ELSEWHERE.values())
    assert sorted(pages(CONFIG["nav"])) == sorted(there)


def test_every_page_can_be_made_of_its_file(site: ModuleType) -> None:
    for page in pages(CONFIG["nav"]):
        source = site.source_of(page)
        assert site.of_the_site((ROOT / source).read_text(), source)


@pytest.mark.parametrize(
    ("source", "written", "becomes"),
    [
        ("README.md", "[it](docs/modem.md)", "[it](modem.md)"),
        ("README.md", "![it](docs/page.png)", "![it](page.png)"),
        ("README.md", "[it](docs/modem.md#plug-it-in)", "[it](modem.md#plug-it-in)"),
        ("docs/api.md", "[it](../SECURITY.md)", "[it](security.md)"),
        ("docs/api.md", "[it](webhooks.md)", "[it](webhooks.md)"),
        ("docs/api.md", "[it](#keys)", "[it](#keys)"),
        ("docs/api.md", "[it](https://example.com/)", "[it](https://example.com/)"),
        ("SECURITY.md", "([test_x](tests/conftest.py))", "(`test_x`)"),
        ("docs/api.md", "```sh demo\n[it](nowhere)\n```", "```sh\n[it](nowhere)\n```"),
    ],
)
def test_links_lead_to_pages_of_the_site(site: ModuleType, source: str, written: str, becomes: str) -> None:
    assert site.of_the_site(written, source) == becomes


def test_a_link_that_leads_nowhere_ends_the_build(site: ModuleType) -> None:
    with pytest.raises(LookupError, match=r"docs/api\.md leads to docs/nowhere\.md"):
        site.of_the_site("[it](nowhere.md)", "docs/api.md")


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://cdn.example.com/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.com/x.css">',
        '<link rel="preconnect" href="https://fonts.example.com">',
        '<img srcset="a.png 1x, https://img.example.com/x.png 2x">',
        '<p style="background: url(https://img.example.com/x.png)">',
    ],
)
def test_sees_what_a_page_would_load_from_elsewhere(site: ModuleType, tmp_path: Path, element: str) -> None:
    (tmp_path / "page.html").write_text(f"<html>{element}</html>")
    assert len(list(site.loads_from_elsewhere(tmp_path))) == 1


def test_sees_what_a_stylesheet_would_load_from_elsewhere(site: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@import 'https://fonts.example.com/x.css'; p {background: url(//x.example.com/y)}")
    assert len(list(site.loads_from_elsewhere(tmp_path))) == 2


def test_what_somebody_clicks_on_may_lead_elsewhere(site: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<link rel="canonical" href="https://example.com/"><a href="https://example.com/">x</a><img src="x.png">'
    )
    assert list(site.loads_from_elsewhere(tmp_path)) == []


def test_no_font_comes_from_elsewhere_and_strict_is_strict() -> None:
    assert CONFIG["theme"]["font"] is False
    assert set(CONFIG["validation"].values()) == {"warn"}
    assert "mkdocs build --strict" in (ROOT / "Makefile").read_text()
