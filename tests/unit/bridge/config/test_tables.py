"""Tables in the text of a configuration."""

import os
from pathlib import Path

import pytest

from bridge.config.tables import checked, find, without, write
from bridge.errors import BadRequest

TEXT = "[devices.a]\none = 1\n[devices.b.more]\n"


def test_a_table_ends_where_the_next_begins_or_with_the_text() -> None:
    first, last = find(TEXT, "devices", "a"), find(TEXT + "[hubs.'c d']", "hubs", "c d")
    assert first is not None
    assert last is not None
    assert TEXT[first.start : first.body] == "[devices.a]\n"
    assert TEXT[first.body : first.end] == "one = 1\n"
    assert (last.body, last.end) == (len(TEXT) + 12, len(TEXT) + 12)


@pytest.mark.parametrize(("section", "name"), [("hubs", "a"), ("devices", "b"), ("devices", ".")])
def test_no_other_table_is_taken_for_it(section: str, name: str) -> None:
    assert find(TEXT, section, name) is None


@pytest.mark.parametrize("made", ["[devices.a]\none = 2\n", "no toml", TEXT + "[log]\n"])
def test_a_text_that_says_anything_else_is_not_written(made: str) -> None:
    assert checked(TEXT, TEXT, "devices", "a", {"one": 1}) == TEXT
    with pytest.raises(BadRequest, match=r"write \[devices.a\] yourself"):
        checked(made, TEXT, "devices", "a", {"one": 1})


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    path.chmod(0o640)
    write(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777, os.listdir(tmp_path)) == ("new", 0o640, ["config.toml"])


def test_a_table_is_taken_out_and_all_else_stays() -> None:
    text = "[http]\nport = 0  # any\n\n[hubs.a]\nurl = 1\n\n[hubs.'b c']\nurl = 2\n\n[log]\nlevel = 3\n"
    assert without(text, "hubs", "a") == "[http]\nport = 0  # any\n\n[hubs.'b c']\nurl = 2\n\n[log]\nlevel = 3\n"
    assert without(without(text, "hubs", "a"), "hubs", "b c") == "[http]\nport = 0  # any\n\n[log]\nlevel = 3\n"


@pytest.mark.parametrize(
    "text", ["hubs.a.url = 1\n", "hubs = { a = { url = 1 } }\n", "[hubs.a]\nx = 1\n[hubs.a.b]\ny = 2\n"]
)
def test_a_table_that_no_program_can_take_out_is_left(text: str) -> None:
    with pytest.raises(BadRequest, match=r"take \[hubs.a\] out yourself"):
        without(text, "hubs", "a")
