"""Writes the manual page out of what `--help` says: python -m bridge.cli.manual > udev/sms-bridge.1.

Macros: man(7). The help's texts are plain, with `commands` between backticks.
"""

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

import click

from bridge.cli import commands
from bridge.cli.metavars import Real, Whole
from bridge.cli.place import SEARCHED

NAME = "sms-bridge"
#: changed by hand, with the release: the same commands make the same page on any day
DATE = "2026-11-29"
#: of a line of the page's source, as its readers like it
WIDTH = 80
#: options that most commands have, told of once
COMMON: Mapping[str, str] = {
    "--config": f"Configuration of the bridge. Without it: {SEARCHED}, then a demo's.",
    "--data": "Data directory of a demo, instead of a configuration.",
    "--help": "Explain the command. -h is the same.",
}
_TAIL = """\
.SH ENVIRONMENT
.TP
.B SMS_BRIDGE_CONFIG
The configuration file, where
.B \\-\\-config
is not given.
.TP
.B SMS_BRIDGE__SECTION__SETTING
Overrides a setting of the file, such as
.BR SMS_BRIDGE__HTTP__PORT .
.TP
.B NO_COLOR
When it is set and not empty, nothing is coloured. Colours are for terminals only.
.TP
.B XDG_STATE_HOME
A demo keeps its data below it, in
.IR sms\\-bridge/demo ;
by default below
.IR ~/.local/state .
.SH FILES
.TP
.I /etc/sms\\-bridge/config.toml
The configuration of the service.
.TP
.I /var/lib/sms\\-bridge
The messages of the service, and its backups.
.SH EXIT STATUS
.TP
.B 0
It was done.
.TP
.B 1
It was not done; a sentence on standard error says why, and what to do.
.TP
.B 2
The command line or the configuration has a mistake.
.SH SEE ALSO
.BR adb (1),
.BR systemctl (1),
.BR udevadm (8)
.PP
The Debian package keeps README.md and the pages of docs/ in
.IR /usr/share/doc/sms\\-bridge .
"""


def write(out: TextIO) -> None:
    """The whole page."""
    for line in (*_head(), *_body(), *_TAIL.splitlines()):
        out.writelines(f"{piece}\n" for piece in _wrapped(line))


def _head() -> Iterator[str]:
    yield '.\\" Made of the help by: python -m bridge.cli.manual > udev/sms-bridge.1'
    yield f'.TH {NAME.upper()} 1 {DATE} {NAME} "User Commands"'
    yield ".SH NAME"
    yield f"{_escaped(NAME)} \\- SMS gateway on a USB modem or a spare Android phone"
    yield ".SH SYNOPSIS"
    yield f".B {_escaped(NAME)}"
    yield ".I command"
    yield ".RI [ options ]\n.RI [ arguments ]"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(commands.help or "", first=True)
    yield ".SH COMMON OPTIONS"
    yield "Most commands have these; the line above each command's text says which."
    for name, about in COMMON.items():
        yield ".TP"
        yield f"\\fB{_escaped(name)}\\fR"
        yield _escaped(about)


def _body() -> Iterator[str]:
    yield ".SH COMMANDS"
    for path, command in everything():
        context = _context(path, command)
        yield f'.SS "{_escaped(" ".join(path))}"'
        if isinstance(command, click.Group):
            yield from _paragraphs(command.help or "", first=True)
            continue
        yield from _synopsis(path, command, context)
        yield from _paragraphs(command.help or "")
        yield from _options(command, context)


def everything() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command, and each group before its own, with the words behind the program's name."""

    def below(path: tuple[str, ...], group: click.Group) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        context = _context(path, group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            if found is None or found.hidden:
                continue
            yield (*path, name), found
            if isinstance(found, click.Group):
                yield from below((*path, name), found)

    yield from below((), commands)


def _context(path: Sequence[str], command: click.Command) -> click.Context:
    return click.Context(command, info_name=" ".join((NAME, *path)))


def _synopsis(path: Sequence[str], command: click.Command, context: click.Context) -> Iterator[str]:
    words = [f"\\fB{_escaped(' '.join((NAME, *path)))}\\fR"]
    for each in command.get_params(context):
        if isinstance(each, click.Argument):
            words.append(_argument(each))
        elif each.opts[0] in COMMON and each.opts[0] != "--help":
            words.append(f"[\\fB{_escaped(each.opts[0])}\\fR\\~\\fI{_value(each)}\\fR]")
        elif isinstance(each, click.Option) and each.required:
            words.append(f"\\fB{_escaped(each.opts[-1])}\\fR\\~\\fI{_value(each)}\\fR")
    yield " ".join(words)


def _argument(argument: click.Parameter) -> str:
    if argument.metavar:
        return f"\\fI{_escaped(argument.metavar)}\\fR"
    name = f"\\fI{_value(argument)}\\fR" + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for each in command.get_params(context):
        if not isinstance(each, click.Option) or each.hidden or each.opts[0] in COMMON or "--help" in each.opts:
            continue
        names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in (*each.opts, *each.secondary_opts))
        yield ".TP"
        yield names if each.is_flag else f"{names} \\fI{_value(each)}\\fR"
        yield _escaped(" ".join(filter(None, ((each.help or "").replace("  [", " ["), *_details(each)))))


def _details(option: click.Option) -> Iterator[str]:
    if isinstance(option.type, Real | Whole) and (allowed := option.type.describe()):
        yield f"Allowed: {allowed}."
    if isinstance(option.type, click.Choice):
        yield f"One of: {', '.join(map(str, option.type.choices))}."
    if option.show_default:
        yield f"[default: {option.default}]"


def _value(parameter: click.Parameter) -> str:
    """What stands for the value of an option or an argument."""
    kind = parameter.type
    if parameter.metavar:
        word = parameter.metavar
    elif isinstance(parameter, click.Argument):
        choices = kind.choices if isinstance(kind, click.Choice) else ()
        word = "|".join(map(str, choices)) or (parameter.name or "").upper()
    elif isinstance(kind, Real | Whole):
        word = "N"
    else:
        word = {"choice": "WORD", "file": "FILE", "path": "FILE"}.get(kind.name, "TEXT")
    return _escaped(word)


def _paragraphs(text: str, first: bool = False) -> Iterator[str]:
    """The help of a command; after a backspace, lines stay as they are. `first`: right below a heading."""
    for number, block in enumerate(re.split(r"\n\s*\n", text.strip())):
        lines = [line.strip() if "\b" not in block else line.rstrip() for line in block.splitlines()]
        if number or not first:
            yield ".PP"
        if "\b" in block:
            yield ".nf"
            yield from (_escaped(line) for line in lines if line.strip() != "\b")
            yield ".fi"
        else:
            yield _escaped(" ".join(lines))


def _wrapped(line: str) -> Sequence[str]:
    """A line of the source in lines of 80 characters; none becomes a request by that."""
    if len(line) <= WIDTH or line.startswith("."):
        return [line]
    pieces = textwrap.wrap(line, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"\\&{piece}" if piece[0] in ".'" else piece for piece in pieces]


def _escaped(text: str) -> str:
    """A text in which nothing is a request or an escape; `commands` are bold, and everything is ASCII."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    text = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in text)
    return f"\\&{text}" if text[:1] in (".", "'") else text


if __name__ == "__main__":
    write(sys.stdout)
