"""Parses a JSON object piece by piece as it arrives, handing on each value at once.

Nothing is kept but one value at a time, so a body costs what is made of it and no more, and the elements of a list are
counted while they come. A value that is cut in two by the end of a piece is read again with the next one.
"""

import codecs
import json
import re
from collections.abc import Callable, Generator
from typing import Any, NoReturn, Protocol

from bridge.errors import BadRequest

#: characters of one value: the longest text that an SMS can carry has 39,015, and each may be written as \uXXXX
LONGEST = 256 * 1024
#: characters of the longest word that may be cut in two outside a string: a pair of \uXXXX, -Infinity
_WORD = 12
_BLANKS = re.compile(r"[ \t\n\r]*")

Steps = Generator[None, None, None]


class Taking(Protocol):
    """Receives the values of an object. Each method may raise BadRequest, which ends the parsing."""

    #: names whose value, where it is a list, comes element by element
    lists: frozenset[str]

    def begin(self, name: str) -> Callable[[Any], None]:
        """A list begins under one of these names; returns what takes its elements."""
        ...

    def member(self, name: str, value: Any) -> None:
        """A member with its whole value."""


class Pieces:
    """Parses one JSON object. Raises BadRequest for anything else."""

    def __init__(self, decoder: json.JSONDecoder, taking: Taking) -> None:
        self._decoder = decoder
        self._taking = taking
        self._bytes = codecs.getincrementaldecoder("utf-8")()
        #: what is here of the text and not read yet begins at `_at`
        self._text, self._at = "", 0
        self._whole = False
        #: bytes that came before this piece, and where the text here begins
        self._before, self._line, self._column = 0, 1, 1
        self._steps = self._object()

    def feed(self, piece: bytes, last: bool = False) -> None:
        """Parse the next piece; after the `last` one the object is complete."""
        self._put(piece, last)
        try:
            next(self._steps, None)
        except json.JSONDecodeError as error:
            self._complain(error)
        except RecursionError:
            raise BadRequest("the body is nested too deeply") from None
        except ValueError:
            # what is left: CPython's limit on the digits of an integer
            raise BadRequest("the body has a number with too many digits") from None

    def close(self) -> None:
        """Let go of what takes the values: a half-read object would keep it for as long as Python's collector rests."""
        self._steps.close()

    def _put(self, piece: bytes, last: bool) -> None:
        pending = len(self._bytes.getstate()[0])
        try:
            text = self._bytes.decode(piece, last)
        except UnicodeDecodeError as error:
            place, wrong = self._before - pending + error.start, error.object[error.start]
            raise BadRequest(f"the body is not UTF-8: byte {place} is 0x{wrong:02x}") from None
        self._before += len(piece)
        read, lines = self._text[: self._at], self._text.count("\n", 0, self._at)
        self._line += lines
        self._column = self._at - read.rfind("\n") if lines else self._column + self._at
        self._text, self._at, self._whole = self._text[self._at :] + text, 0, last

    def _complain(self, error: json.JSONDecodeError) -> NoReturn:
        line = self._line + error.lineno - 1
        column = error.colno + (self._column - 1 if error.lineno == 1 else 0)
        raise BadRequest(f"the body is not JSON: {error.msg}, line {line} column {column}") from None

    # -- the grammar (RFC 8259) ------------------------------------------------------------------
    def _object(self) -> Steps:
        if (yield from self._sign()) != "{":
            yield from self._value()
            raise BadRequest("the body must be a JSON object")
        self._at += 1
        if (yield from self._sign()) == "}":
            self._at += 1
        else:
            yield from self._members()
        yield from self._end()

    def _members(self) -> Steps:
        taking = self._taking
        while True:
            if (yield from self._sign()) != '"':
                raise self._wrong("Expecting property name enclosed in double quotes")
            name = yield from self._value()
            yield from self._expect(":")
            if name in taking.lists and (yield from self._sign()) == "[":
                yield from self._list(name)
            else:
                taking.member(name, (yield from self._value()))
            if (yield from self._expect(",}")) == "}":
                return

    def _list(self, name: str) -> Steps:
        self._at += 1
        item = self._taking.begin(name)
        if (yield from self._sign()) == "]":
            self._at += 1
            return
        while True:
            self._items(item)
            item((yield from self._value()))
            if (yield from self._expect(",]")) == "]":
                return

    def _items(self, item: Callable[[Any], None]) -> None:
        """Read complete elements that are followed by another: the fast path for nearly all of them."""
        self._skip()
        text, decode = self._text, self._decoder.raw_decode
        while True:
            try:
                value, end = decode(text, self._at)
            except ValueError:
                break  # `_value` knows what that means
            if text[end : end + 1] != ",":
                break
            item(value)
            self._at = end + 1
            self._skip()

    def _end(self) -> Steps:
        while True:
            self._skip()
            if self._at < len(self._text):
                raise self._wrong("Extra data")
            if self._whole:
                return
            yield

    # -- its words -------------------------------------------------------------------------------
    def _skip(self) -> None:
        found = _BLANKS.match(self._text, self._at)
        assert found is not None  # noqa: S101 - narrows the type: it matches nothing too
        self._at = found.end()

    def _sign(self) -> Generator[None, None, str]:
        """Read the next character that is not blank; "" at the end."""
        while True:
            self._skip()
            if self._at < len(self._text):
                return self._text[self._at]
            if self._whole:
                return ""
            yield

    def _expect(self, signs: str) -> Generator[None, None, str]:
        sign = yield from self._sign()
        if not sign or sign not in signs:
            raise self._wrong(f"Expecting '{signs[0]}' delimiter")
        self._at += 1
        return sign

    def _value(self) -> Generator[None, None, Any]:
        yield from self._sign()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._whole or self._is_wrong(error):
                    raise
            else:
                # a number may go on in the next piece
                if self._whole or end < len(self._text):
                    self._at = end
                    return value
            if len(self._text) - self._at >= LONGEST:
                raise BadRequest(f"the body has a value of more than {LONGEST} characters")
            yield

    def _is_wrong(self, error: json.JSONDecodeError) -> bool:
        """Whether this is invalid whatever follows."""
        return not error.msg.startswith("Unterminated string") and error.pos < len(self._text) - _WORD

    def _wrong(self, problem: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(problem, self._text, self._at)
