"""XLSX workbooks as spreadsheet programs write them, small enough to be read here."""

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#: as stored: text, a number, or a number that is shown as a date
Cell = str | int | float | tuple[str, float] | None


def workbook(rows: Sequence[Sequence[Cell]], shared: bool = True, name: str = "worksheets/sheet1.xml") -> bytes:
    """A workbook with one sheet; texts in the table of strings, or within their cells."""
    strings: list[str] = []
    lines = []
    for number, row in enumerate(rows, 1):
        cells = [_cell(cell, f"{_letter(place)}{number}", strings, shared) for place, cell in enumerate(row)]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    parts = {
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            '<sheets><sheet name="A" sheetId="1" r:id="rId7"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="rId7" Target="{name}"/></Relationships>',
        f"xl/{name}": f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
        "xl/styles.xml": (
            f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="yyyy\\-mm\\-dd hh:mm"/>'
            '<numFmt numFmtId="171" formatCode="0.0 &quot;days&quot;"/></numFmts>'
            '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs>'
            "</styleSheet>"
        ),
    }
    if shared:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{"".join(strings)}</sst>'
    return packed(parts)


def packed(parts: dict[str, str]) -> bytes:
    """A zip of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return file.getvalue()


def _cell(cell: Cell, place: str, strings: list[str], shared: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, tuple):
        return f'<c r="{place}" s="{cell[0]}"><v>{cell[1]}</v></c>'
    if not isinstance(cell, str):
        return f'<c r="{place}"><v>{cell!r}</v></c>'
    if not shared:
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    strings.append(f"<si><r><t>{escape(cell[:1])}</t></r><r><t>{escape(cell[1:])}</t></r></si>")
    return f'<c r="{place}" t="s"><v>{len(strings) - 1}</v></c>'


def _letter(place: int) -> str:
    return chr(65 + place) if place < 26 else chr(64 + place // 26) + chr(65 + place % 26)
