"""Errors as RFC 9457 problems."""

from collections.abc import Mapping

from api.dialect.contract import word_for
from api.dialects.native.authorization import ForAnother
from api.dialects.native.body import NotAFile, NotJson
from api.dialects.native.open_streams import TooMany
from api.dialects.native.responses import Answer, problem
from api.http.errors import (
    BodyTooLarge,
    BodyTooSlow,
    InvalidToken,
    MissingParameter,
    NotOffered,
    UnknownPath,
    WrongMethod,
)
from bridge import errors
from bridge.accounts.sessions import CodeNeeded
from bridge.errors import (
    BadRequest,
    BridgeError,
    IdempotencyConflict,
    NoSuchThing,
    NotAllowed,
    NotPossible,
    StoreClosed,
    StoreUnavailable,
)

RETRY_AFTER = "5"  # seconds

ERROR_WORDS: Mapping[type[BridgeError], str] = {
    BridgeError: "internal",
    BadRequest: "bad-request",
    errors.InvalidNumber: "bad-request",
    errors.InvalidText: "bad-request",
    errors.UnknownLine: "bad-request",
    errors.UnknownTemplate: "bad-request",
    MissingParameter: "bad-request",
    NotOffered: "bad-request",
    NotJson: "not-json",
    NotAFile: "not-a-file",
    BodyTooLarge: "too-large",
    BodyTooSlow: "too-slow",
    WrongMethod: "method-not-allowed",
    NotAllowed: "not-authenticated",
    errors.UnknownCaller: "not-authenticated",
    errors.WrongSecret: "not-authenticated",
    errors.KeyExpired: "not-authenticated",
    errors.ScopeMissing: "not-allowed",
    errors.AccountDisabled: "not-allowed",
    errors.AddressRefused: "not-allowed",
    errors.NotVerified: "not-allowed",
    InvalidToken: "not-authenticated",
    ForAnother: "not-allowed",
    NoSuchThing: "no-such-thing",
    UnknownPath: "no-such-thing",
    NotPossible: "not-possible",
    IdempotencyConflict: "idempotency-conflict",
    errors.AlreadyUsed: "not-possible",
    errors.DailyLimit: "not-possible",
    errors.OutOfCredit: "out-of-credit",
    errors.TooManyRequests: "too-many",
    TooMany: "too-many",
    StoreUnavailable: "store-unavailable",
    StoreClosed: "store-unavailable",
    # these never come as far as a caller; should one, it is our mistake
    errors.ConfigError: "internal",
    errors.LinkError: "internal",
    errors.DeviceLost: "internal",
    errors.SendRefused: "internal",
    errors.OutcomeUnknown: "internal",
}

_HEADERS: Mapping[str, Mapping[str, str]] = {
    "not-authenticated": {"WWW-Authenticate": 'Bearer realm="sms-bridge"'},
    "too-many": {"Retry-After": RETRY_AFTER},
    "store-unavailable": {"Retry-After": RETRY_AFTER},
}


def refusal(error: BridgeError) -> Answer:
    """Convert an error to an answer."""
    kind = word_for(ERROR_WORDS, error)
    named = error.field if isinstance(error, BadRequest | CodeNeeded) else ""
    return problem(kind, error.message, named, _headers(kind, error))


def _headers(kind: str, error: BridgeError) -> Mapping[str, str] | None:
    if isinstance(error, WrongMethod):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, errors.TooManyRequests):
        return {"Retry-After": str(error.retry_after)}
    return _HEADERS.get(kind)
