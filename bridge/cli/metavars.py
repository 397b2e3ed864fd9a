"""What stands for a value in help, errors and the manual page: a word that a person would use, not a type's name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bridge.config.rights import remedy

#: option → what its value is, unless the option says so itself; every other text is a TEXT
_WORDS: Mapping[str, str] = {
    "--account": "ACCOUNT",
    "--config": "FILE",
    "--csv": "FILE",
    "--data": "DIRECTORY",
    "--do": "EVENT",
    "--endpoint": "ID",
    "--events": "NAMES",
    "--from": "NUMBER",
    "--group": "GROUP",
    "--keyword": "WORDS",
    "--line": "LINE",
    "--make": "MAKE",
    "--modem-make": "MAKE",
    "--name": "NAME",
    "--number": "NUMBER",
    "--number-column": "COLUMN",
    "--phone": "NUMBER",
    "--port": "PORT",
    "--to": "NUMBER",
    "--url": "URL",
    "--zone": "ZONE",
}
#: characters; click cuts what is longer
_SENTENCE = 1000


class _Ranged:
    """What whole and other numbers have in common."""

    min: Any
    max: Any

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands for it."""
        return (param.name or "").upper() if isinstance(param, click.Argument) else "N"

    def describe(self) -> str:
        """The values that are allowed; "" for any."""
        if self.min is not None and self.max is not None:
            return f"{self.min} to {self.max}"
        if self.min is not None:
            return f"{self.min} or more"
        return "" if self.max is None else f"{self.max} or less"

    # click's own is "0<=x<=100"; the help and the error of another value take it from here
    _describe_range = describe


class Whole(_Ranged, click.IntRange):
    """A whole number from `min` to `max`, both included."""

    name = "whole number"


class Real(_Ranged, click.FloatRange):
    """A number from `min` to `max`, both included."""

    name = "number"


class PathName(click.Path):
    """The name of a file or folder; of what may not be used the error says what to do."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as wrong:
            may_not = isinstance(value, str | Path) and Path(value).exists() and not os.access(value, os.R_OK)
            if not may_not or not (advice := remedy(value)):
                raise
            said = f"{value} may not be read by this user; {advice}"
            raise click.BadParameter(said, ctx=ctx, param=param) from wrong


def named(command: click.Command) -> click.Command:
    """The command, in whose options and those of its own commands a word stands for each value.

    A group's help has the first sentence of each of its commands whole.
    """
    for each in command.params:
        if isinstance(each, click.Option) and each.metavar is None:
            each.metavar = _WORDS.get(each.opts[0])
    if isinstance(command, click.Group):
        for below in command.commands.values():
            named(below)
            below.short_help = below.get_short_help_str(_SENTENCE)
    return command
