"""Calls the actions of Tencent Cloud SMS that the driver needs; no call is ever repeated here."""

import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bridge.errors import DeviceLost, LinkError, OutcomeUnknown, Refusal
from bridge.messages.templates import places
from bridge.model.callback import Reply
from bridge.model.forms import Form
from device_drivers._cloud.inquiries import Inquiry
from device_drivers._cloud.news import Report
from device_drivers._cloud.objects import Object, object_in, objects, parsed, text
from device_drivers._cloud.provider import CLOCKS, News
from device_drivers._cloud.refused import ProviderRefused
from device_drivers._http import Http
from device_drivers.tencent import codes, signing, updates
from device_drivers.tencent.options import Options

VERSION = "2021-01-11"
_TYPE = "application/json"
#: entries of one pull
MOST = 100
#: nothing is ever sent to it: it is asked about to see whether the API answers
NOBODY = "+8613800138000"
#: ms; no longer back may be asked
_OLDEST = 7 * 86_400_000


class Tencent:
    """Obeys `device_drivers._cloud.provider.Provider`."""

    reply = Reply(200, b'{"result":0,"errmsg":"OK"}', "application/json")

    def __init__(self, options: Options) -> None:
        self._options = options
        self._http = Http(options.timeout)
        self._host = urlsplit(options.endpoint).netloc
        self.pull_interval = options.pull_interval

    async def send(self, recipient: str, form: Form, values: Mapping[str, str], ours: str) -> str:
        """`SendSms` to one number; its `SerialNo`. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        body: dict[str, Any] = {
            "PhoneNumberSet": [recipient],
            "SmsSdkAppId": self._options.sdk_app_id,
            "TemplateId": form.id,
            "SessionContext": ours,
        }
        if signature := self._options.signature(form):
            body["SignName"] = signature
        if names := places(form.text):
            body["TemplateParamSet"] = [values[name] for name in sorted(names, key=_position)]
        answer = await self._ask("SendSms", body)
        verdicts = objects(answer.get("SendStatusSet"))
        if len(verdicts) != 1 or not text(verdicts[0], "Code"):
            raise OutcomeUnknown("Tencent answered without a verdict; it may or may not have been sent")
        [verdict] = verdicts
        if text(verdict, "Code") != codes.OK:
            raise codes.failure(text(verdict, "Code"), text(verdict, "Message"))
        if not text(verdict, "SerialNo"):
            raise OutcomeUnknown("Tencent took it and gave it no SerialNo")
        return text(verdict, "SerialNo")

    async def ask(self, inquiry: Inquiry) -> Sequence[Report]:
        """`PullSmsSendStatusByPhoneNumber`: an entry is there once the carrier has answered. Raises LinkError."""
        now = _now()
        found: list[Report] = []
        body = {
            "SmsSdkAppId": self._options.sdk_app_id,
            "PhoneNumber": inquiry.recipient,
            "BeginTime": max(inquiry.since - CLOCKS, now - _OLDEST) // 1000,
            "EndTime": now // 1000,
            "Limit": MOST,
        }
        while True:
            answer = await self._ask("PullSmsSendStatusByPhoneNumber", {**body, "Offset": len(found)})
            page = updates.pulled_reports(answer.get("PullSmsSendStatusSet"))
            found += page
            if len(page) < MOST:
                return found

    async def pull(self) -> AsyncGenerator[Sequence[News], None]:
        """`PullSmsSendStatus` and `PullSmsReplyStatus`: each entry is given out once. Raises LinkError."""
        body = {"SmsSdkAppId": self._options.sdk_app_id, "Limit": MOST}
        answer = await self._ask("PullSmsSendStatus", body)
        if reports := updates.pulled_reports(answer.get("PullSmsSendStatusSet")):
            yield reports
        answer = await self._ask("PullSmsReplyStatus", body)
        if replies := updates.pulled_replies(answer.get("PullSmsReplyStatusSet")):
            yield replies

    def read(self, body: bytes) -> Sequence[News]:
        """What a callback tells. Raises ValueError."""
        return updates.read(body)

    async def check(self) -> None:
        """Ask about a number to which nothing was sent. Raises DeviceLost, SendRefused(LINE)."""
        now = _now()
        body = {
            "SmsSdkAppId": self._options.sdk_app_id, "PhoneNumber": NOBODY, "BeginTime": now // 1000 - 60,
            "EndTime": now // 1000, "Limit": 1, "Offset": 0,
        }  # fmt: skip
        try:
            await self._ask("PullSmsSendStatusByPhoneNumber", body)
        except OutcomeUnknown as silence:
            raise DeviceLost(silence.message) from silence
        except ProviderRefused as refusal:
            if refusal.refusal is Refusal.LINE and refusal.code not in codes.NOT_FOR_THIS:
                raise

    async def _ask(self, action: str, asked: Mapping[str, Any]) -> Object:
        """`Response` of an answer. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        body, seconds = json.dumps(asked).encode(), _now() // 1000
        signed = {"content-type": _TYPE, "host": self._host}
        options = self._options
        headers = {
            "Content-Type": _TYPE,
            "Host": self._host,
            "X-TC-Action": action,
            "X-TC-Version": VERSION,
            "X-TC-Timestamp": str(seconds),
            "X-TC-Region": options.region,
            "Authorization": signing.authorization(options.secret_id, options.secret_key, signed, body, seconds),
        }
        answer = await self._http.ask("POST", f"{options.endpoint.rstrip('/')}/", headers=headers, body=body)
        try:
            response = object_in(parsed(answer.body), "Response") if answer.status == 200 else {}
        except ValueError:
            response = {}
        if not response:
            raise OutcomeUnknown(f"Tencent answered {answer.status} and nothing that can be read")
        if error := object_in(response, "Error"):
            raise _error(error)
        return response

    async def close(self) -> None:
        """Hang up. Never raises."""
        await self._http.close()


def _error(error: Object) -> LinkError:
    return codes.failure(text(error, "Code"), text(error, "Message"))


def _position(name: str) -> tuple[int, str]:
    """Places stand in the order of their numbers."""
    return (int(name), "") if name.isdecimal() else (1 << 30, name)


def _now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000
