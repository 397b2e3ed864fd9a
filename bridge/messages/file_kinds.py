"""Says what a file is that is no table, and what to bring instead. Pure."""

import re
import zipfile

from bridge.errors import BadRequest

INSTEAD = "save the table as XLSX or as CSV (UTF-8), and bring that"
#: what zips and compound files begin with
ZIP, COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: a stream of this name holds what Office encrypted (MS-OFFCRYPTO 2.3); names are UTF-16
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: beginning → what begins so
_BEGINNINGS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"{\\rtf": "a text document (RTF)",
    b"\x1f\x8b": "packed (gzip)",
    b"7z\xbc\xaf\x27\x1c": "packed (7z)",
    b"Rar!": "packed (RAR)",
    b"SQLite format 3\0": "a database (SQLite)",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
}
#: bytes at the beginning by which JSON is known
_LOOKED_AT = 64 * 1024
#: an object, or a list of lists or objects
_JSON = re.compile(rb"(\xef\xbb\xbf)?\s*(\{\s*[}\"]|\[\s*[\[{])")
#: a part that others than XLSX workbooks have → what has it
_PARTS = {
    "xl/workbook.bin": "a binary Excel workbook (XLSB)",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
    "content.xml": "an OpenDocument file",
    "Index/Document.iwa": "a Numbers document",
}


def refuse_other(raw: bytes) -> None:
    """Raises BadRequest for a file that is known to be something else than a table."""
    if raw.startswith(COMPOUND):
        if _ENCRYPTED in raw:
            raise BadRequest("the workbook is protected by a password: save it without one, and bring it again")
        raise BadRequest(f"the file is an old Excel workbook (XLS) or another of Office before 2007: {INSTEAD}")
    if _JSON.match(raw, 0, _LOOKED_AT):
        raise BadRequest(f"the file is JSON, not a table: {INSTEAD}")
    for beginning, kind in _BEGINNINGS.items():
        if raw.startswith(beginning):
            raise BadRequest(f"the file is {kind}, not a table: {INSTEAD}")


def refuse_other_zip(book: zipfile.ZipFile) -> None:
    """Raises BadRequest for a zip that is no XLSX workbook, or one with a password."""
    names = set(book.namelist())
    if any(each.flag_bits & 1 for each in book.infolist()):
        raise BadRequest("the file is protected by a password: save it without one, and bring it again")
    if "xl/workbook.xml" in names:
        return
    for part, kind in _PARTS.items():
        if part in names:
            raise BadRequest(f"the file is {kind}: {INSTEAD}")
    raise BadRequest("the file is a zip without a workbook in it: unpack it, and bring the table that is inside")
