"""Error formats of the smsmobile dialect's path families."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from api.dialect.auth import TokenRefused
from api.dialect.contract import word_for
from api.dialects.smsmobile.vocabulary import ERROR_WORDS, PARAMETERS, ErrorWord
from bridge.errors import BadRequest, BridgeError, TooManyRequests

#: with every answer; pages of any origin may read it
HEADERS = CIMultiDictProxy(
    CIMultiDict({"Content-Type": "application/json; charset=utf-8", "Access-Control-Allow-Origin": "*"})
)
#: with everything that has a token in it (RFC 6749 §5.1)
NO_STORE = {**HEADERS, "Cache-Control": "no-store", "Pragma": "no-cache"}
#: what a status wants beside the body: RFC 9110 §11.6.1 and §10.2.3, RFC 6750 §3
_BY_STATUS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="sms-bridge", error="invalid_token"'},
    405: {"Allow": "GET, POST, OPTIONS"},
    503: {"Retry-After": "5"},
}
#: a program that was written for the vendor comes with the vendor's key first
UNKNOWN_KEY = "This bridge does not know this apikey. It has keys of its own: sms-bridge account add prints one, once."
#: what the vendor says with a code alone in the lists of calls
_BARE = frozenset({"missing_apikey", "invalid_apikey"})


def reply(answer: Any, status: int = 200, headers: Mapping[str, str] = HEADERS) -> web.Response:
    """A JSON answer."""
    body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    return web.Response(body=body, status=status, headers=headers)


def code_of(error: BridgeError) -> str:
    """The code for `error`, including the invalid parameter's name."""
    word: ErrorWord = word_for(ERROR_WORDS, error)
    if word.with_field and isinstance(error, BadRequest) and error.field:
        # of a message that goes both ways the core says which of the two: messages[1].media
        field = error.field.rpartition("].")[2]
        return word.with_field.format(PARAMETERS.get(field, field).lower())
    return word.code


def sentence(error: BridgeError) -> str:
    """What is wrong, in words; with an unknown key also where this bridge's keys come from."""
    return UNKNOWN_KEY if code_of(error) == "invalid_apikey" else error.message


def sending_answer(error: BridgeError, id: str = "", sent: str = "api_error") -> dict[str, Any]:
    """An error as `/sendsms` and related paths report it."""
    return _topped(error, {"result": {"error": code_of(error), "sent": sent, "id": id, "note": sentence(error)}})


def _topped(error: BridgeError, answer: dict[str, Any]) -> dict[str, Any]:
    """With code and message also at the top, where some clients look first."""
    return {**answer, "error": code_of(error), "message": sentence(error)}


class Refusals:
    """Converts errors to answers. With `legacy_http_200` all have status 200, as observed from the vendor."""

    def __init__(self, legacy_http_200: bool) -> None:
        self._legacy = legacy_http_200

    def sending(self, error: BridgeError, id: str = "", sent: str = "api_error") -> web.Response:
        """Errors of `/sendsms` and related paths."""
        return self._reply(error, sending_answer(error, id, sent))

    def listing(self, error: BridgeError) -> web.Response:
        """Errors of logs and inbox: `sms` is always a list."""
        return self._answer(error, {"result": {"error": code_of(error), "sms": [], "note": sentence(error)}})

    def phones(self, error: BridgeError) -> web.Response:
        """Errors of the phone list, with the duplicate that some clients read."""
        mirror = {"error": code_of(error), "mobiles": [], "note": sentence(error)}
        return self._answer(error, {"success": False, "items": [], "result": mirror})

    def calls(self, error: BridgeError) -> web.Response:
        """Errors of call lists: two members for a missing or wrong key, a message for anything else."""
        code = code_of(error)
        answer: dict[str, Any] = {"success": False, "error": code}
        return self._reply(error, answer if code in _BARE else {**answer, "detail": error.message})

    def notifications(self, error: BridgeError) -> web.Response:
        """Errors of the list of notifications: a message without a code."""
        return self._notified(error, "Missing required param: apikey.")

    def notifying(self, error: BridgeError) -> web.Response:
        """Errors of sending a notification, likewise."""
        return self._notified(error, "Missing required params: apikey and sid are mandatory.")

    def _notified(self, error: BridgeError, no_key: str) -> web.Response:
        message = no_key if code_of(error) == "missing_apikey" else sentence(error)
        return self._reply(error, {"success": False, "message": message})

    def tokens(self, error: BridgeError) -> web.Response:
        """Errors of `/oauth2/token` (RFC 6749 §5.2)."""
        word: ErrorWord = word_for(ERROR_WORDS, error)
        code, status, headers = "invalid_request", word.status, NO_STORE
        if isinstance(error, TokenRefused):
            code, status = error.code, 400
        elif status >= 500:
            code = "server_error"
        if code == "invalid_client":
            status, headers = 401, {**NO_STORE, "WWW-Authenticate": 'Basic realm="sms-bridge"'}
        if isinstance(error, TooManyRequests):
            headers = {**headers, "Retry-After": str(error.retry_after)}
        return reply({"error": code, "error_description": error.message}, status, headers)

    def _answer(self, error: BridgeError, answer: dict[str, Any]) -> web.Response:
        return self._reply(error, _topped(error, answer))

    def _reply(self, error: BridgeError, answer: dict[str, Any]) -> web.Response:
        status: int = word_for(ERROR_WORDS, error).status
        return reply(answer, 200 if self._legacy else status, {**HEADERS, **_more_headers(error, status)})


def _more_headers(error: BridgeError, status: int) -> Mapping[str, str]:
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after)}
    return _BY_STATUS.get(status, {})
