"""Every setting: a help, a default that is right, an example that can be copied, and a line in the documentation."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bridge.config import schema
from bridge.config.coercion import convert
from bridge.config.schema import SECTIONS, Http

SETTINGS = [(section, name) for section, kind in SECTIONS.items() for name in schema.fields(kind)]


def test_every_default_is_a_value_that_its_own_check_allows() -> None:
    def wrong(kind: type[Any], name: str) -> str:
        each = schema.fields(kind)[name][1]
        check = each.metadata["check"]
        return check(each.default) if check else ""

    found = [wrong(kind, name) for kind in schema.SECTIONS.values() for name in schema.fields(kind)]
    assert found == [""] * len(found)


def test_the_page_of_settings_lists_exactly_those_there_are() -> None:
    page = (Path(__file__).parents[4] / "docs/configuration.md").read_text()
    table = "".join(line + "\n" for line in page.splitlines() if line.startswith("|"))
    assert table == schema.markdown()


@pytest.mark.parametrize(("section", "name"), SETTINGS, ids=".".join)
def test_a_setting_has_its_help_and_an_example_that_can_be_copied(section: str, name: str) -> None:
    kind, each = schema.fields(SECTIONS[section])[name]
    assert each.metadata["help"]
    if example := each.metadata["example"]:
        value = convert(tomllib.loads(f"x = {example}")["x"], kind)
        assert not each.metadata["check"] or each.metadata["check"](value) == ""


def test_a_configuration_is_never_changed_once_it_is_read() -> None:
    for kind in SECTIONS.values():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(kind(), dataclasses.fields(kind)[0].name, "")
    with pytest.raises(AttributeError):
        Http().port = 1  # type: ignore[misc]
