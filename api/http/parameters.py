"""Reads request parameters leniently from query, form, JSON and multipart.

What a body says goes over what the query says, and an empty value counts as absent. A value that
cannot be decoded is an error only when somebody asks for it, so that strangers' extra parameters never hurt.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

from aiohttp import web

from api.http import json_values
from api.http.bodies import read_body
from api.http.errors import missing
from bridge.errors import BadRequest
from bridge.messages.phone_numbers import restore_plus

#: parameters of one request; no vendor has thirty
MOST = 1_000
#: a `%` that begins nothing
_STRAY = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BOUNDARY = re.compile(rb'boundary="?([^";,\s]+)', re.IGNORECASE)
_FIELD_NAME = re.compile(rb'\bname="?([^";\r\n]*)', re.IGNORECASE)
#: types of a form's body, and none
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", ""})
#: what forms are still written in, besides UTF-8; other codecs of Python's are traps
_CHARSET = re.compile(r'charset="?(iso-8859-\d{1,2}|windows-125\d|gbk|gb2312|gb18030)\b', re.IGNORECASE)


class Parameters(Mapping[str, str]):
    """Names and values; `params["x"]` and `.get("x")` raise BadRequest for a value that cannot be decoded."""

    __slots__ = ("_broken", "_from_json", "_nested", "_once", "_values", "hint")

    def __init__(self, once: bool = False, nested: bool = False) -> None:
        """With `once`, a repeated name is an error like a value that cannot be decoded.

        With `nested`, a list or an object in JSON is kept as JSON text.
        """
        self._values: dict[str, str] = {}
        self._broken: dict[str, str] = {}
        self._once = once
        self._nested = nested
        #: names whose value came in JSON, where a blank is a blank
        self._from_json: set[str] = set()
        #: what was wrong with the body as a whole, for the error that follows from it
        self.hint = ""

    def __getitem__(self, name: str) -> str:
        if self._broken and name in self._broken:
            raise BadRequest(f"The parameter {name} {self._broken[name]}.", name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values | self._broken) if self._broken else iter(self._values)

    def __len__(self) -> int:
        return len(self._values | self._broken)

    def text(self, name: str) -> str:
        """A value, "" when absent. Raises BadRequest when it cannot be decoded."""
        if self._broken and name in self._broken:
            raise BadRequest(f"The parameter {name} {self._broken[name]}.", name)
        return self._values.get(name, "")

    def number(self, name: str) -> str:
        """A phone number, "" when absent; restores a `+` that form decoding made a blank.

        Raises BadRequest when it could not be decoded.
        """
        value = self.text(name)
        return value if not value.startswith(" ") or name in self._from_json else restore_plus(value)

    def any_of(self, names: frozenset[str]) -> bool:
        """Whether any of these is present; saves looking for each in the usual case that none is."""
        return not (names.isdisjoint(self._values) and names.isdisjoint(self._broken))

    def need(self, name: str) -> str:
        """A required value. Raises MissingParameter when absent or empty, BadRequest for a broken body."""
        return self._present(name, self.text(name))

    def need_number(self, name: str) -> str:
        """A required phone number. Raises MissingParameter when absent or empty."""
        return self._present(name, self.number(name))

    def _present(self, name: str, value: str) -> str:
        if not value:
            raise missing(name, self.hint)
        return value

    def put(self, name: str, value: bytes, charset: str = "utf-8") -> None:
        """Add a value; an empty one does not replace an earlier one."""
        if not value:
            return
        self._from_json.discard(name)
        if self._once and (name in self._values or name in self._broken):
            self._broken[name] = "is given more than once"
            return
        try:
            self._values[name] = value.decode(charset)
        except UnicodeDecodeError:
            self._broken[name] = f"is not valid {charset.upper()}"
            return
        if self._broken:
            self._broken.pop(name, None)

    def put_form(self, raw: bytes, charset: str = "utf-8") -> None:
        """Parse `a=b&c=d`; raw bytes, raw spaces and stray `%` are taken literally. Raises BadRequest for too many."""
        _check_number(raw.count(b"&"))
        for pair in raw.split(b"&"):
            name, _, value = pair.partition(b"=")
            if b"+" in pair or b"%" in pair:
                name, value = _unquote(name), _unquote(value)
            if name and value:
                self.put(name.decode("utf-8", "replace"), value, charset)

    def put_json(self, raw: bytes) -> str:
        """Parse the members of a JSON object; on error, returns what is wrong and adds nothing.

        A byte order mark and line ends inside a text are taken: several clients write them. Numbers stay as they are
        written: a float would make 12.5 of 12.50, and a phone number of a rounded one.
        """
        if json_values.too_many(raw):
            return f"has more than {json_values.MOST} values"
        try:
            members = _LENIENT.decode(raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            return f"is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}"
        except json.JSONDecodeError as error:
            return f"is not JSON: {error.msg}, line {error.lineno} column {error.colno}"
        except (ValueError, RecursionError):
            return "is not JSON: it has NaN or Infinity, or is nested too deeply"
        if not isinstance(members, dict):
            return "is not a JSON object"
        for name, value in members.items():
            self._put_member(name, value)
        return ""

    def _put_member(self, name: str, value: object) -> None:
        if isinstance(value, dict | list) and self._nested:
            value = json.dumps(value)
        if isinstance(value, dict | list):
            self._broken[name] = "must be text, not a list or an object"
        elif isinstance(value, bool):
            self.put(name, b"1" if value else b"0")
        elif value is not None:
            # a lone surrogate, which JSON can spell and UTF-8 cannot, ends up as not decodable
            self.put(name, str(value).encode("utf-8", "surrogatepass"))
            self._from_json.add(name)

    def put_multipart(self, raw: bytes, boundary: bytes) -> None:
        """Parse multipart/form-data (RFC 7578). Raises BadRequest for too many parts."""
        _check_number(raw.count(b"--" + boundary))
        for part in raw.split(b"--" + boundary)[1:]:
            head, gap, value = part.partition(b"\r\n\r\n")
            name = _FIELD_NAME.search(head)
            if gap and name:
                self.put(name[1].decode("utf-8", "replace"), value.removesuffix(b"\r\n"))

    def put_body(self, raw: bytes, content_type: str) -> None:
        """Parse a body by its Content-Type, or by its content when that is missing or wrong."""
        kind = _kind(content_type)
        if kind.endswith("json"):
            if raw.strip() and (problem := self.put_json(raw)):
                self.hint = f"The request body {problem}."
        elif kind == "multipart/form-data" or not _looks_like_json(raw) or self.put_json(raw):
            self._put_fields(raw, kind, content_type)

    def put_fields(self, raw: bytes, content_type: str) -> None:
        """Parse a form body, urlencoded or multipart; JSON is ignored, and any other type is read as urlencoded."""
        kind = _kind(content_type)
        if raw and (kind not in _FORMS or _looks_like_json(raw)):
            self.hint = "The request body is not a form (application/x-www-form-urlencoded)."
        self._put_fields(raw, kind, content_type)

    def _put_fields(self, raw: bytes, kind: str, content_type: str) -> None:
        if kind == "multipart/form-data" and (boundary := _BOUNDARY.search(content_type.encode(errors="replace"))):
            self.put_multipart(raw, boundary[1])
        elif not kind.endswith("json"):
            self.put_form(raw.rstrip(b"\r\n"), _charset(content_type))


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


#: control characters inside texts are taken as they are
_LENIENT = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=_constant)


def _looks_like_json(raw: bytes) -> bool:
    return not raw[:1].isalnum() and raw.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _check_number(found: int) -> None:
    if found > MOST:
        raise BadRequest(f"The request has more than {MOST} parameters.")


def _unquote(raw: bytes) -> bytes:
    """Like `urllib.parse.unquote_to_bytes`, which takes a tenth of a second for a body of nothing but `%41`.

    Raises BadRequest for what was not meant to be percent-encoded.
    """
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" not in raw:
        return raw
    mended, strays = _STRAY.subn(b"%25", raw, count=MOST)
    if strays == MOST and _STRAY.search(mended):
        raise BadRequest(f"The request has more than {MOST} percent signs that encode nothing.")
    plain = mended.replace(b"\\", b"\\x5c").replace(b"%", b"\\x")
    return plain.decode("unicode_escape").encode("latin-1")


def _charset(content_type: str) -> str:
    label = _CHARSET.search(content_type) if ";" in content_type else None
    try:
        return codecs.lookup(label[1]).name if label else "utf-8"
    except LookupError:
        return "utf-8"


async def read_parameters(request: web.Request, limit: int) -> Parameters:
    """Read query and body, for any method. Raises BodyTooLarge."""
    parameters = Parameters()
    _put_query(parameters, request)
    if body := await read_body(request, limit):
        parameters.put_body(body, request.headers.get("Content-Type", ""))
    return parameters


def read_query(request: web.Request) -> Parameters:
    """Read the query, each name at most once."""
    parameters = Parameters(once=True)
    _put_query(parameters, request)
    return parameters


async def read_form(request: web.Request, limit: int) -> Parameters:
    """Read a form body, each name at most once; ignores the query. Raises BodyTooLarge."""
    parameters = Parameters(once=True)
    parameters.put_fields(await read_body(request, limit), request.headers.get("Content-Type", ""))
    return parameters


async def read_once(request: web.Request, limit: int) -> Parameters:
    """Read query and body of any type, each name at most once. Raises BodyTooLarge."""
    parameters = Parameters(once=True, nested=True)
    _put_query(parameters, request)
    if body := await read_body(request, limit):
        parameters.put_body(body, request.headers.get("Content-Type", ""))
    return parameters


def _put_query(parameters: Parameters, request: web.Request) -> None:
    _, _, query = request.raw_path.partition("?")
    if query:
        parameters.put_form(query.encode("utf-8", "surrogateescape"))
