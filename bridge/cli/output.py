"""Output of the command line: messages on standard error, tables and JSON lines on standard output."""

import importlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from bridge.cli import metavars
from bridge.errors import BridgeError, ConfigError
from bridge.messages.legible import plain

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

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
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def coloured() -> bool | None:
    """Whether to write colours: None for on terminals only; not with NO_COLOR (no-color.org) or on a dumb terminal."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


_NO_COMMAND = re.compile(r"No such command '(.*)'\.")


class Sentence(click.ClickException):
    """An error of one line that ends the command."""

    exit_code = FAILED

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the error to standard error."""
        for line in self.message.splitlines():
            click.secho(f"sms-bridge: {plain(line)}", fg="red", err=file is None, file=file, color=coloured())


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
        return metavars.named(command)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        """What may come next, without importing any command."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=command.about)
            for name, command in self._known.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print one line for each command without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.about) for name, command in self._known.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors end as a sentence and an exit code."""
        ctx.color = coloured()
        with _in_sentences():
            return super().invoke(ctx)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments, and write the help where they ask for it."""
        with _in_sentences():
            return super().make_context(info_name, args, parent, **extra)


def _naming_commands(error: click.UsageError) -> click.UsageError:
    """The error, with the name of what it is about; of an unknown command, with the one that was meant."""
    from bridge.cli import advice

    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
        # click names an argument by all that it may be
        error.param_hint = f"'{(error.param.name or '').upper()}'"
    unknown = _NO_COMMAND.fullmatch(error.message)
    if unknown and error.ctx is not None and isinstance(error.ctx.command, click.Group):
        names = error.ctx.command.list_commands(error.ctx)
        words = advice.known(unknown[1], names, f"{error.ctx.command_path} --help")
        return click.UsageError(f"{error.message} {words.capitalize()}", error.ctx)
    return error


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Let what goes wrong end as a sentence, with what to do about it."""
    try:
        yield
    except ConfigError as error:
        raise Misuse(error.message) from error
    except BridgeError as error:
        raise Sentence(error.message) from error
    except click.UsageError as error:
        raise _naming_commands(error) from error
    except BrokenPipeError:
        raise  # click ends quietly: the reader of the pipe is gone
    except UnicodeEncodeError as error:
        raise Misuse(f'"{plain(str(error.object).strip())}" is not text in UTF-8') from error
    except OSError as error:
        from bridge.config import obstacles

        raise Sentence(obstacles.told(error)) from error


def json_line(value: object) -> None:
    """Print a JSON value on one line and flush."""
    click.echo(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def json_lines(rows: Iterable[object]) -> None:
    """Print a list as JSON, each of its rows on a line of its own: what every list does with `--json`."""
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False))
    sys.stdout.flush()


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns under headings; control characters in them are shown and not obeyed."""
    from bridge.cli import columns

    harmless = [[plain(cell) for cell in row] for row in rows]
    for number, lines in enumerate(columns.laid_out(headings, harmless, columns.terminal())):
        for line in lines:
            click.echo(line if number else click.style(line, bold=True))


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


def whole(text: str) -> str:
    """A text with its lines, and without what steers a terminal."""
    return "\n".join(plain(line) for line in text.splitlines())


def counted(count: int, noun: str) -> str:
    """A number of things: `1 row`, `2 rows`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def quoted(text: str) -> str:
    """The beginning of a text in quotation marks, on one line."""
    one_line = " ".join(text.split())
    return f'"{plain(one_line[:_LONGEST_TEXT])}…"' if len(one_line) > _LONGEST_TEXT else f'"{plain(one_line)}"'


def unix(at: str | None) -> int:
    """Convert an API time (RFC 3339) to Unix milliseconds; 0 for never."""
    return round(datetime.fromisoformat(at).timestamp() * 1000) if at else 0


#: what is a moment, besides every name that ends with `_at`
_MOMENTS = {"at", "not_before"}


def for_programs(row: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an API object for `--json`: times become Unix milliseconds, 0 for never."""
    return {key: unix(value) if key in _MOMENTS or key.endswith("_at") else value for key, value in row.items()}


def moment(at: int) -> str:
    """Format Unix milliseconds as local time; `-` for never."""
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else "-"


def rfc3339(written: str) -> str:
    """`2h` ago, or a day or moment in local time, as RFC 3339. Raises Misuse."""
    if written[:-1].isdecimal() and written[-1] in _UNITS:
        ago = timedelta(**{_UNITS[written[-1]]: min(int(written[:-1]), 100_000)})
        return (datetime.now(UTC) - ago).isoformat(timespec="seconds")
    try:
        return datetime.fromisoformat(written).astimezone().isoformat(timespec="seconds")
    except ValueError:
        raise Misuse(f'--since must be such as 2h, 7d, 2027-06-30 or "2027-06-30 12:00", not "{written}"') from None


def _clock(at: str | int) -> str:
    """Format an ISO 8601 time or Unix milliseconds as local time of day."""
    when = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at / 1000)  # noqa: DTZ006
    return when.astimezone().strftime("%H:%M:%S")
