"""Zhenzi's words for states and errors, and its answer format."""

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
    State.SCHEDULED: "waiting",
    State.QUEUED: "waiting",
    State.SENDING: "waiting",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.FAILED: "failed",
    State.EXPIRED: "failed",
    State.CANCELLED: "failed",
    State.UNKNOWN: "unknown",
}

SENT = "发送成功"


class Wrong(BadRequest):
    """参数格式错误"""


class TooLong(BadRequest):
    """短信内容超过 1000 字"""


class ErrorWord(NamedTuple):
    """`code` and `data`; `{}` stands for the details."""

    code: int
    text: str
    #: the page knows 200 only; what is no call of its API at all is told by HTTP too
    status: int = 200


_MALFORMED = ErrorWord(100, "参数格式错误")
_OURS = ErrorWord(1000, "系统未知错误")

ERROR_WORDS: Mapping[type[BridgeError], ErrorWord] = {
    BridgeError: _OURS,
    BadRequest: _MALFORMED,
    Wrong: ErrorWord(100, "参数格式错误:{}"),
    TooLong: ErrorWord(101, "短信内容超过 1000 字"),
    errors.InvalidNumber: ErrorWord(100, "参数格式错误:number 必须是一个手机号码"),
    errors.InvalidText: ErrorWord(100, "参数格式错误:短信内容为空、过长或含有无法发送的字符"),
    errors.UnknownLine: _MALFORMED,
    errors.UnknownTemplate: ErrorWord(100, "参数格式错误:templateId 不存在或未通过审核"),
    MissingParameter: _MALFORMED,
    NotOffered: _MALFORMED,
    WrongMethod: ErrorWord(100, "参数格式错误:必须是 post 请求", 405),
    BodyTooLarge: ErrorWord(100, "参数格式错误:请求内容过长", 413),
    BodyTooSlow: ErrorWord(100, "参数格式错误:请求内容未完整到达", 408),
    errors.NotAllowed: ErrorWord(111, "账号不存在"),
    InvalidToken: ErrorWord(111, "账号不存在"),
    errors.UnknownCaller: ErrorWord(105, "appId 错误或应用不存在"),
    errors.WrongSecret: ErrorWord(110, "应用秘钥(AppSecret)错误"),
    errors.KeyExpired: ErrorWord(110, "应用秘钥(AppSecret)已于 {} 过期"),
    errors.ScopeMissing: ErrorWord(106, "应用被禁止:应用秘钥缺少 {} 权限"),
    errors.AccountDisabled: ErrorWord(106, "应用被禁止"),
    errors.AddressRefused: ErrorWord(107, "ip 错误:{} 不在白名单中"),
    errors.NotVerified: ErrorWord(106, "应用被禁止:账号未通过审核"),
    errors.TooManyRequests: ErrorWord(1000, "请求过于频繁"),
    errors.NoSuchThing: ErrorWord(100, "参数格式错误:没有这条短信"),
    UnknownPath: ErrorWord(100, "参数格式错误:没有这个接口", 404),
    errors.NotPossible: ErrorWord(100, "参数格式错误:当前状态不允许该操作"),
    errors.IdempotencyConflict: ErrorWord(100, "参数格式错误:messageId 不能重复"),
    errors.AlreadyUsed: ErrorWord(100, "参数格式错误:messageId 不能重复"),
    errors.OutOfCredit: ErrorWord(108, "短信余额不足"),
    errors.DailyLimit: ErrorWord(109, "今日发送超过限额"),
    errors.StoreUnavailable: _OURS,
    errors.StoreClosed: _OURS,
    errors.ConfigError: _OURS,
    errors.LinkError: _OURS,
    errors.DeviceLost: _OURS,
    errors.SendRefused: _OURS,
    errors.OutcomeUnknown: _OURS,
}


def refusal(error: BridgeError) -> web.Response:
    """A code other than 0, with the reason."""
    word: ErrorWord = word_for(ERROR_WORDS, error)
    headers = {}
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, WrongMethod) and error.allowed:
        headers["Allow"] = ", ".join(error.allowed)
    return reply(word.code, word.text.format(about_key(error) or error.message), word.status, headers)


def reply(code: int, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """The format of every answer."""
    body = json.dumps({"code": code, "data": data}, ensure_ascii=False).encode("utf-8", "replace")
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return web.Response(body=body, status=status, headers={**kind, **(headers or {})})
