"""Records and account information of the template platform."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from aiohttp import web

from api.dialect.local_time import FORM, written, zone_of
from api.dialect.masking import masked
from api.dialect.templated import told
from api.dialects.template_platform.vocabulary import BALANCE, STATE_WORDS, Wrong, success
from api.http.parameters import Parameters, read_query
from bridge.errors import BadRequest
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery

PAGE, MOST = 10, 100
_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_WHOLE = re.compile(r"0*[1-9][0-9]{0,8}")
_STATES: Mapping[str, frozenset[State]] = {
    word: frozenset(state for state in State if STATE_WORDS[state] == word) for word in ("pending", "success", "failed")
}


class Records:
    """Answers `/api/sms/records` and `/api/account/info`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def find(self, account: Account, request: web.Request) -> web.Response:
        """`/api/sms/records`, newest first."""
        asked, zone = read_query(request), zone_of(account)
        page = _number(asked, "page", 1)
        per_page = _number(asked, "per_page", PAGE, MOST)
        query = MessageQuery(
            states=_states(asked),
            # a moment that the clocks go through twice begins at the first and ends at the second
            since=_moment(asked, "start_time", zone, fold=0),
            until=_moment(asked, "end_time", zone, fold=1),
            offset=(page - 1) * per_page,
            limit=per_page,
        )
        if query.until and query.until < query.since:
            raise Wrong("end_time 早于 start_time", "end_time")
        rows = (await self._gateway.messages(account, query)).rows
        total = await self._gateway.count(account, query)
        records = [_record(message, zone) for message in rows]
        return success({"records": records, "total": total, "page": page, "per_page": per_page})

    async def account(self, account: Account, request: web.Request) -> web.Response:
        """`/api/account/info`: the current account."""
        now = await self._gateway.administration.account(account.name)
        midnight = datetime.fromtimestamp(self._gateway.now() // 1000, zone_of(now)).replace(hour=0, minute=0, second=0)
        data = {
            "balance": BALANCE,
            "total_sent": await self._gateway.statistics.sent(account),
            "today_sent": await self._gateway.statistics.sent(account, int(midnight.timestamp()) * 1000),
            "verification_status": now.terms.verification.value,
        }
        return success(data, balance="null" if now.credits is None else f"{now.credits}.00")


def _record(message: Message, zone: tzinfo) -> dict[str, Any]:
    made, state = told(message.tag), STATE_WORDS[message.state]
    record = {
        "id": message.seq,
        "message_id": message.id,
        "phone": masked(message.written),
        "template_id": made.get("template_id", ""),
        "provider": made.get("provider") or message.line,
        "status": state,
        "created_at": written(message.created_at, zone),
    }
    if state == "failed":
        record["error"] = message.error or message.state.value
    return record


def _text(asked: Parameters, name: str) -> str:
    try:
        return asked.text(name).strip()
    except BadRequest as error:
        raise Wrong(f"{name} 重复或不是 UTF-8 编码", name) from error


def _number(asked: Parameters, name: str, default: int, most: int = 0) -> int:
    written = _text(asked, name)
    if not written:
        return default
    if not _WHOLE.fullmatch(written):
        raise Wrong(f"{name} 必须是正整数", name)
    if most and int(written) > most:
        raise Wrong(f"{name} 最大为 {most}", name)
    return int(written)


def _states(asked: Parameters) -> frozenset[State]:
    word = _text(asked, "status")
    if word and word not in _STATES:
        raise Wrong(f"status 必须是 {' / '.join(_STATES)}", "status")
    return _STATES[word] if word else frozenset()


def _moment(asked: Parameters, name: str, zone: tzinfo, fold: int) -> int:
    """Unix ms of the first or last instant of a second; 0 when absent."""
    given = _text(asked, name)
    if not given:
        return 0
    try:
        if not _WRITTEN.fullmatch(given):
            raise ValueError(given)
        moment = datetime.strptime(given, FORM).replace(tzinfo=zone, fold=fold)
    except ValueError as error:
        raise Wrong(f"{name} 的格式必须是 YYYY-MM-DD HH:mm:ss", name) from error
    return int(moment.timestamp()) * 1000 + 999 * fold
