"""The account/MD5 dialect's words for states and errors."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from api.dialect.contract import about_key, word_for
from api.http import errors as http
from bridge import errors
from bridge.errors import BadRequest, BridgeError, InvalidNumber, TooManyRequests
from bridge.model.message import State

#: success in a list that is pulled, and in a push: the page spells it in two ways, and clients test for them
PULLED, PUSHED = "DELIVER", "DELIVRD"
#: a number on the account's list of those that nothing is sent to; the core's own words for that begin so
SUPPRESSED = "MBBLACK"
#: the network or the device did not take it; `UNDELIV` is for what the network took and then gave up
REJECTED = "REJECTD"

#: the words of SMPP 3.4 appendix B, as Chinese gateways use them
STATE_WORDS: Mapping[State, str] = {
    State.SCHEDULED: "ENROUTE",
    State.QUEUED: "ENROUTE",
    State.SENDING: "ENROUTE",
    State.SENT: "ACCEPTD",
    State.DELIVERED: PULLED,
    State.FAILED: "UNDELIV",
    State.EXPIRED: "EXPIRED",
    State.CANCELLED: "DELETED",
    State.UNKNOWN: "UNKNOWN",
}


class TooManyMobiles(BadRequest):
    """Too many numbers in one request."""


class Malformed(BadRequest):
    """A parameter is not as the page has it; the message says in Chinese how it should be."""


class BadMobile(InvalidNumber):
    """One of the numbers is invalid."""

    def __init__(self, written: str) -> None:
        super().__init__()
        #: as the caller wrote it, cut short
        self.written = written[:32]


class Word(NamedTuple):
    """An error's code and message, with `{}` for the parameter's name."""

    code: str
    sentence: str


_WRONG_PAIR = Word("01", "账号或密码错误(pwd 为接口密码的 MD5 值)")
_INTERNAL = Word("99", "系统内部错误")
_NOT_A_FORM = Word("03", "请求内容必须是表单(application/x-www-form-urlencoded)")
ERROR_WORDS: Mapping[type[BridgeError], Word] = {
    BridgeError: _INTERNAL,
    BadRequest: Word("03", "参数 {} 格式错误"),
    InvalidNumber: Word("03", "参数 mobiles 中有号码格式错误"),
    Malformed: Word("03", "参数 {} 格式错误"),
    errors.InvalidText: Word("07", "参数 content 为空、过长或含有无法发送的字符"),
    errors.UnknownLine: Word("03", "参数 {} 格式错误"),
    errors.UnknownTemplate: Word("03", "参数 {} 格式错误"),
    TooManyMobiles: Word("04", "参数 mobiles 的号码数量超过 3000"),
    http.MissingParameter: Word("03", "缺少参数 {}"),
    http.NotOffered: Word("03", "不支持参数 {}"),
    http.WrongMethod: Word("03", "请求方法错误,请使用 POST"),
    http.BodyTooLarge: Word("03", "请求内容过大"),
    http.BodyTooSlow: Word("03", "请求内容未完整到达"),
    errors.NotAllowed: _WRONG_PAIR,
    errors.UnknownCaller: _WRONG_PAIR,
    errors.WrongSecret: _WRONG_PAIR,
    http.InvalidToken: _WRONG_PAIR,
    errors.KeyExpired: Word("01", "接口密码已过期({})"),
    errors.ScopeMissing: Word("08", "账号权限不足,缺少 {} 权限"),
    errors.AddressRefused: Word("02", "IP 地址 {} 不允许访问"),
    errors.AccountDisabled: Word("08", "账号已停用"),
    errors.NotVerified: Word("08", "账号未通过认证"),
    TooManyRequests: Word("09", "请求过于频繁,请稍后重试"),
    errors.NoSuchThing: Word("03", "请求的内容不存在"),
    http.UnknownPath: Word("03", "接口地址错误"),
    errors.NotPossible: Word("06", "参数 taskId 已被使用"),
    errors.AlreadyUsed: Word("06", "参数 taskId 已被使用"),
    errors.IdempotencyConflict: Word("06", "参数 taskId 已被使用"),
    errors.OutOfCredit: Word("05", "余额不足"),
    errors.DailyLimit: Word("09", "号码当日接收数量已达上限"),
    errors.StoreUnavailable: Word("99", "系统暂时不可用,请稍后重试"),
    errors.StoreClosed: Word("99", "系统暂时不可用,请稍后重试"),
    errors.ConfigError: _INTERNAL,
    errors.LinkError: _INTERNAL,
    errors.DeviceLost: _INTERNAL,
    errors.SendRefused: _INTERNAL,
    errors.OutcomeUnknown: _INTERNAL,
}

#: the parameters of the page, which each may be given once
PAGE = frozenset({"account", "pwd", "mobiles", "content", "taskId", "extNo"})
#: what people write between two numbers instead of a comma
_SEPARATED = re.compile(r"\d{5}[\s;；|、/]+\+?\d{5}")
#: our parameter names in this dialect's spelling
PARAMETERS: Mapping[str, str] = {"recipient": "mobiles", "text": "content", "client_ref": "taskId", "tag": "extNo"}


def told(error: BridgeError) -> Word:
    """The code and message of an error."""
    if isinstance(error, BadMobile):
        several = ",多个号码请用逗号分割" if _SEPARATED.search(error.written) else ""
        return Word("03", f"参数 mobiles 中的号码 {error.written} 格式错误{several}")
    word: Word = word_for(ERROR_WORDS, error)
    field = error.field if isinstance(error, BadRequest) else ""
    if field == "body":
        return _NOT_A_FORM
    name = about_key(error) or PARAMETERS.get(field.rpartition(".")[2], field)
    sentence = word.sentence.replace("{}", name or "请求")
    if isinstance(error, Malformed):
        sentence += f":{error.message}"
    elif type(error) is BadRequest and field in PAGE:
        sentence += ":重复或不是 UTF-8 编码"
    return Word(word.code, sentence)
