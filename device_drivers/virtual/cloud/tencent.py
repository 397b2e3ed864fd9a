"""The emulated API of Tencent Cloud SMS, written from its documentation and not from the driver."""

import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from bridge.messages.templates import places
from device_drivers.virtual.cloud.account import Account
from device_drivers.virtual.cloud.far import Record, rendered
from device_drivers.virtual.network.message import now
from device_drivers.virtual.whatsapp.person import Person

SECRET_ID, SECRET_KEY, SDK_APP_ID, SIGN = "AKIDvirtual", "virtual-secret-key", "1400006666", "虚拟公司"
#: seconds that a caller's clock may be off
DRIFT = 300
MOST = 200
_BEIJING = timezone(timedelta(hours=8))


class Refused(Exception):
    """The call is answered with an error of this code."""

    def __init__(self, code: str, message: str = "refused") -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Tencent(Account):
    """An application at Tencent. `start` and `close` it."""

    def __init__(self, templates: Mapping[str, str], port: int = 0) -> None:
        """`templates`: id → approved text, as `{1}`; those of ids that begin with 9 are for other countries."""
        super().__init__(templates, SIGN, _took, port)
        #: (action, body) of every call whose signature was right
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        #: what the two pulls give out, each once
        self._reports: deque[dict[str, Any]] = deque()
        self._replies: deque[dict[str, Any]] = deque()

    @property
    def options(self) -> dict[str, Any]:
        """What a bridge's configuration says of it."""
        home = {name: text for name, text in self.templates.items() if not name.startswith("9")}
        return {
            "secret_id": SECRET_ID, "secret_key": SECRET_KEY, "sdk_app_id": SDK_APP_ID, "sign_name": SIGN,
            "endpoint": self.url, "templates": home,
            "foreign_templates": {name: text for name, text in self.templates.items() if name not in home},
        }  # fmt: skip

    # -- answering --------------------------------------------------------------------------------
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            self._admit(request, body)
            asked = json.loads(body)
            action = request.headers["X-TC-Action"]
            self.calls.append((action, asked))
            if self._is_too_often():
                raise Refused("RequestLimitExceeded")
            if self.faults.fail_next:
                raise Refused(self.faults.fail_next.pop(0))
            if codes := self.faults.fail_of.get(action):
                raise Refused(codes.pop(0))
            if asked.get("SmsSdkAppId") != SDK_APP_ID:
                raise Refused("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
            if action == "SendSms":
                return await self._send(request, asked)
            return _reply(self._told(action, asked))
        except Refused as refused:
            return _reply({"Error": {"Code": refused.code, "Message": refused.message}})

    def _admit(self, request: web.Request, body: bytes) -> None:
        """Check the signature by the headers that it names."""
        try:
            scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
            given = dict(each.strip().split("=", 1) for each in rest.split(","))
            key_id, date, service, end = given["Credential"].split("/")
            seconds = int(request.headers["X-TC-Timestamp"])
            names, signature = given["SignedHeaders"], given["Signature"]
        except (KeyError, ValueError):
            raise Refused("AuthFailure.InvalidAuthorization") from None
        if scheme != "TC3-HMAC-SHA256" or (service, end) != ("sms", "tc3_request"):
            raise Refused("AuthFailure.InvalidAuthorization")
        if key_id != SECRET_ID:
            raise Refused("AuthFailure.SecretIdNotFound")
        if abs(time.time() + self.faults.clock_ahead - seconds) > DRIFT:
            raise Refused("AuthFailure.SignatureExpire")
        lines = "".join(f"{name}:{request.headers.get(name, '').strip().lower()}\n" for name in names.split(";"))
        canonical = f"{request.method}\n{request.path}\n{request.query_string}\n{lines}\n{names}\n{_sha(body)}"
        to_sign = f"{scheme}\n{seconds}\n{date}/{service}/{end}\n{_sha(canonical.encode())}"
        secret = f"TC3{SECRET_KEY}".encode()
        for step in (date, service, end, to_sign):
            secret = hmac.new(secret, step.encode(), hashlib.sha256).digest()
        right = {"content-type", "host"} <= set(names.split(";")) and date == _utc_day(seconds)
        if not right or not hmac.compare_digest(secret.hex(), signature):
            raise Refused("AuthFailure.SignatureFailure")
        if request.headers.get("X-TC-Version") != "2021-01-11":
            raise Refused("NoSuchVersion")

    async def _send(self, request: web.Request, asked: Mapping[str, Any]) -> web.StreamResponse:
        if (instead := await self._before(request)) is not None:
            return instead
        numbers = asked.get("PhoneNumberSet", [])
        if not 0 < len(numbers) <= MOST:
            raise Refused("LimitExceeded.PhoneNumberCountLimit")
        verdicts = [self._verdict(number, asked) for number in numbers]
        return await self._after(request) or _reply({"SendStatusSet": verdicts})

    def _verdict(self, written: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        try:
            record = self._take(written, asked)
        except Refused as refused:
            return {
                "SerialNo": "", "PhoneNumber": written, "Fee": 0, "SessionContext": asked.get("SessionContext", ""),
                "Code": refused.code, "Message": refused.message, "IsoCode": "",
            }  # fmt: skip
        return {
            "SerialNo": record.id, "PhoneNumber": written, "Fee": 1, "SessionContext": record.ours, "Code": "Ok",
            "Message": "send success", "IsoCode": "CN" if record.number.startswith("+86") else "US",
        }  # fmt: skip

    def _take(self, written: str, asked: Mapping[str, Any]) -> Record:
        number = written if written.startswith("+") else f"+86{written}"
        if not number[1:].isdecimal():
            raise Refused("InvalidParameterValue.IncorrectPhoneNumber")
        if self.faults.refuse_next:
            raise Refused(self.faults.refuse_next.pop(0))
        if number in self.faults.refuse:
            raise Refused(self.faults.refuse[number])
        name, home = str(asked.get("TemplateId", "")), number.startswith("+86")
        if name not in self.templates:
            raise Refused("FailedOperation.TemplateIncorrectOrUnapproved")
        if home is name.startswith("9"):
            wrong = "GlobalTemplateToChineseMainlandPhone" if home else "ChineseMainlandTemplateToGlobalPhone"
            raise Refused(f"UnsupportedOperation.{wrong}")
        if home and asked.get("SignName") != SIGN:
            raise Refused("FailedOperation.SignatureIncorrectOrUnapproved")
        values = asked.get("TemplateParamSet", [])
        if len(values) != len(places(self.templates[name])) or not all(isinstance(each, str) for each in values):
            raise Refused("FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
        text = rendered(self.templates[name], {str(place): each for place, each in enumerate(values, 1)})
        self._count += 1
        serial = f"5000:{now():x}{self._count:06x}"
        record = Record(serial, number, name, text, str(asked.get("SessionContext", "")), now())
        self._carry(record)
        return record

    # -- what becomes of messages -----------------------------------------------------------------
    def _settle(self, record: Record, outcome: str) -> None:
        """The carrier tells."""
        record.outcome, record.told_at = outcome, now()
        record.word = "DELIVRD" if outcome == "delivered" else self.faults.failure
        self._reports.append(self._entry(record))
        code, mobile = _cut(record.number)
        told = {
            "user_receive_time": datetime.fromtimestamp(record.told_at // 1000, _BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "nationcode": code, "mobile": mobile, "report_status": _word(record), "errmsg": record.word,
            "description": "用户短信送达成功" if outcome == "delivered" else "用户短信送达失败", "sid": record.id,
        }  # fmt: skip
        self.pushes.report(told | ({"ext": record.ours} if self.faults.with_label else {}))

    def _entry(self, record: Record) -> dict[str, Any]:
        code, mobile = _cut(record.number)
        return {
            "UserReceiveTime": record.told_at // 1000, "CountryCode": code, "SubscriberNumber": mobile,
            "PhoneNumber": record.number, "SerialNo": record.id, "ReportStatus": _word(record),
            "Description": record.word, "SessionContext": record.ours if self.faults.with_label else "",
        }  # fmt: skip

    def _wrote(self, person: Person, text: str) -> None:
        """Somebody answers."""
        code, mobile = _cut(person.number)
        self._count += 1
        at = now() // 1000
        told = {"extend": "", "mobile": mobile, "nationcode": code, "sign": SIGN, "text": text, "time": at}
        self.pushes.push(told)
        self._replies.append({
            "ExtendCode": "", "CountryCode": code, "PhoneNumber": person.number, "SubscriberNumber": mobile,
            "SignName": SIGN, "ReplyContent": text, "ReplyTime": at,
        })  # fmt: skip

    def _told(self, action: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if action == "PullSmsSendStatus":
            return {"PullSmsSendStatusSet": _take_out(self._reports, asked["Limit"])}
        if action == "PullSmsReplyStatus":
            return {"PullSmsReplyStatusSet": _take_out(self._replies, asked["Limit"])}
        if action != "PullSmsSendStatusByPhoneNumber":
            raise Refused("InvalidAction")
        first, last = asked["BeginTime"], asked.get("EndTime", 1 << 40)
        found = [
            self._entry(each)
            for each in self.far.records
            if each.outcome and each.number == asked["PhoneNumber"] and first <= each.taken_at // 1000 <= last
        ]
        if self.faults.empty_details:
            found = []
        return {"PullSmsSendStatusSet": found[asked.get("Offset", 0) :][: asked["Limit"]]}


def _reply(told: dict[str, Any]) -> web.Response:
    body = json.dumps({"Response": {**told, "RequestId": f"{now():x}"}}, ensure_ascii=False).encode()
    return web.Response(body=body, content_type="application/json")


def _take_out(queue: deque[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    return [queue.popleft() for _ in range(min(limit, 100, len(queue)))]


def _took(status: int, body: bytes) -> bool:
    try:
        return status == 200 and json.loads(body).get("result") == 0
    except (ValueError, AttributeError):
        return False


def _word(record: Record) -> str:
    return "SUCCESS" if record.outcome == "delivered" else "FAIL"


def _cut(number: str) -> tuple[str, str]:
    """Country code and the rest."""
    return ("86", number[3:]) if number.startswith("+86") else (number[1:2], number[2:])


def _utc_day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
