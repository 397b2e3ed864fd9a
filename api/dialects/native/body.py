"""Parses request bodies as strict JSON (RFC 8259): ambiguity is an error."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from api.dialects.native.fields import Unfit
from api.dialects.native.incoming import Incoming
from bridge.errors import BadRequest

T = TypeVar("T")

#: a longer body is parsed on a worker thread, so that the event loop goes on meanwhile
INLINE_BYTES = 128 * 1024


class NotJson(BadRequest):
    """Send JSON, with the header Content-Type: application/json."""


async def read(incoming: Incoming, meaning: Callable[[Mapping[str, Any]], T], limit: int) -> T:
    """Parse the caller's JSON object of at most `limit` bytes with `meaning`; an empty body is `{}`.

    Raises BadRequest, and its kinds NotJson for another content type and BodyTooLarge.
    """
    raw = await incoming.read(limit)
    if raw and incoming.content_type != "application/json" and not incoming.content_type.endswith("+json"):
        raise NotJson
    if len(raw) <= INLINE_BYTES:
        return meaning(_object_in(raw))
    return await asyncio.to_thread(lambda: meaning(_object_in(raw)))


def _object_in(raw: bytes) -> Mapping[str, Any]:
    value = parse(raw or b"{}")
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return value


def parse(raw: bytes) -> Any:
    """Parse JSON. Raises BadRequest for anything that two parsers might read differently."""
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}") from None
    except json.JSONDecodeError as error:
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
