"""Output of the command line: messages on standard error, tables and JSON lines on standard output."""

import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any, NamedTuple

import click

from bridge.errors import BridgeError, ConfigError

FAILED, USAGE = 1, 2

#: event → the arrow and the colour it is shown in
_LOOKS: Mapping[str, tuple[str, str]] = {
    "message.submitted": ("→", "white"),
    "message.sent": ("→", "cyan"),
    "message.delivered": ("→", "green"),
    "message.failed": ("→", "red"),
    "message.unknown": ("→", "yellow"),
    "message.expired": ("→", "red"),
    "message.cancelled": ("→", "white"),
    "message.received": ("←", "magenta"),
    "message.typed": ("→", "blue"),
    "call.missed": ("←", "red"),
    "call.incoming": ("←", "blue"),
    "call.outgoing": ("→", "blue"),
    "recipient.stopped": ("⊘", "yellow"),
    "recipient.started": ("←", "green"),
    "notification.sent": ("!", "blue"),
    "alarm.raised": ("!", "red"),
    "alarm.over": ("!", "green"),
    "loopback.arrived": ("↻", "green"),
    "loopback.lost": ("↻", "red"),
}
_LONGEST_TEXT = 60
#: not printable by themselves, and yet part of many emoji and of some scripts
_JOINERS = "\u200c\u200d"


class Sentence(click.ClickException):
    """An error of one line that ends the command."""

    exit_code = FAILED

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the error to standard error."""
        for line in self.message.splitlines():
            click.secho(f"sms-bridge: {line}", fg="red", err=file is None, file=file)


class Misuse(Sentence):
    """The command or the configuration is wrong (exit code 2)."""

    exit_code = USAGE


class Command(NamedTuple):
    """The module of a command and its one-line help."""

    #: `module:attribute` in `bridge.cli`
    place: str
    about: str


class Commands(click.Group):
    """The root group: imports a command when it is used and prints bridge errors as sentences."""

    def __init__(self, *args: Any, known: Mapping[str, Command], **options: Any) -> None:
        super().__init__(*args, **options)
        self._known = known

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of the help."""
        return list(self._known)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return a command; None for an unknown name."""
        if name not in self._known:
            return None
        module, _, attribute = self._known[name].place.partition(":")
        command: click.Command = getattr(importlib.import_module(f"bridge.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print one line for each command without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.about) for name, command in self._known.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors end as a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise Misuse(error.message) from error
        except BridgeError as error:
            raise Sentence(error.message) from error
        except BrokenPipeError:
            raise  # click ends quietly: the reader of the pipe is gone
        except OSError as error:
            about = f"{error.filename}: " if error.filename else ""
            raise Sentence(f"{about}{error.strerror or error}") from error


def json_line(value: object) -> None:
    """Print a JSON value on one line and flush."""
    click.echo(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns under headings."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    for number, row in enumerate((headings, *rows)):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.secho(line, bold=number == 0)


def event_line(event: Mapping[str, Any]) -> str:
    """Format an event as one coloured line."""
    data = event["data"]
    arrow, colour = _LOOKS.get(event["name"], ("·", "white"))
    if event["name"] == "line.changed":
        word, about = "line", f"{event['subject']} is {data.get('state', '')}"
    elif str(event["name"]).startswith("recipient."):
        word = str(event["name"]).rpartition(".")[2]
        about = f"{data['number']}  {quoted(str(data['word']))}  on {data['line']}"
    elif event["name"] == "notification.sent":
        word, about = "notified", f"{data['account']}: {data['title']}  {quoted(str(data['text']))}"
    elif str(event["name"]).startswith("alarm."):
        word, about, data = "alarm", data["title"], {}
    elif str(event["name"]).startswith("loopback."):
        took = f" after {data['seconds']:.1f} s" if "seconds" in data else ""
        word, about = "loop-back", f"{data['from']} → {data['to']} {str(event['name']).rpartition('.')[2]}{took}"
    elif str(event["name"]).startswith("call."):
        word = str(event["name"]).rpartition(".")[2]
        about = " ".join(filter(None, ("call", data["number"] or "withheld", data["name"])))
        about += f", {data['duration_seconds']} s  on {data['line']}"
    else:
        word = str(event["name"]).rpartition(".")[2]
        about = f"{data.get('to') or data.get('from') or event['subject']}  {quoted(str(data.get('text', '')))}"
        about += f"  on {data['line']}" if data.get("line") else ""
    about, why = plain(about), plain(str(data.get("error") or data.get("reason") or ""))
    line = f"{_clock(event['at'])}  {click.style(f'{arrow} {word:<9}', fg=colour)}  {about}"
    return line + (f"  {click.style(why, fg='yellow')}" if why else "")


def plain(text: str) -> str:
    """Remove terminal control characters, which a received SMS may contain."""
    return "".join(each if each.isprintable() or each in _JOINERS else "\N{REPLACEMENT CHARACTER}" for each in text)


def quoted(text: str) -> str:
    """The beginning of a text in quotation marks, on one line."""
    one_line = " ".join(text.split())
    return f'"{plain(one_line[:_LONGEST_TEXT])}…"' if len(one_line) > _LONGEST_TEXT else f'"{plain(one_line)}"'


def unix(at: str | None) -> int:
    """Convert an API time (RFC 3339) to Unix milliseconds; 0 for never."""
    return round(datetime.fromisoformat(at).timestamp() * 1000) if at else 0


def for_programs(row: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an API object for `--json`: times become Unix milliseconds, 0 for never."""
    return {key: unix(value) if key == "at" or key.endswith("_at") else value for key, value in row.items()}


def moment(at: int) -> str:
    """Format Unix milliseconds as local time; `-` for never."""
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else "-"


def _clock(at: str | int) -> str:
    """Format an ISO 8601 time or Unix milliseconds as local time of day."""
    when = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at / 1000)  # noqa: DTZ006
    return when.astimezone().strftime("%H:%M:%S")
