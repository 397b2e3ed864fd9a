"""A file that is no table is called by its kind, with what to bring instead."""

import io
import zipfile

import pytest

from bridge.errors import BadRequest
from bridge.messages.file_kinds import COMPOUND, refuse_other, refuse_other_zip
from tests.support.workbooks import packed, workbook


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"%PDF-1.7\n", "is a PDF, not a table: save the table as XLSX or as CSV"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"\x1f\x8b\x08", "is packed \\(gzip\\)"),
        (b"{}", "is JSON, not a table: save"),
        (b' {"to": "+15550101"}', "is JSON"),
        (b"\xef\xbb\xbf[\n{", "is JSON"),
        (COMPOUND + b"Workbook", "is an old Excel workbook \\(XLS\\)"),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "protected by a password: save it without one"),
    ],
)
def test_a_file_is_called_by_its_beginning(raw: bytes, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        refuse_other(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"phone\n", b"\xef\xbb\xbfphone", b"\xff\xfep\0", b"PK\x03\x04", b"{name},number\n", b"[1],number"]
)
def test_what_may_be_a_table_is_let_through(raw: bytes) -> None:
    refuse_other(raw)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("xl/workbook.bin", "a binary Excel workbook"),
        ("word/document.xml", "a Word document"),
        ("content.xml", "an OpenDocument file"),
        ("numbers.csv", "a zip without a workbook in it: unpack it"),
    ],
)
def test_a_zip_is_called_by_what_is_in_it(part: str, said: str) -> None:
    with zipfile.ZipFile(io.BytesIO(packed({part: ""}))) as book, pytest.raises(BadRequest, match=said):
        refuse_other_zip(book)


def test_a_zip_with_a_password_is_said_to_have_one() -> None:
    raw = bytearray(workbook([["phone"]]))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := raw.find(mark, at + 1)) >= 0:
            raw[at + place] |= 1
    with zipfile.ZipFile(io.BytesIO(bytes(raw))) as book, pytest.raises(BadRequest, match="protected by a password"):
        refuse_other_zip(book)
