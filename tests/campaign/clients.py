"""Programs that call the bridge as real ones do: they time out, try again, and give up."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from enum import Enum
from hashlib import md5
from typing import Any

import aiohttp

from tests.campaign.books import Order

#: seconds that a client waits for an answer, and between its tries
PATIENCE, PAUSE = 3.0, 0.3
#: tries of a client whose repeat would be another message
FEW = 3
#: the template that each account has for the platform that sends by template
TEMPLATE = "code"


class Answer(Enum):
    """What a try came to."""

    YES = "accepted"
    #: nothing was accepted, and it may be asked again
    LATER = "refused for now"
    NO = "refused for good"
    SILENCE = "no answer"


Request = tuple[str, Mapping[str, Any]]
#: what to ask, and what an answer of HTTP 200 to 299 says
Dialect = tuple[Callable[[Order, Mapping[str, str]], Request], Callable[[Any], Answer]]


def _native(order: Order, keys: Mapping[str, str]) -> Request:
    body: dict[str, Any] = {"to": order.recipient, "text": order.text, "on_unknown": order.policy, "line": order.line}
    if order.ttl:
        body["ttl"] = order.ttl
    headers = {"Authorization": f"Bearer {keys['apikey']}", "Idempotency-Key": order.token}
    return "/v1/messages", {"json": body, "headers": headers}


def _native_ref(order: Order, keys: Mapping[str, str]) -> Request:
    body = {"to": order.recipient, "text": order.text, "on_unknown": order.policy, "client_ref": order.token}
    return "/v1/messages", {"json": body, "headers": {"Authorization": f"Bearer {keys['apikey']}"}}


def _smsmobile(order: Order, keys: Mapping[str, str]) -> Request:
    form = {"apikey": keys["apikey"], "recipients": order.recipient, "message": order.text}
    return "/sendsms", {"data": form | {"sIdentifiantPhone": order.line}}


def _account_v1(order: Order, keys: Mapping[str, str]) -> Request:
    password = md5(keys["v1_password"].encode(), usedforsecurity=False).hexdigest()
    form = {"account": keys["v1_account"], "pwd": password, "mobiles": order.recipient, "content": order.text}
    return "/api/v1/send", {"data": form | {"taskId": order.token}}


def _zhenzi(order: Order, keys: Mapping[str, str]) -> Request:
    form = {"appId": keys["app_id"], "appSecret": keys["app_secret"], "number": order.recipient, "message": order.text}
    return "/sms/send.do", {"data": form | {"messageId": order.token}}


def _template(order: Order, keys: Mapping[str, str]) -> Request:
    body = {"phone": order.recipient, "template_id": TEMPLATE, "params": {"text": order.text}}
    headers = {"X-API-Key": keys["api_key"], "X-API-Secret": keys["api_secret"]}
    return "/api/sms/send", {"json": body, "headers": headers}


def _always(_: Any) -> Answer:
    return Answer.YES


def _by_code(told: Any) -> Answer:
    """Dialects that say with HTTP 200 what went wrong."""
    code = str(told.get("code"))
    if code in ("00", "0"):
        return Answer.YES
    said = json.dumps(told, ensure_ascii=False)
    if "已存在" in said or "重复" in said or "已被使用" in said:
        return Answer.YES  # it knows the caller's id: an earlier try went through
    return Answer.LATER


#: name → what it asks and how it reads the answer; the first four know a repeat
DIALECTS: Mapping[str, Dialect] = {
    "native": (_native, _always),
    "native ref": (_native_ref, _always),
    "account_v1": (_account_v1, _by_code),
    "zhenzi": (_zhenzi, _by_code),
    "smsmobile": (_smsmobile, _always),
    "template_platform": (_template, _always),
}
ONCE = frozenset({"native", "native ref", "account_v1", "zhenzi"})


class Client:
    """One program with one account's keys."""

    def __init__(self, http: aiohttp.ClientSession, url: str, keys: Mapping[str, Mapping[str, str]]) -> None:
        self._http = http
        self._url = url
        self._keys = keys

    async def submit(self, order: Order, over: asyncio.Event) -> None:
        """Try until it is accepted or refused for good. Without a key a client gives up soon; with one, some tries
        after all is well again."""
        tries, late, order.asked_at = 0, 0, time.monotonic()
        while late < FEW and (order.once or tries < FEW):
            tries, late = tries + 1, late + over.is_set()
            match await self._try(order):
                case Answer.YES:
                    order.accepted += 1
                    return
                case Answer.NO:
                    return
                case Answer.SILENCE:
                    order.silent += 1
            await asyncio.sleep(PAUSE)

    async def _try(self, order: Order) -> Answer:
        ask, read = DIALECTS[order.dialect]
        path, request = ask(order, self._keys[order.account])
        try:
            async with asyncio.timeout(PATIENCE), self._http.post(self._url + path, **request) as answer:
                body = await answer.text()
        except aiohttp.ClientConnectorError:
            return Answer.LATER  # nobody listened, so nobody can have taken it
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answer.SILENCE
        return self._read(order, answer.status, body, read)

    def _read(self, order: Order, status: int, body: str, read: Callable[[Any], Answer]) -> Answer:
        if 200 <= status < 300:
            found = read(json.loads(body))
            order.refusal = "" if found is Answer.YES else body[:200]
            return found
        order.refusal = f"{status} {body[:200]}"
        if status == 409 and order.dialect == "native ref":
            return Answer.YES  # the id is known: an earlier try went through
        return Answer.LATER if status in (408, 429) or status >= 500 else Answer.NO
