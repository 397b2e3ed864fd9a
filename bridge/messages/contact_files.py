"""Contacts as files: CSV with a heading, and vCard 2.1 to 4.0 as phones export it (RFC 6350). Pure."""

import quopri
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field

from bridge.dataclass import dataclass
from bridge.errors import BadRequest
from bridge.messages import csv_text, file_kinds, text_files
from bridge.model.conversation import Consent, Contact

#: a file may hold so many
MOST = 50_000
#: characters of an unfolded line of a vCard that are kept
LONGEST_LINE = 64 * 1024
#: columns of CSV → what they may be called, in small letters
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "phone", "phone number", "mobile", "mobile phone", "tel", "telephone", "cell", "msisdn",
               "phone 1 - value", "手机", "手机号", "电话", "号码"),
    "name": ("name", "full name", "contact", "display name", "姓名", "名字"),
    "first": ("first name", "given name"),
    "last": ("last name", "family name", "surname"),
    "note": ("note", "notes", "comment", "remark", "备注"),
    "groups": ("groups", "group", "categories", "group membership", "labels", "分组"),
    "consent": ("consent", "opt-in", "opt in"),
    "consent_note": ("consent note", "consent_note"),
}  # fmt: skip
HEADING = ("number", "name", "note", "groups", "consent", "consent note")
_YES = frozenset({"given", "yes", "true", "1", "y", "opt-in", "是"})
_NO = frozenset({"refused", "no", "false", "0", "n", "opt-out", "否"})


@dataclass(frozen=True, slots=True)
class Row:
    """A contact as a file has it, its number not looked at."""

    #: of the file, from 1
    line: int
    written: str
    name: str = ""
    note: str = ""
    groups: tuple[str, ...] = ()
    consent: Consent = Consent.UNKNOWN
    consent_note: str = ""


def read(raw: bytes, form: str) -> list[Row]:
    """The contacts of a file, `csv` or `vcard`. Raises BadRequest."""
    found = []
    file_kinds.refuse_other(raw)
    for row in _READERS[form](raw):
        found.append(row)
        if len(found) > MOST:
            raise BadRequest(f"the file has more than {MOST} contacts: divide it")
    return found


def write(contacts: Iterable[Contact], form: str) -> str:
    """The file that `read` takes."""
    return _WRITERS[form](contacts)


# -- CSV --------------------------------------------------------------------------------------------
def _from_csv(raw: bytes) -> Iterator[Row]:
    rows = csv_text.rows(raw)
    _, heading = next(rows, (0, []))
    places = _places(heading)
    if "number" not in places:
        raise BadRequest(f"no column is called {', '.join(_COLUMNS['number'][:4])}; the first line names the columns")
    for line, values in rows:
        given = {name: values[place] if place < len(values) else "" for name, place in places.items()}
        name = given.get("name") or f"{given.get('first', '')} {given.get('last', '')}".strip()
        groups = _divided(given.get("groups", ""))
        consent, note = _consent(given.get("consent", "")), given.get("consent_note", "")
        yield Row(line, given["number"], name, given.get("note", ""), groups, consent, note)


def _places(heading: list[str]) -> dict[str, int]:
    lowered = [name.casefold().strip() for name in heading]
    found = {}
    for column, names in _COLUMNS.items():
        places = [lowered.index(name) for name in names if name in lowered]
        if places:
            found[column] = places[0]
    return found


def _divided(groups: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in re.split(r"[;,|]|:::", groups) if each.strip()))


def _consent(word: str) -> Consent:
    lowered = word.casefold()
    return Consent.GIVEN if lowered in _YES else Consent.REFUSED if lowered in _NO else Consent.UNKNOWN


def _to_csv(contacts: Iterable[Contact]) -> str:
    return csv_text.written(
        HEADING,
        (
            (row.number, row.name, row.note, ";".join(row.groups), row.consent.value, row.consent_note)
            for row in contacts
        ),
    )


