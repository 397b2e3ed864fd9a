"""The Graph API's errors as it writes them."""

from typing import Any

from device_drivers.virtual.whatsapp.faults import Faults

WINDOW_CLOSED, NOT_ON_WHATSAPP, TOKEN_EXPIRED, NO_PERMISSION, BAD_PARAMETER = 131047, 131026, 190, 10, 100
NO_TEMPLATE, WRONG_COUNT, MISSING_PARAMETER = 132001, 132000, 131008
#: `object does not exist` of code 100
NO_SUCH_OBJECT = 33
_WORDS = {
    1: "An unknown error occurred",
    2: "Service temporarily unavailable",
    10: "Application does not have permission for this action",
    100: "Invalid parameter",
    190: "Error validating access token: Session has expired",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131016: "Service unavailable",
    131026: "Message undeliverable",
    131042: "Business eligibility payment issue",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
}
_STATUSES = {0: 401, 190: 401, 3: 500, 10: 403, 131048: 400, 1: 500, 2: 503, 131000: 500, 131016: 500, 133004: 503}


def words(code: int) -> str:
    """What Meta calls it."""
    return _WORDS.get(code, "Request failed")


def status_of(code: int) -> int:
    """The HTTP status that the error comes with."""
    return _STATUSES.get(code, 400)


def answer(code: int, faults: Faults, details: str = "", subcode: int = 0) -> dict[str, Any]:
    """The body of an error."""
    error: dict[str, Any] = {
        "message": f"(#{code}) {words(code)}" if code != TOKEN_EXPIRED else words(code),
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "AVirtualTrace",
    }
    if subcode:
        error["error_subcode"] = subcode
    said = details or words(code)
    if faults.plain_error_data:
        error["error_data"] = said
    elif not faults.bare_errors:
        error["error_data"] = {"messaging_product": "whatsapp", "details": said}
    return {"error": error}


def in_status(code: int) -> list[dict[str, Any]]:
    """The `errors` of a status."""
    return [{"code": code, "title": words(code), "message": words(code), "error_data": {"details": words(code)}}]
