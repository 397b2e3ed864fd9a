"""`/conversation/sms/list`: SMS grouped by number. The vendor does not document the rows, so their fields are our
choice.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from api.dialects.smsmobile.refusals import reply
from api.dialects.smsmobile.rows import Calendar, inbox_row, sent_row
from api.http.parameters import Parameters
from bridge.errors import BadRequest, InvalidNumber
from bridge.gateway.gateway import Gateway
from bridge.messages.phone_numbers import SHORT_CODE_DIGITS, normalise
from bridge.model.account import Account
from bridge.model.line import Channel
from bridge.model.query import InboxQuery, MessageQuery

#: the newest SMS that are looked through, and conversations in one answer when not said otherwise
MOST_ROWS, PAGE = 2_000, 100


class Conversations:
    """Groups SMS by the number at the other end."""

    def __init__(self, gateway: Gateway, calendar: Calendar) -> None:
        self._gateway = gateway
        self._calendar = calendar

    async def answer(self, account: Account, params: Parameters) -> web.Response:
        """The conversations of one direction; with `numero` that one, with its messages."""
        direction = params.text("origineConversation").strip().lower()
        if direction not in ("received", "sent"):
            raise BadRequest("The parameter origineConversation is received or sent.", "origineConversation")
        number = params.number("numero").strip()
        rows = [
            row
            for spelling in _spellings(number, account.terms.country)
            for row in await self._rows(account, params, direction, spelling)
        ]
        rows.sort(key=lambda row: int(row["timestamp_unix"]), reverse=True)
        grouped = _grouped(rows)
        if params.text("sort").strip().upper() == "ASC":
            grouped.reverse()
        shown = [_conversation(each, bool(number)) for each in grouped[: _limit(params)]]
        return reply({"success": True, "conversations": shown})

    async def _rows(
        self, account: Account, params: Parameters, direction: str, number: str
    ) -> Sequence[Mapping[str, Any]]:
        """Rows, newest first."""
        calendar = self._calendar.of(account)
        since, until = params.text("date_from").strip(), params.text("date_to").strip()
        first = calendar.day(since, "date_from")[0] if since else 0
        last = calendar.day(until, "date_to")[1] if until else 0
        if direction == "received":
            inbox = InboxQuery(sender=number, since=first, until=last, limit=MOST_ROWS, channel=Channel.SMS)
            return [inbox_row(row, calendar) for row in (await self._gateway.inbox(account, inbox)).rows]
        sent = MessageQuery(recipient=number, since=first, until=last, limit=MOST_ROWS)
        rows = (await self._gateway.messages(account, sent)).rows
        return [sent_row(row, calendar) for row in rows if row.channel is Channel.SMS]


def _spellings(number: str, country: str) -> Sequence[str]:
    """As rows may have a number: international, and without + for an account without a country."""
    try:
        known = normalise(number, country) if number else ""
    except InvalidNumber:
        return (number,)  # a sender with a name
    bare = known.removeprefix("+")
    return (bare, f"+{bare}") if len(bare) > SHORT_CODE_DIGITS and not bare.startswith("0") else (known,)


def _grouped(rows: Sequence[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    """By number, the conversation with the newest SMS first."""
    by_number: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_number.setdefault(row["number"], []).append(row)
    return list(by_number.values())


def _conversation(rows: Sequence[Mapping[str, Any]], whole: bool) -> dict[str, Any]:
    newest = rows[0]
    summary = {
        "numero": newest["number"],
        "count": len(rows),
        "last_message": newest["message"],
        **{name: newest[name] for name in ("date", "hour", "timestamp_unix", "guid")},
    }
    return {**summary, "messages": rows} if whole else summary


def _limit(params: Parameters) -> int:
    written = params.text("limit").strip()
    if written and not re.fullmatch(r"0*[1-9][0-9]{0,9}", written):
        raise BadRequest("The parameter limit is a whole number, 1 or more.", "limit")
    return int(written or PAGE)
