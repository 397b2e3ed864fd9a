"""Calls the actions of Alibaba Cloud SMS that the driver needs; no call is ever repeated here."""

import json
import secrets
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal
from bridge.messages.templates import places
from bridge.model.callback import Reply
from bridge.model.forms import HOME, Form, is_abroad
from device_drivers._cloud import beijing
from device_drivers._cloud.inquiries import Inquiry
from device_drivers._cloud.news import Report
from device_drivers._cloud.objects import Object, object_in, parsed, text
from device_drivers._cloud.provider import CLOCKS, News
from device_drivers._cloud.refused import ProviderRefused
from device_drivers._http import Http
from device_drivers.aliyun import codes, signing, updates
from device_drivers.aliyun.options import Options

VERSION = "2017-05-25"
#: details of one page
PAGE = 50
#: nothing is ever sent to it: it is asked about to see whether the API answers
NOBODY = "13800138000"
_DAY = 86_400_000  # ms


class Aliyun:
    """Obeys `device_drivers._cloud.provider.Provider`."""

    reply = Reply(200, '{"code":0,"msg":"接收成功"}'.encode(), "application/json")
    #: this version of the API has nothing to pull
    pull_interval = 0.0

    def __init__(self, options: Options) -> None:
        self._options = options
        self._http = Http(options.timeout)
        self._host = urlsplit(options.endpoint).netloc

    async def send(self, recipient: str, form: Form, values: Mapping[str, str], ours: str) -> str:
        """`SendSms` to one number; its `BizId`. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        asked = {"PhoneNumbers": number_of(recipient), "TemplateCode": form.id, "OutId": ours}
        if signature := self._options.signature(form):
            asked["SignName"] = signature
        if names := places(form.text):
            asked["TemplateParam"] = json.dumps({name: values[name] for name in names}, ensure_ascii=False)
        answer = await self._ask("SendSms", asked)
        if not text(answer, "BizId"):
            raise OutcomeUnknown("Alibaba took it and gave it no BizId")
        return text(answer, "BizId")

    async def ask(self, inquiry: Inquiry) -> Sequence[Report]:
        """`QuerySendDetails` of each day since then; an empty list proves nothing. Raises LinkError."""
        found: list[Report] = []
        since, now = inquiry.since - CLOCKS, _now()
        for day in sorted({beijing.day(at) for at in (since, min(since + _DAY, now), now)}):
            found += await self._details(number_of(inquiry.recipient), day, since)
        return found

    async def _details(self, number: str, day: str, since: int) -> Sequence[Report]:
        found: list[Report] = []
        page = 1
        while True:
            answer = await self._ask(
                "QuerySendDetails",
                {"PhoneNumber": number, "SendDate": day, "PageSize": str(PAGE), "CurrentPage": str(page)},
            )
            rows = object_in(answer, "SmsSendDetailDTOs").get("SmsSendDetailDTO")
            found += updates.details(rows, since)
            if not isinstance(rows, list) or len(rows) < PAGE:
                return found
            page += 1

    async def pull(self) -> AsyncGenerator[Sequence[News], None]:
        """Nothing."""
        nothing: tuple[Sequence[News], ...] = ()
        for each in nothing:
            yield each

    def read(self, body: bytes) -> Sequence[News]:
        """What a callback tells. Raises ValueError."""
        return updates.read(body)

    async def check(self) -> None:
        """Ask about a number to which nothing was sent. Raises DeviceLost, SendRefused(LINE)."""
        asked = {"PhoneNumber": NOBODY, "SendDate": beijing.day(_now()), "PageSize": "1", "CurrentPage": "1"}
        try:
            await self._ask("QuerySendDetails", asked)
        except OutcomeUnknown as silence:
            raise DeviceLost(silence.message) from silence
        except ProviderRefused as refusal:
            if refusal.refusal is Refusal.LINE and refusal.code not in codes.NOT_FOR_THIS:
                raise

    async def _ask(self, action: str, asked: Mapping[str, str]) -> Object:
        """An answer whose code is OK. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        options, query = self._options, signing.encoded(asked)
        signed = {
            "host": self._host,
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": beijing.utc(_now(), "%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-content-sha256": signing.digest(b""),
        }
        headers = signed | {
            "accept": "application/json",
            "authorization": signing.authorization(options.access_key_id, options.access_key_secret, query, signed),
        }
        answer = await self._http.ask("POST", f"{options.endpoint.rstrip('/')}/?{query}", headers=headers)
        try:
            told: Any = parsed(answer.body)
        except ValueError:
            told = None
        code = text(told, "Code") if isinstance(told, dict) else ""
        if not code:
            raise OutcomeUnknown(f"Alibaba answered {answer.status} and nothing that can be read")
        if code != codes.OK:
            raise codes.failure(code, text(told, "Message"))
        return dict(told)

    async def close(self) -> None:
        """Hang up. Never raises."""
        await self._http.close()


def number_of(recipient: str) -> str:
    """As Alibaba takes it: 11 digits of China's own, else the digits with the country code."""
    return recipient.lstrip("+") if is_abroad(recipient) else recipient.removeprefix(HOME)


def _now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000
