"""The manual page: it has every command with every option, and programs that read such pages find no fault in it."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from bridge.cli import commands, manual

PAGE = Path(__file__).parents[4] / "udev/sms-bridge.1"


def tree(path: tuple[str, ...] = (), command: click.Command = commands) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every command with its options, as click knows them."""
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from tree((*path, name), found)
    if path:
        yield (
            path,
            {
                name
                for each in command.get_params(context)
                if isinstance(each, click.Option)
                for name in (*each.opts, *each.secondary_opts)
            },
        )


TREE = list(tree())
SECTIONS = {
    section.partition("\n")[0].strip().strip('"').replace("\\-", "-"): section.replace("\\-", "-")
    for section in PAGE.read_text().partition(".SH COMMANDS")[2].partition(".SH ENVIRONMENT")[0].split(".SS ")[1:]
}


def test_has_every_command_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(" ".join(path) for path, _ in TREE)


@pytest.mark.parametrize(("path", "options"), TREE, ids=lambda each: " ".join(each) if isinstance(each, tuple) else "")
def test_a_command_has_each_of_its_options(path: Sequence[str], options: set[str]) -> None:
    section = SECTIONS[" ".join(path)]
    assert {name for name in options - {"-h", "--help"} if f"\\fB{name}\\fR" not in section} == set()


@pytest.mark.needs("mandoc")
def test_mandoc_finds_no_fault() -> None:
    done = subprocess.run(["mandoc", "-Tlint", "-Wstyle", PAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.needs("groff")
def test_groff_finds_no_fault() -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-z", PAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.needs("mandoc")
def test_what_looks_like_a_request_is_shown() -> None:
    lines = "\n".join(["x" * 76, *(manual._wrapped(manual._escaped(f"{'x' * 76} .PP 'br \\fB a-b … →")))])
    page = f'.TH X 1 2026-11-29 x "User Commands"\n.SH NAME\nx \\- y\n.SH DESCRIPTION\n{lines}\n'
    shown = subprocess.run(["mandoc", "-Tutf8"], input=page, capture_output=True, text=True, check=True).stdout
    assert ".PP 'br \\fB a-b ... →" in " ".join(shown.split())
