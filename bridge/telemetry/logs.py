"""Logging: to the journal with priorities and fields where available, else as text to standard error.

From INFO up no whole number is in it, and of foreign exceptions the kind alone: people's texts may be in their words.
"""

import array
import errno
import fcntl
import logging
import os
import re
import socket
import sqlite3
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TextIO

from bridge.errors import BridgeError
from bridge.messages.phone_numbers import masked

IDENTIFIER = "sms-bridge"
FORMAT = "%(levelname)s %(name)s: %(message)s"
JOURNAL = Path("/run/systemd/journal/socket")
#: seconds that a record waits for a journal that is busy; then it goes to standard error
PATIENCE = 0.2
#: `extra` of a record that begins so becomes a field of its own: SMS_LINE, SMS_DEVICE, SMS_MESSAGE …
PREFIX = "sms_"
#: syslog(3)
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7

#: phone numbers, IMEI, IMSI and ICCID; not what is part of a word, a path or an id
_NUMBER = re.compile(r"\+\d[\d ().-]{4,}\d|(?<![\w.:/+-])\d{8,20}(?![\w:/-])")
#: where asyncio's complaints begin to quote what was passed around
_QUOTES = re.compile(r"[\n(<]")
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def begin(level: str, environment: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> None:
    """Start logging from this level on, for the whole process."""
    stream = stream or sys.stderr
    handler = JournalHandler(stream) if is_journal(stream, environment) else logging.StreamHandler(stream)
    handler.setFormatter(MaskingFormatter(FORMAT))
    handler.addFilter(_without_values)
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.raiseExceptions = False  # its complaint would quote the arguments


def set_level(level: str) -> None:
    """Log from this level on."""
    logging.getLogger().setLevel(level.upper())


def is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether the stream is connected to the journal (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM", "") == f"{status.st_dev}:{status.st_ino}"


# -- what may be told -----------------------------------------------------------------------------
def discreet(text: str) -> str:
    """The text with all numbers masked."""
    return _NUMBER.sub(lambda found: masked(found[0]), text)


def words(error: BaseException) -> str:
    """An exception's message if it is our own or the system's; otherwise only its type."""
    if isinstance(error, BridgeError | OSError | sqlite3.Error):
        return str(error)
    return type(error).__name__


class MaskingFormatter(logging.Formatter):
    """Formats records without personal data; below INFO only exceptions are shortened."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record with its exception."""
        text = super().format(record)
        return discreet(text) if record.levelno >= logging.INFO else text

    def formatException(self, ei: _Raised) -> str:  # noqa: N802 - logging's name
        """The traceback with the chain of exceptions, each by `words`."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            kind = type(error).__name__
            said = words(error)
            lines.append(
                "".join(traceback.format_tb(error.__traceback__)) + (kind if said == kind else f"{kind}: {said}")
            )
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nwhich came of\n".join(lines)


def _without_values(record: logging.LogRecord) -> bool:
    """The record without values: asyncio quotes callback arguments and task results, so only the event is kept."""
    if record.name == "asyncio" and record.levelno >= logging.INFO:
        record.msg, record.args = _QUOTES.split(record.getMessage(), maxsplit=1)[0].strip(), None
    return True


# -- the journal ----------------------------------------------------------------------------------
class JournalHandler(logging.Handler):
    """Sends records by the journal's own protocol (systemd, "Native Journal Protocol"), or as text to the stream on
    failure.
    """

    def __init__(self, stream: TextIO, path: Path = JOURNAL) -> None:
        super().__init__()
        self._stream = stream
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            text = self.format(record)
            try:
                self._send(b"".join(_field(name, value) for name, value in self._fields(record, text).items()))
            except OSError:
                self._stream.write(f"{text}\n")
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()

    def _fields(self, record: logging.LogRecord, text: str) -> dict[str, str]:
        fields = {
            "MESSAGE": text.removeprefix(f"{record.levelname} {record.name}: "),
            "PRIORITY": str(priority(record.levelno)),
            "SYSLOG_IDENTIFIER": IDENTIFIER,
            "LOGGER": record.name,
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
        }
        extra = {name.upper(): str(value) for name, value in vars(record).items() if name.startswith(PREFIX) and value}
        return fields | extra

    def _send(self, entry: bytes) -> None:
        # addressed each time: a journal that was restarted listens on another socket
        try:
            self._socket.sendto(entry, self._path)
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                raise
            self._send_big(entry)

    def _send_big(self, entry: bytes) -> None:
        """Send a record too large for a datagram as a sealed file in memory."""
        file = os.memfd_create(IDENTIFIER, os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
        with os.fdopen(file, "wb", closefd=True) as memory:
            memory.write(entry)
            memory.flush()
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))]
            self._socket.sendmsg([b""], rights, 0, self._path)


def priority(level: int) -> int:
    """The syslog(3) priority of a level."""
    return next((value for least, value in _PRIORITIES if level >= least), _DEBUG)


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "backslashreplace")
    if b"\n" in data:
        return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
    return name.encode() + b"=" + data + b"\n"
