"""The lines of a text file, a few at a time: no file holds the interpreter, or fills the memory, as a whole. Pure."""

import codecs
import io
from collections.abc import Iterator

from bridge.errors import BadRequest

#: lines of a file
MOST_LINES = 2_000_000
#: characters that are given at once: a longer line comes in several pieces
LONGEST_PIECE = 256 * 1024
#: of UTF-16
_MARKS = (b"\xff\xfe", b"\xfe\xff")
#: bytes that are looked through at once for what is wrong
_BITE = 64 * 1024


def lines(raw: bytes) -> Iterator[str]:
    """Lines with their ends, which are LF, CRLF or CR; of UTF-8, or of UTF-16 with its mark.

    Raises BadRequest, which names the first bad byte.
    """
    wide = raw[:2] in _MARKS
    if not wide and b"\0" in raw:
        raise BadRequest("the file is not text: it has zero bytes in it. Save the table as CSV UTF-8 or as XLSX")
    file, count = io.TextIOWrapper(io.BytesIO(raw), "utf-16" if wide else "utf-8-sig", newline=""), 0
    try:
        while piece := file.readline(LONGEST_PIECE):
            count += piece[-1] in "\r\n"
            if count > MOST_LINES:
                raise BadRequest(f"the file has more than {MOST_LINES} lines: divide it")
            yield piece
    except UnicodeDecodeError:
        raise BadRequest(f"the file is not UTF-8: {_first_fault(raw, wide)}; save it as CSV UTF-8") from None


def _first_fault(raw: bytes, wide: bool) -> str:
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")()
    for start in range(0, len(raw), _BITE):
        bite = raw[start : start + _BITE]
        try:
            decoder.decode(bite, start + _BITE >= len(raw))
        except UnicodeDecodeError as error:
            place = start + len(bite) - len(error.object) + error.start
            return f"line {raw.count(10, 0, place) + 1}, byte {place} is 0x{raw[place]:02x}"
    return "at its end"
