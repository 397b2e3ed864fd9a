"""The emulated API of Alibaba Cloud SMS, written from its documentation and not from the driver."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, quote

from aiohttp import web

from bridge.messages.templates import places
from device_drivers.virtual.cloud.account import Account
from device_drivers.virtual.cloud.far import Record, rendered
from device_drivers.virtual.network.message import now
from device_drivers.virtual.whatsapp.person import Person

KEY_ID, KEY_SECRET, SIGN = "LTAIvirtual", "virtual-access-key-secret", "虚拟公司"
#: seconds that a call's date may be old
DRIFT = 900
MOST = 1000
_BEIJING = timezone(timedelta(hours=8))
_STATUS = {"": 1, "failed": 2, "delivered": 3}


class Refused(Exception):
    """The call is answered with an error of this code."""

    def __init__(self, code: str, message: str = "refused", status: int = 200) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Aliyun(Account):
    """An account at Alibaba. `start` and `close` it."""

    def __init__(self, templates: Mapping[str, str], port: int = 0) -> None:
        """`templates`: code → approved text, as `${name}`; those of codes with SMS_9 are for other countries."""
        super().__init__(templates, SIGN, _took, port)
        #: (action, parameters) of every call whose signature was right
        self.calls: list[tuple[str, Mapping[str, str]]] = []
        self._nonces: set[str] = set()

    @property
    def options(self) -> dict[str, Any]:
        """What a bridge's configuration says of it."""
        abroad = {name: text for name, text in self.templates.items() if name.startswith("SMS_9")}
        return {
            "access_key_id": KEY_ID, "access_key_secret": KEY_SECRET, "sign_name": SIGN, "endpoint": self.url,
            "templates": {name: text for name, text in self.templates.items() if name not in abroad},
            "foreign_templates": abroad,
        }  # fmt: skip

    # -- answering --------------------------------------------------------------------------------
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        query = request.raw_path.partition("?")[2]
        asked = dict(parse_qsl(query, keep_blank_values=True) + parse_qsl(body.decode(), keep_blank_values=True))
        try:
            self._admit(request, query, body)
            action = request.headers["x-acs-action"]
            self.calls.append((action, asked))
            if self._is_too_often():
                raise Refused("Throttling.User", status=400)
            if self.faults.fail_next:
                raise Refused(self.faults.fail_next.pop(0))
            if codes := self.faults.fail_of.get(action):
                raise Refused(codes.pop(0))
            if action == "SendSms":
                return await self._send(request, asked)
            if action == "QuerySendDetails":
                return _reply(self._details(asked))
            raise Refused("InvalidAction.NotFound", status=404)
        except Refused as refused:
            told = {"Code": refused.code, "Message": refused.message, "HostId": "dysmsapi.aliyuncs.com"}
            return _reply(told, refused.status)

    def _admit(self, request: web.Request, query: str, body: bytes) -> None:
        """Check the signature by the headers that it names; the query is decoded and encoded anew."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        given = dict(re.findall(r"(\w+)=([^,]*)", rest))
        if scheme != "ACS3-HMAC-SHA256" or {"Credential", "SignedHeaders", "Signature"} - given.keys():
            raise Refused("IncompleteSignature", status=400)
        if given["Credential"] != KEY_ID:
            raise Refused("InvalidAccessKeyId.NotFound", status=404)
        names = given["SignedHeaders"].split(";")
        expected = {"host", *(name.lower() for name in request.headers if name.lower().startswith("x-acs-"))}
        if request.headers.get("Content-Type"):
            expected.add("content-type")
        content = hashlib.sha256(body).hexdigest()
        if not expected <= set(names) or request.headers.get("x-acs-content-sha256") != content:
            raise Refused("SignatureDoesNotMatch", "the body or the list of headers", 400)
        pairs = sorted(parse_qsl(query, keep_blank_values=True))
        encoded = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
        lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
        canonical = f"{request.method}\n{request.path}\n{encoded}\n{lines}\n{';'.join(names)}\n{content}"
        to_sign = f"{scheme}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        right = hmac.new(KEY_SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, given["Signature"]):
            raise Refused("SignatureDoesNotMatch", f"server string to sign is:{to_sign}", 400)
        self._check_moment(request.headers.get("x-acs-date", ""), request.headers.get("x-acs-signature-nonce", ""))
        if request.headers.get("x-acs-version") != "2017-05-25":
            raise Refused("InvalidVersion", status=400)

    def _check_moment(self, date: str, nonce: str) -> None:
        try:
            at = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise Refused("InvalidTimeStamp.Format", status=400) from None
        if abs(time.time() + self.faults.clock_ahead - at) > DRIFT:
            raise Refused("InvalidTimeStamp.Expired", status=400)
        if not nonce or nonce in self._nonces:
            raise Refused("SignatureNonceUsed", status=400)
        self._nonces.add(nonce)

    async def _send(self, request: web.Request, asked: Mapping[str, str]) -> web.StreamResponse:
        if (instead := await self._before(request)) is not None:
            return instead
        numbers = [each for each in asked.get("PhoneNumbers", "").split(",") if each]
        if len(numbers) > MOST:
            raise Refused("isv.MOBILE_COUNT_OVER_LIMIT")
        if self.faults.refuse_next:
            raise Refused(self.faults.refuse_next.pop(0))
        self._count += 1
        biz = f"9006{now()}{self._count:06}^0"
        records = [self._record(biz, _e164(number), asked) for number in numbers]
        for record in records:
            self._carry(record)
        return await self._after(request) or _reply({"Code": "OK", "Message": "OK", "BizId": biz})

    def _record(self, biz: str, number: str, asked: Mapping[str, str]) -> Record:
        """Raises Refused."""
        if not number[1:].isdecimal() or len(number) < 8:
            raise Refused("isv.MOBILE_NUMBER_ILLEGAL")
        if number in self.faults.refuse:
            raise Refused(self.faults.refuse[number])
        code, home = asked.get("TemplateCode", ""), number.startswith("+86")
        if code not in self.templates or home is code.startswith("SMS_9"):
            raise Refused("isv.SMS_TEMPLATE_ILLEGAL")
        if home and asked.get("SignName") != SIGN:
            raise Refused("isv.SMS_SIGNATURE_ILLEGAL")
        try:
            values = json.loads(asked.get("TemplateParam") or "{}")
        except ValueError:
            raise Refused("isv.INVALID_JSON_PARAM") from None
        if set(places(self.templates[code])) - values.keys():
            raise Refused("isv.TEMPLATE_MISSING_PARAMETERS")
        if not all(isinstance(each, str) for each in values.values()):
            raise Refused("isv.INVALID_JSON_PARAM")
        return Record(biz, number, code, rendered(self.templates[code], values), asked.get("OutId", ""), now())

    # -- what becomes of messages -----------------------------------------------------------------
    def _settle(self, record: Record, outcome: str) -> None:
        """The carrier tells."""
        record.outcome, record.told_at = outcome, now()
        record.word = "DELIVERED" if outcome == "delivered" else self.faults.failure
        told = {
            "phone_number": _as_alibaba(record.number), "send_time": _written(record.taken_at),
            "report_time": _written(record.told_at), "success": outcome == "delivered", "err_code": record.word,
            "err_msg": "用户接收成功" if outcome == "delivered" else "失败", "sms_size": "1", "biz_id": record.id,
        }  # fmt: skip
        self.pushes.report(told | ({"out_id": record.ours} if self.faults.with_label else {}))

    def _details(self, asked: Mapping[str, str]) -> dict[str, Any]:
        number, size, page = _e164(asked["PhoneNumber"]), int(asked["PageSize"]), int(asked["CurrentPage"])
        if not 1 <= size <= 50:
            raise Refused("isv.INVALID_PARAMETERS")
        rows = [
            {
                "PhoneNum": _as_alibaba(each.number), "SendStatus": _STATUS[each.outcome], "ErrCode": each.word,
                "TemplateCode": each.template, "Content": f"【{SIGN}】{each.text}", "SendDate": _written(each.taken_at),
                "ReceiveDate": _written(each.told_at) if each.told_at else "", "OutId": each.ours,
            }
            for each in self.far.records
            if each.number == number and _day(each.taken_at) == asked["SendDate"]
        ]  # fmt: skip
        shown = [] if self.faults.empty_details else rows[(page - 1) * size : page * size]
        return {
            "Code": "OK", "Message": "OK", "TotalCount": str(len(rows)),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": shown},
        }  # fmt: skip

    def _wrote(self, person: Person, text: str) -> None:
        """Somebody answers."""
        self._count += 1
        self.pushes.push([{
            "phone_number": _as_alibaba(person.number), "content": text, "send_time": _written(now()),
            "dest_code": "1069", "sequence_id": str(1_000_000 + self._count),
        }])  # fmt: skip


def _reply(told: dict[str, Any], status: int = 200) -> web.Response:
    body = json.dumps({**told, "RequestId": f"{now():x}"}, ensure_ascii=False).encode()
    return web.Response(body=body, status=status, content_type="application/json")


def _took(status: int, body: bytes) -> bool:
    try:
        return status == 200 and isinstance(json.loads(body)["code"], int)
    except (ValueError, KeyError, TypeError):
        return False


def _e164(written: str) -> str:
    """As the provider understands it: 11 digits are China's."""
    digits = written.lstrip("+").removeprefix("00")
    return (
        f"+86{digits}" if len(digits) == 11 and digits.startswith("1") and not written.startswith("+") else f"+{digits}"
    )


def _as_alibaba(number: str) -> str:
    return number.removeprefix("+86") if number.startswith("+86") else number.lstrip("+")


def _written(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _day(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, _BEIJING).strftime("%Y%m%d")
