"""The lists of calls of the smsmobile dialect: missed ones in one shape, incoming and outgoing ones in another."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from aiohttp import web

from api.dialects.smsmobile.refusals import reply
from api.dialects.smsmobile.rows import Calendar, call_row, missed_row
from api.http.parameters import Parameters
from bridge.errors import BadRequest
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.inbox import CallKind, LoggedCall
from bridge.model.line import Line
from bridge.model.query import CallOrder, CallQuery

#: rows in one answer: when not said, and at most
MISSED_PAGE, MISSED_MOST = 100, 500
PAGE, MOST = 50, 200
#: columns that rows may be sorted by
_ORDERS: Mapping[str, CallOrder] = {
    "call_date_ms": CallOrder.AT,
    "call_datetime_utc": CallOrder.AT,
    "phone_number": CallOrder.NUMBER,
    "cached_name": CallOrder.NAME,
    "duration_sec": CallOrder.DURATION,
}


class Calls:
    """Lists the phones' calls."""

    def __init__(self, gateway: Gateway, calendar: Calendar) -> None:
        self._gateway = gateway
        self._calendar = calendar

    async def missed(self, account: Account, params: Parameters) -> web.Response:
        """`/call/missed/list`, newest first."""
        since, until = params.text("date_start"), params.text("date_end")
        calendar = self._calendar.of(account)
        query = CallQuery(
            kinds=frozenset({CallKind.MISSED}),
            keyword=params.text("search").strip(),
            since=calendar.day(since, "date_start")[0] if since else 0,
            until=calendar.day(until, "date_end")[1] if until else 0,
            offset=_number(params, "offset", 0, 0),
            limit=min(_number(params, "limit", MISSED_PAGE, 1), MISSED_MOST),
        )
        rows, note = await self._rows(account, query)
        answer = {
            "success": True,
            "offset": query.offset,
            "limit": query.limit,
            "count": len(rows),
            "data": [missed_row(row, calendar) for row in rows],
            **note,
        }
        return reply(answer)

    def of(self, kind: CallKind) -> Callable[[Account, Parameters], Awaitable[web.Response]]:
        """`/call/incoming/list` (answered ones) or `/call/outgoing/list`."""

        async def answer(account: Account, params: Parameters) -> web.Response:
            rows, note = await self._rows(account, _query(kind, params))
            return reply({"success": True, "count": len(rows), "rows": [call_row(row) for row in rows], **note})

        return answer

    async def _rows(self, account: Account, query: CallQuery) -> tuple[Sequence[LoggedCall], Mapping[str, str]]:
        """The calls, and a note for an empty list when no line shares its call log."""
        rows = (await self._gateway.calls(account, query)).rows
        if not rows and (why := silence(self._gateway.lines())):
            told_before = await self._gateway.calls(account, CallQuery(limit=1))
            if not told_before.rows:
                return rows, {"note": why}
        return rows, {}


def silence(lines: Sequence[Line]) -> str:
    """Why none of these lines reports calls; "" when one does."""
    if any(line.calls for line in lines):
        return ""
    reasons = [f"{line.name}: {line.calls_reason}" for line in lines if line.calls_reason]
    if reasons:
        return "; ".join(reasons)
    return "No connected line has a call log: a phone has one, a modem has none."


def _query(kind: CallKind, params: Parameters) -> CallQuery:
    query = CallQuery(
        kinds=frozenset({kind}),
        keyword=params.text("q").strip(),
        since=_number(params, "date_from_ms", 0, 0),
        until=_number(params, "date_to_ms", 0, 0),
        offset=_number(params, "offset", 0, 0),
        limit=min(_number(params, "limit", PAGE, 1), MOST),
    )
    order = params.text("sort_by").strip() or "call_date_ms"
    if order not in _ORDERS:
        raise BadRequest(f"The parameter sort_by is one of {', '.join(_ORDERS)}.", "sort_by")
    direction = params.text("sort_dir").strip().lower() or "desc"
    if direction not in ("asc", "desc"):
        raise BadRequest("The parameter sort_dir is asc or desc.", "sort_dir")
    return replace(query, order=_ORDERS[order], ascending=direction == "asc")


def _number(params: Parameters, name: str, default: int, least: int) -> int:
    """Parse a whole number. Raises BadRequest for anything else and for less than `least`."""
    written = params.text(name).strip()
    if not written:
        return default
    if not re.fullmatch(r"[0-9]{1,15}", written) or int(written) < least:
        raise BadRequest(f"The parameter {name} is a whole number, {least} or more.", name)
    return int(written)
