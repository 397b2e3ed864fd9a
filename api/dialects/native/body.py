"""Parses request bodies as strict JSON (RFC 8259): ambiguity is an error."""

import asyncio
import codecs
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack, aclosing, closing
from typing import Any, NoReturn, TypeVar

from api.dialects.native.fields import Unfit
from api.dialects.native.incoming import Incoming
from api.dialects.native.order import Order, Ordering
from api.dialects.native.pieces import Pieces
from api.http import json_values
from api.http.room import PIECE
from bridge.errors import BadRequest
from bridge.gateway.interpreter import considerate

T = TypeVar("T")


class NotJson(BadRequest):
    """Send JSON, with the header Content-Type: application/json."""


class NotAFile(BadRequest):
    """Send the file itself as the body (curl: --data-binary @FILE), not JSON and no form."""


async def read_file(incoming: Incoming, limit: int) -> bytes:
    """The file of at most `limit` bytes that the body is.

    Raises BodyTooLarge, and NotAFile for what says that it is something else.
    """
    kind = incoming.content_type
    if kind == "application/json" or kind.endswith("+json") or kind.startswith("multipart/"):
        raise NotAFile
    return await incoming.read(limit)


async def read(incoming: Incoming, meaning: Callable[[Mapping[str, Any]], T], limit: int) -> T:
    """Parse the caller's JSON object of at most `limit` bytes with `meaning`; an empty body is `{}`.

    Raises BadRequest, and its kinds NotJson for another content type and BodyTooLarge.
    """
    raw = await incoming.read(limit)
    _check_label(incoming, raw)
    return meaning(_object_in(raw))


async def read_order(incoming: Incoming, limit: int, meanwhile: ExitStack) -> Order:
    """Read a submission of at most `limit` bytes, parsed as it arrives. Raises like `read`.

    `meanwhile` lasts until the call is answered, and so does what keeps a long one out of others' way.
    """
    ordering, held = Ordering(), 0
    whole = incoming.arrived(limit)
    if whole is not None:
        _check_label(incoming, whole)
        return ordering.all(_object_in(whole))
    async with aclosing(incoming.pieces(limit)) as coming:
        first = await anext(coming)
        _check_label(incoming, first)
        if len(first) < PIECE:
            return ordering.all(_object_in(first))
        meanwhile.enter_context(considerate())
        meanwhile.callback(ordering.let_go)
        with closing(Pieces(_DECODER, ordering)) as pieces:
            pieces.feed(first)
            async for piece in coming:
                pieces.feed(piece)
                incoming.hold(ordering.memory - held)
                held = ordering.memory
            pieces.feed(b"", last=True)
    # a list of numbers has its messages made now
    return await asyncio.to_thread(ordering.made)


def _check_label(incoming: Incoming, raw: bytes) -> None:
    if raw and incoming.content_type != "application/json" and not incoming.content_type.endswith("+json"):
        raise NotJson


def _object_in(raw: bytes) -> Mapping[str, Any]:
    value = parse(raw or b"{}")
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return value


def parse(raw: bytes) -> Any:
    """Parse JSON. Raises BadRequest for anything that two parsers might read differently."""
    if json_values.too_many(raw):
        raise BadRequest(f"the body has more than {json_values.MOST} values")
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}") from None
    except json.JSONDecodeError as error:
        if raw.startswith(codecs.BOM_UTF8):
            raise BadRequest("the body is not JSON: leave out the byte order mark that it begins with") from None
        raise BadRequest(f"the body is not JSON: {error.msg}, line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None
    except ValueError:
        # what is left: CPython's limit on the digits of an integer
        raise BadRequest("the body has a number with too many digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unfit("is given twice in the same object", twice)
    return made


def _constant(name: str) -> NoReturn:
    raise BadRequest(f"the body is not JSON: {name} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
