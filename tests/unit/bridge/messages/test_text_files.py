"""Files of all countries and of nobody's good will: read a little at a time."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from bridge.errors import BadRequest
from bridge.messages import contact_files, table_files, text_files
from tests.support.waiting import queued

#: bytes of the largest file that is taken
LARGEST = 16 << 20
#: seconds of a processor that reading one may take, and for which nobody else may get the interpreter meanwhile
LONGEST, HELD = 6.0, 0.1
#: how often it is measured, at most
TRIES = 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_spreadsheets_are_read(encoding: str) -> None:
    assert list(text_files.lines("姓名,é\r\nx\ry\n".encode(encoding))) == ["姓名,é\r\n", "x\r", "y\n"]


@pytest.mark.parametrize(
    ("before", "line", "place"), [(b"", 1, 1), (b"\xef\xbb\xbf", 1, 4), (b"ab\n" * 50_000, 50_001, 150_001)]
)
def test_another_encoding_is_refused_with_its_place(before: bytes, line: int, place: int) -> None:
    with pytest.raises(BadRequest, match=f"line {line}, byte {place} is 0xe9; save it as CSV UTF-8"):
        list(text_files.lines(before + b"h\xe9llo"))


def test_a_character_that_is_cut_at_the_end_is_refused() -> None:
    with pytest.raises(BadRequest, match="line 1, byte 2 is 0xc3"):
        list(text_files.lines(b"ab\xc3"))


def test_a_long_line_comes_in_pieces() -> None:
    pieces = list(text_files.lines(b"x" * 300_000 + b"\nend"))
    assert [len(piece) for piece in pieces] == [text_files.LONGEST_PIECE, 300_001 - text_files.LONGEST_PIECE, 3]


def filled(start: bytes, again: bytes, end: bytes = b"") -> bytes:
    return start + again * ((LARGEST - len(start) - len(end)) // len(again)) + end


CARD, NOTE = b"BEGIN:VCARD\n", b"BEGIN:VCARD\nTEL:+15550123\nNOTE:"
TABLES = {
    "line ends of old Macs": filled(b"number,name\r", b"+15550123,x\r"),
    "bare carriage returns": filled(b"number\r", b"\r"),
    "empty lines": filled(b"number\n", b"\n"),
    "lines of blanks": filled(b"number\n", b" \n"),
    "lines of separators": filled(b"number,name\n", b",\n"),
    "one value in quotes": filled(b'number\n"', b"x", b'"\n'),
    "one value of many lines": filled(b'number\n"', b"x\n", b'"\n'),
    "quotation marks": filled(b"number\n", b'"'),
    "one line": filled(b"", b"x"),
    "one line of wide letters": filled(b"", "😀".encode()),
    "separators": filled(b"", b","),
    "blanks": filled(b"", b" "),
    "zeros": bytes(LARGEST),
    "zeros of UTF-16": filled(b"\xff\xfe", b"\0"),
    "carriage returns of UTF-16": filled(b"\xff\xfe", b"\r\0"),
    "half letters of UTF-16": filled(b"\xff\xfe", b"\x00\xd8"),
    "a fault at the end": filled(b"", b"number,name\n", b"\xff"),
}
CARDS = {
    "empty lines": filled(CARD, b"\n"),
    "bare carriage returns": filled(CARD, b"\r"),
    "a folded line": filled(NOTE, b"\n x", b"\nEND:VCARD\n"),
    "empty folds": filled(NOTE, b"\n ", b"\nEND:VCARD\n"),
    "one line": filled(NOTE, b"x", b"\nEND:VCARD\n"),
    "escapes": filled(NOTE, b"\\n", b"\nEND:VCARD\n"),
    "a name of many parts": filled(CARD + b"N:", b";", b"\nEND:VCARD\n"),
    "parameters": filled(CARD + b"TEL", b";", b":1\nEND:VCARD\n"),
    "groups": filled(CARD + b"CATEGORIES:", b"a,", b"\nEND:VCARD\n"),
    "quoted-printable": filled(CARD + b"NOTE;ENCODING=QUOTED-PRINTABLE:", b"=41", b"\nEND:VCARD\n"),
    "soft line ends": filled(CARD + b"NOTE;ENCODING=QUOTED-PRINTABLE:", b"y=\n", b"\nEND:VCARD\n"),
    "beginnings": filled(b"", CARD),
    "numbers of one card": CARD + b"".join(b"TEL:%d\n" % number for number in range(1_000_000)) + b"END:VCARD\n",
}


def held(read: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor in all, and the most of them between two turns of another thread."""
    taken: list[float] = []

    def work() -> None:
        with suppress(BadRequest):
            read()
        taken.append(time.thread_time())

    reader = threading.Thread(target=work)
    before, most, last = sys.getswitchinterval(), 0.0, 0.0
    sys.setswitchinterval(0.0005)
    try:
        reader.start()
        while reader.is_alive():
            waited = queued()
            time.sleep(0.001)
            waited = queued() - waited  # for a processor, while the reader had one
            with suppress(OSError):  # it ended just now
                now = time.clock_gettime(time.pthread_getcpuclockid(reader.ident or 0))
                most, last = max(most, now - last - waited), now
        reader.join()
    finally:
        sys.setswitchinterval(before)
    return taken[0], most


READ: Sequence[tuple[str, Callable[[], object]]] = [
    *((f"a table of {name}", lambda raw=raw: table_files.read(raw)) for name, raw in TABLES.items()),
    *((f"cards of {name}", lambda raw=raw: contact_files.read(raw, "vcard")) for name, raw in CARDS.items()),
]


@pytest.mark.parametrize("read", [read for _, read in READ], ids=[name for name, _ in READ])
def test_no_file_keeps_the_others_waiting(read: Callable[[], object]) -> None:
    measured: list[tuple[float, float]] = []
    for _ in range(TRIES):  # a busy machine adds to what is measured, and takes nothing from it
        measured.append(held(read))
        if measured[-1][0] < LONGEST and measured[-1][1] < HELD:
            return
    pytest.fail(f"seconds in all, and most of them in a row: {measured}")
