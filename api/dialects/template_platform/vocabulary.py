"""The template platform's words for states and errors, and its answer formats."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from aiohttp import web

from api.dialect.contract import about_key, word_for
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

STATE_WORDS: Mapping[State, str] = {
    State.SCHEDULED: "pending",
    State.QUEUED: "pending",
    State.SENDING: "pending",
    # nobody knows: neither a success nor a reason to send it again
    State.UNKNOWN: "pending",
    State.SENT: "success",
    State.DELIVERED: "success",
    State.FAILED: "failed",
    State.EXPIRED: "failed",
    State.CANCELLED: "failed",
}

SENT = "短信发送成功"
#: stands for a number with two decimals
BALANCE = "BALANCE"


class Wrong(BadRequest):
    """参数格式错误"""


class UnknownProvider(Wrong):
    """服务商未配置"""


class ErrorWord(NamedTuple):
    """HTTP status and message; `{}` stands for the details."""

    status: int
    text: str


_REFUSED = ErrorWord(400, "请求参数错误")
_STRANGER = ErrorWord(401, "认证失败,API Key 或 Secret 无效")
_OURS = ErrorWord(500, "服务器内部错误")

ERROR_WORDS: Mapping[type[BridgeError], ErrorWord] = {
    BridgeError: _OURS,
    BadRequest: _REFUSED,
    Wrong: ErrorWord(400, "请求参数错误:{}"),
    UnknownProvider: ErrorWord(400, "请求参数错误:{}"),
    errors.InvalidNumber: ErrorWord(400, "请求参数错误:phone 不是有效的手机号码"),
    errors.InvalidText: ErrorWord(400, "请求参数错误:短信内容为空、过长或含有无法发送的字符"),
    errors.UnknownLine: ErrorWord(400, "请求参数错误:provider 未配置"),
    errors.UnknownTemplate: ErrorWord(400, "请求参数错误:template_id 不存在或未通过审核"),
    MissingParameter: _REFUSED,
    NotOffered: ErrorWord(400, "请求参数错误:不支持该功能"),
    WrongMethod: ErrorWord(405, "请求方法错误,请使用 {}"),
    BodyTooLarge: ErrorWord(413, "请求参数错误:请求内容过长"),
    BodyTooSlow: ErrorWord(408, "请求超时:请求内容未完整到达"),
    errors.NotAllowed: _STRANGER,
    InvalidToken: _STRANGER,
    errors.UnknownCaller: _STRANGER,
    errors.WrongSecret: _STRANGER,
    errors.KeyExpired: ErrorWord(401, "认证失败,API Key 已于 {} 过期"),
    errors.ScopeMissing: ErrorWord(403, "权限不足,API Key 缺少 {} 权限"),
    errors.AccountDisabled: ErrorWord(403, "权限不足,账户已被禁用"),
    errors.AddressRefused: ErrorWord(403, "权限不足,IP 地址 {} 不在白名单中"),
    errors.NotVerified: ErrorWord(403, "权限不足,未完成实名认证"),
    errors.TooManyRequests: ErrorWord(429, "请求频率超限"),
    errors.NoSuchThing: ErrorWord(404, "资源不存在"),
    UnknownPath: ErrorWord(404, "接口不存在"),
    errors.NotPossible: ErrorWord(400, "发送失败:当前状态不允许该操作"),
    errors.IdempotencyConflict: ErrorWord(400, "发送失败:请求重复"),
    errors.AlreadyUsed: ErrorWord(400, "发送失败:请求重复"),
    errors.OutOfCredit: ErrorWord(400, "发送失败:余额不足"),
    errors.DailyLimit: ErrorWord(400, "发送失败:该号码今日接收数量已达上限"),
    errors.StoreUnavailable: _OURS,
    errors.StoreClosed: _OURS,
    errors.ConfigError: _OURS,
    errors.LinkError: _OURS,
    errors.DeviceLost: _OURS,
    errors.SendRefused: _OURS,
    errors.OutcomeUnknown: _OURS,
}

#: our names of parameters in this dialect's spelling
_PARAMETERS: Mapping[str, str] = {"recipient": "phone", "text": "params", "line": "provider", "template": "template_id"}


def sentence(error: BridgeError) -> str:
    """The message for an error."""
    word: ErrorWord = word_for(ERROR_WORDS, error)
    if word is _REFUSED and isinstance(error, BadRequest) and error.field:
        return f"{word.text}:{_PARAMETERS.get(error.field, error.field)} 无效"
    allowed = ", ".join(error.allowed) if isinstance(error, WrongMethod) else ""
    return word.text.format(about_key(error) or allowed or error.message)


def refusal(error: BridgeError) -> web.Response:
    """The documented failure body."""
    headers = {}
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, errors.StoreUnavailable):
        headers["Retry-After"] = "5"
    elif isinstance(error, WrongMethod) and error.allowed:
        headers["Allow"] = ", ".join(error.allowed)
    status: int = word_for(ERROR_WORDS, error).status
    return _reply({"success": False, "message": sentence(error)}, status, headers)


def success(data: Any, message: str = "", balance: str = "null") -> web.Response:
    """A success with data; the documentation shows a `message` for sending and none for reading.

    `balance` goes in, as it is, where the data have BALANCE: JSON numbers of Python's do not keep a zero at the end.
    """
    return _reply({"success": True, **({"message": message} if message else {}), "data": data}, balance=balance)


def _reply(
    answer: Any, status: int = 200, headers: Mapping[str, str] | None = None, balance: str = "null"
) -> web.Response:
    body = json.dumps(answer, ensure_ascii=False).replace(f'"{BALANCE}"', balance).encode("utf-8", "replace")
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return web.Response(body=body, status=status, headers={**kind, **(headers or {})})
