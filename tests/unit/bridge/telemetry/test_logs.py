"""Log records on their way to the journal or to a terminal: what is in them, and what must not be."""

import asyncio
import io
import logging
import os
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import BridgeError
from bridge.model.event import Event
from bridge.telemetry import logs


def entry_of(data: bytes) -> dict[str, str]:
    """The fields of an entry in the journal's own protocol."""
    fields, stream = {}, io.BytesIO(data)
    while line := stream.readline():
        name, separator, value = line.rstrip(b"\n").partition(b"=")
        if not separator:
            value = stream.read(int.from_bytes(stream.read(8), "little"))
            assert stream.read(1) == b"\n"
        fields[name.decode()] = value.decode()
    return fields


@dataclass
class JournalEnd:
    """journald's socket."""

    socket: socket.socket
    path: Path

    def entry(self) -> dict[str, str]:
        """What came, in a datagram or in a file."""
        data, descriptors, *_ = socket.recv_fds(self.socket, 1 << 20, 1)
        if not descriptors:
            return entry_of(data)
        with os.fdopen(descriptors[0], "rb") as file:
            file.seek(0)
            return entry_of(file.read())


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalEnd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.settimeout(10)
        end.bind(str(tmp_path / "journal"))
        yield JournalEnd(end, tmp_path / "journal")


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(journal: JournalEnd, stream: io.StringIO) -> Iterator[logging.Logger]:
    """A logger that writes to the journal as the product's do."""
    handler = logs.JournalHandler(stream, journal.path)
    handler.setFormatter(logs.MaskingFormatter(logs.FORMAT))
    log = logging.Logger("bridge.devices.receiver")
    log.addHandler(handler)
    yield log
    handler.close()


def test_a_record_has_its_priority_its_place_and_what_it_is_about(log: logging.Logger, journal: JournalEnd) -> None:
    about = {"sms_line": "office", "sms_device": "stick", "sms_message": "", "other": "no field"}
    log.warning("%s is %s", "office", "absent", extra=about)
    entry = journal.entry()
    place = entry.pop("CODE_FILE"), entry.pop("CODE_LINE").isdigit(), entry.pop("CODE_FUNC")
    assert place == (__file__, True, "test_a_record_has_its_priority_its_place_and_what_it_is_about")
    assert entry == {
        "MESSAGE": "office is absent",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "sms-bridge",
        "LOGGER": "bridge.devices.receiver",
        "SMS_LINE": "office",
        "SMS_DEVICE": "stick",
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2), (45, 3)],
)
def test_levels_are_syslogs_priorities(level: int, priority: int) -> None:
    assert logs.priority(level) == priority


def test_a_record_of_many_lines_is_one_entry(log: logging.Logger, journal: JournalEnd) -> None:
    log.error("first\nsecond=\n")
    assert journal.entry()["MESSAGE"] == "first\nsecond=\n"


def test_a_record_too_big_for_a_datagram_arrives_whole(log: logging.Logger, journal: JournalEnd) -> None:
    log.error("%s", "x" * 1_000_000)
    assert journal.entry()["MESSAGE"] == "x" * 1_000_000


def test_what_the_journal_does_not_take_is_written_as_text(
    log: logging.Logger, journal: JournalEnd, stream: io.StringIO
) -> None:
    journal.path.unlink()
    log.error("nobody listens")
    assert stream.getvalue() == "ERROR bridge.devices.receiver: nobody listens\n"


def test_goes_to_the_journal_only_where_it_takes_this_very_stream(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as file:
        status = os.fstat(file.fileno())
        assert logs.is_journal(file, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not logs.is_journal(file, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
        assert not logs.is_journal(file, {})
    assert not logs.is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:2"})


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("sent to +15550123.", "sent to …23."),
        ("to +44 7700 900123, again", "to …23, again"),
        ("to 13800138000", "to …00"),
        ("imei 490154203237518 of it", "imei …18 of it"),
        ("to=+15550123", "to=…23"),
        ("process 4194303 at 127.0.0.1:8080", "process 4194303 at 127.0.0.1:8080"),
        ("webhook 12345678-1234-4234-8234-123456789012", "webhook 12345678-1234-4234-8234-123456789012"),
        ("/dev/serial/by-id/usb-HUAWEI_1234567890-if00", "/dev/serial/by-id/usb-HUAWEI_1234567890-if00"),
        ("0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef01234567"),
    ],
)
def test_numbers_are_cut_and_names_are_not(written: str, told: str) -> None:
    assert logs.discreet(written) == told


def formatted(error: BaseException, level: int = logging.ERROR) -> str:
    record = logging.LogRecord("bridge", level, __file__, 1, "it failed", (), (type(error), error, error.__traceback__))
    return logs.MaskingFormatter(logs.FORMAT).format(record)


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_a_foreign_exception_shows_where_and_not_what(level: int) -> None:
    text = formatted(raised(KeyError("Hello, +15550123"), raised(ValueError("a secret"))), level)
    assert "KeyError" in text
    assert "ValueError" in text
    assert "in raised" in text
    assert "Hello" not in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BridgeError("the line +15550123 is away"), "BridgeError: the line …23 is away"),
        (FileNotFoundError(2, "No such file or directory", "/dev/sms/a"), "No such file or directory: '/dev/sms/a'"),
        (sqlite3.OperationalError("database is locked"), "OperationalError: database is locked"),
    ],
)
def test_an_exception_of_ours_or_of_the_system_speaks(error: Exception, told: str) -> None:
    assert told in formatted(raised(error))


def begun(level: str) -> Iterator[io.StringIO]:
    """A process's log, begun as `serve` does it."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, was, complains = root.handlers[:], root.level, logging.raiseExceptions
    root.handlers.clear()
    logs.begin(level, {}, written)
    yield written
    root.handlers[:], logging.raiseExceptions = handlers, complains
    root.setLevel(was)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    yield from begun("info")


def test_a_subscriber_that_fails_on_a_text_does_not_tell_it(written: io.StringIO) -> None:
    def fail(events: object) -> None:
        raise ValueError(f"cannot cope with {events}")

    bus = Bus()
    bus.subscribe(fail)
    bus.publish([Event(1, "", "message.received", "", 0, "id", {"text": "Hello"})])
    assert "a subscriber failed on ['message.received']" in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert "Hello" not in written.getvalue()


async def test_asyncio_does_not_quote_what_was_passed_around(written: io.StringIO) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    loop = asyncio.get_running_loop()
    loop.call_soon(fail, "Hello")
    over = loop.create_future()
    loop.call_soon(over.set_result, None)
    await over
    assert "ERROR asyncio: Exception in callback" in written.getvalue()
    assert "in fail" in written.getvalue()
    assert "Hello" not in written.getvalue()