# -- vCard ------------------------------------------------------------------------------------------
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(slots=True)
class _Card:
    line: int
    name: str = ""
    parts: str = ""
    note: str = ""
    groups: tuple[str, ...] = ()
    #: in order, each once
    numbers: dict[str, None] = field(default_factory=dict)


def _from_vcard(raw: bytes) -> Iterator[Row]:
    card: _Card | None = None
    seen = False
    for number, line in _unfolded(raw):
        name, _, value = line.partition(":")
        kind, *parameters = name.upper().split(";")
        kind = kind.rpartition(".")[2]  # of `item1.TEL`
        if kind == "BEGIN":
            card, seen = _Card(number), True
        elif kind == "END" and card is not None:
            yield from (Row(card.line, each, card.name or card.parts, card.note, card.groups) for each in card.numbers)
            card = None
        elif card is not None:
            _take(card, kind, _value(value, parameters))
    if not seen:
        raise BadRequest("the file has no vCard in it: BEGIN:VCARD is missing")


def _unfolded(raw: bytes) -> Iterator[tuple[int, str]]:
    """Unfolded lines, each with the number of its first one; of long ones, such as a photo, the beginning."""
    began, pieces, printable, soft, left = 0, list[str](), False, False, 0
    for number, line in _lines(raw):
        if line[:1] in (" ", "\t") and began:
            more = line[1:]
        elif printable and soft:
            more = line
        else:
            if began:
                yield began, "".join(pieces)
            began, pieces, left, more = number, [], LONGEST_LINE, line
            printable = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
        soft = printable and more.endswith("=")
        more = (more[:-1] if soft else more)[:left]
        if more:
            pieces.append(more)
            left -= len(more)
    if began:
        yield began, "".join(pieces)


def _lines(raw: bytes) -> Iterator[tuple[int, str]]:
    """Lines without their ends, each with its number; of one in several pieces the first."""
    number, whole = 0, True
    for piece in text_files.lines(raw):
        if whole:
            number += 1
            yield number, piece.rstrip("\r\n")
        whole = piece[-1] in "\r\n"


def _value(value: str, parameters: list[str]) -> str:
    if any(each.endswith("QUOTED-PRINTABLE") for each in parameters):
        return quopri.decodestring(value.encode("latin-1", "replace")).decode("utf-8", "replace")
    return value


def _take(card: _Card, kind: str, value: str) -> None:
    if kind == "TEL":
        number = value.removeprefix("tel:").partition(";")[0]
        if number.strip():
            if len(card.numbers) > MOST:
                raise BadRequest(f"the file has more than {MOST} contacts: divide it")
            card.numbers[number.strip()] = None
    elif kind == "FN":
        card.name = _unescaped(value)
    elif kind == "N":
        family, given, *_ = [*(_unescaped(each) for each in re.split(r"(?<!\\);", value)), "", ""]
        card.parts = f"{given} {family}".strip()
    elif kind == "NOTE":
        card.note = _unescaped(value)
    elif kind == "CATEGORIES":
        card.groups = tuple(_unescaped(each).strip() for each in re.split(r"(?<!\\),", value) if each.strip())


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _escaped(value: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", value).replace("\r\n", "\n").replace("\n", "\\n")


def _to_vcard(contacts: Iterable[Contact]) -> str:
    return "".join(_card(row) for row in contacts)


def _card(row: Contact) -> str:
    name = _escaped(row.name or row.number)
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{name}", f"N:{name};;;;", f"TEL;TYPE=CELL:{_escaped(row.number)}"]
    lines += [f"NOTE:{_escaped(row.note)}"] if row.note else []
    lines += [f"CATEGORIES:{','.join(_escaped(each) for each in row.groups)}"] if row.groups else []
    return "\r\n".join((*lines, "END:VCARD", ""))


_READERS: Mapping[str, Callable[[bytes], Iterator[Row]]] = {"csv": _from_csv, "vcard": _from_vcard}
_WRITERS: Mapping[str, Callable[[Iterable[Contact]], str]] = {"csv": _to_csv, "vcard": _to_vcard}
