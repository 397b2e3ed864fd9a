"""Help and errors say in words what a value is: no type's name, no formula."""

import re

import click
import pytest
from click.testing import CliRunner

from bridge.cli import commands, manual

COMMANDS = [path for path, command in manual.everything() if not isinstance(command, click.Group)]
#: what is any text
TEXTS = {"--text", "--note", "--reason"}


def said(*arguments: str) -> str:
    """By the program."""
    return CliRunner().invoke(commands, arguments, prog_name="sms-bridge").output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_a_command_has_words_for_its_values(path: tuple[str, ...]) -> None:
    told = said(*path, "--help")
    assert not re.findall(r"\b(?:INTEGER|FLOAT|RANGE|PATH|FILENAME|BOOLEAN)\b|<=?x|x[<>]=?", told)
    assert set(re.findall(r"(--[\w-]+) TEXT\b", told)) <= TEXTS


def test_a_number_out_of_its_range_is_an_error_in_words() -> None:
    assert said("messages", "--limit", "5000").endswith("'--limit': 5000 is not in the range 1 to 1000.\n")
    assert said("sim", "rules", "--loss", "2").endswith("'--loss': 2.0 is not in the range 0 to 1.\n")
    assert said("sim", "outage", "--", "-1").endswith("'SECONDS': -1.0 is not in the range 0 or more.\n")
    assert said("messages", "--limit", "x").endswith("'--limit': 'x' is not a valid whole number.\n")
    assert said("sim", "outage", "x").endswith("'SECONDS': 'x' is not a valid number.\n")
