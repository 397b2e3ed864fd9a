"""Answers: JSON, and problems of RFC 9457."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from bridge.dataclass import dataclass
from bridge.model.message import Message

JSON, PROBLEM = "application/json", "application/problem+json"
#: kind of problem → status; `type` of a problem is this prefix and the kind
PROBLEMS: Mapping[str, int] = {
    "bad-request": 400,
    "not-authenticated": 401,
    "out-of-credit": 402,
    "not-allowed": 403,
    "no-such-thing": 404,
    "method-not-allowed": 405,
    "too-slow": 408,
    "not-possible": 409,
    "idempotency-conflict": 409,
    "too-large": 413,
    "not-json": 415,
    "not-a-file": 415,
    "too-many": 429,
    "internal": 500,
    "store-unavailable": 503,
}
#: ids that are put into an answer at once
AT_ONCE = 1000
PREFIX = "urn:sms-bridge:problem:"

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an operation, independent of transport."""

    status: int
    body: bytes = b""
    #: of the body; "" where there is none
    content_type: str = ""
    headers: Mapping[str, str] | None = None


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return Answer(status, written(value), JSON, headers)


def answer_ids(rows: Sequence[Message], status: int, headers: Mapping[str, str]) -> Answer:
    """The ids of many messages, which need no escapes: an encoder takes 30 ms for the most there may be.

    It is composed in pieces, as no other thread has a turn in the middle of one.
    """
    pieces = [
        '","'.join([row.id for row in rows[start : start + AT_ONCE]]).encode() for start in range(0, len(rows), AT_ONCE)
    ]
    return Answer(status, b'{"count":%d,"ids":["%b"]}' % (len(rows), b'","'.join(pieces)), JSON, headers)


def nothing() -> Answer:
    """An empty answer (204)."""
    return Answer(204)


def problem(kind: str, detail: str, field: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """An RFC 9457 problem; `field` names the invalid parameter."""
    status = PROBLEMS[kind]
    value: dict[str, Any] = {
        "type": PREFIX + kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if field:
        value["field"] = field
    return Answer(status, written(value), PROBLEM, headers)


def written(value: object) -> bytes:
    """Compact JSON in UTF-8; lone surrogates in caller-given names become `?`."""
    return _ENCODER.encode(value).encode(errors="replace")
