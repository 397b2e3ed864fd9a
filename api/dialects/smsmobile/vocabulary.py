"""The smsmobile dialect's words for states, errors and parameters."""

from collections.abc import Mapping
from typing import NamedTuple

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
from bridge.errors import BadRequest, BridgeError
from bridge.model.message import State


class StateWord(NamedTuple):
    """How the sent log shows a state."""

    #: `send_from_mobile`: "1" once the phone has sent it
    sent: str
    #: the row's key that carries why it did not go, "" for states that are no failure
    blame: str = ""


#: Clients take a row as sent when `send_from_mobile` is "1" and both error keys are empty, and as failed when one
#: of those is not. An unknown outcome must be neither, so it looks like a row that is still waiting.
STATE_WORDS: Mapping[State, StateWord] = {
    State.SCHEDULED: StateWord("0"),
    State.QUEUED: StateWord("0"),
    State.SENDING: StateWord("0"),
    State.SENT: StateWord("1"),
    State.DELIVERED: StateWord("1"),
    State.FAILED: StateWord("0", "send_from_mobile_erreur"),
    State.EXPIRED: StateWord("0", "error_api"),
    State.CANCELLED: StateWord("0", "error_api"),
    State.UNKNOWN: StateWord("0"),
}


class WhatsappNotConnected(NotOffered):
    """WhatsApp is not connected to this bridge; it sends SMS only."""


class MailNotSent(NotOffered):
    """The e-mail was not sent."""


class ErrorWord(NamedTuple):
    """An error's HTTP status and the code in `error`."""

    status: int
    code: str
    #: the word when a parameter is at fault, with its name for `{}`
    with_field: str = ""


ERROR_WORDS: Mapping[type[BridgeError], ErrorWord] = {
    BridgeError: ErrorWord(500, "server_error"),
    BadRequest: ErrorWord(400, "invalid_request", "invalid_{}"),
    errors.InvalidNumber: ErrorWord(400, "invalid_recipients"),
    errors.InvalidText: ErrorWord(400, "invalid_message"),
    errors.UnknownLine: ErrorWord(400, "unknown_sidentifiant"),
    errors.UnknownTemplate: ErrorWord(400, "unknown_template"),
    MissingParameter: ErrorWord(400, "missing_parameter", "missing_{}"),
    NotOffered: ErrorWord(400, "not_supported", "{}_not_supported"),
    MailNotSent: ErrorWord(502, "email_not_sent"),
    WhatsappNotConnected: ErrorWord(400, "whatsapp_not_connected"),
    WrongMethod: ErrorWord(405, "wrong_method"),
    BodyTooLarge: ErrorWord(413, "too_large"),
    BodyTooSlow: ErrorWord(408, "too_slow"),
    errors.NotAllowed: ErrorWord(403, "invalid_apikey"),
    errors.UnknownCaller: ErrorWord(403, "invalid_apikey"),
    errors.WrongSecret: ErrorWord(403, "invalid_apikey"),
    errors.KeyExpired: ErrorWord(403, "expired_apikey"),
    errors.ScopeMissing: ErrorWord(403, "scope_missing"),
    errors.AccountDisabled: ErrorWord(403, "account_disabled"),
    errors.AddressRefused: ErrorWord(403, "address_refused"),
    errors.NotVerified: ErrorWord(403, "not_verified"),
    errors.TooManyRequests: ErrorWord(429, "too_many_requests"),
    InvalidToken: ErrorWord(401, "invalid_token"),
    errors.NoSuchThing: ErrorWord(404, "not_found"),
    UnknownPath: ErrorWord(404, "unknown_path"),
    errors.NotPossible: ErrorWord(409, "not_in_error"),
    errors.IdempotencyConflict: ErrorWord(409, "idempotency_conflict"),
    errors.AlreadyUsed: ErrorWord(409, "already_used"),
    errors.OutOfCredit: ErrorWord(402, "out_of_credit"),
    errors.DailyLimit: ErrorWord(409, "daily_limit"),
    errors.StoreUnavailable: ErrorWord(503, "store_unavailable"),
    errors.StoreClosed: ErrorWord(503, "store_unavailable"),
    errors.ConfigError: ErrorWord(500, "server_error"),
    errors.LinkError: ErrorWord(502, "phone_error"),
    errors.DeviceLost: ErrorWord(503, "phone_offline"),
    errors.SendRefused: ErrorWord(502, "send_refused"),
    errors.OutcomeUnknown: ErrorWord(504, "outcome_unknown"),
}

#: our parameter names in this dialect's spelling
PARAMETERS: Mapping[str, str] = {
    "recipient": "recipients",
    "text": "message",
    "line": "sIdentifiant",
    "slot": "port",
    "not_before": "schedule_timestamp",
    "media": "url_media",
}
