"""Lists of the smsmobile dialect, and deletion: sent log, inbox, phones."""

import re
from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from api.dialects.smsmobile.refusals import reply
from api.dialects.smsmobile.rows import Calendar, inbox_row, phone_row, sent_row, typed_row, unix_ms
from api.dialects.smsmobile.send import flag, phone
from api.dialects.smsmobile.vocabulary import STATE_WORDS
from api.http.errors import MissingParameter
from api.http.parameters import Parameters
from bridge.errors import BadRequest
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.inbox import Received
from bridge.model.line import Channel
from bridge.model.message import Message, State, other_leg
from bridge.model.query import InboxQuery, MessageQuery, TypedQuery

#: rows of the sent log in one answer; older ones by `before`
LOG_PAGE = 100
#: rows in one answer at most: the inbox has no pages, and a small computer has little memory
MOST_ROWS = 10_000

DAY = 86_400_000  # ms
#: the key of a row for an error of the phone
_MOBILE = "send_from_mobile_erreur"
#: word → days before today that it begins with
_PERIODS = {"today": 0, "yesterday": 1, "last_7days": 7, "last_30days": 30}
_MESSAGE_ID = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)


def _blamed(key: str) -> frozenset[State]:
    return frozenset(state for state, word in STATE_WORDS.items() if word.blame == key)


class Lists:
    """Lists messages and phones."""

    def __init__(self, gateway: Gateway, calendar: Calendar) -> None:
        self._gateway = gateway
        self._calendar = calendar

    async def sent(self, account: Account, params: Parameters) -> web.Response:
        """`/log/sent/sms`, newest first."""
        guid = params.text("guid_message").strip().lower()
        by_api, by_mobile = flag(params, "error_api"), flag(params, "error_mobile")
        states, failed_by = self._with_errors(by_api, by_mobile)
        query = MessageQuery(
            states=states,
            failed_by=failed_by,
            ids=_legs(guid) if guid else (),
            keyword=params.number("keyword"),
            limit=limit_in(params, LOG_PAGE),
        )
        calendar = self._calendar.of(account)
        rows = await self._whole_seconds(account, self._before(query, params.text("before").strip(), calendar))
        rows = sorted(rows, key=lambda row: row.id != guid) if guid else rows  # that which was asked for first
        if guid and not rows:
            # an answer and no failure of the request: clients that poll look for this in `result`
            return reply({"result": {"error": "not_found", "sms": [], "note": "There is no such message."}})
        return reply({"result": {"error": 0, "sms": [sent_row(row, calendar) for row in rows]}})

    def _with_errors(self, by_api: bool, by_mobile: bool) -> tuple[frozenset[State], Channel | None]:
        """The states of rows with an error of the API or of the phone; of failed ones the channel, None for both.

        No phone has a part in a failure by WhatsApp.
        """
        states = (_blamed("error_api") if by_api else frozenset()) | (_blamed(_MOBILE) if by_mobile else frozenset())
        if by_api is by_mobile or all(line.channel is Channel.SMS for line in self._gateway.lines()):
            return states, None
        return states | {State.FAILED}, Channel.WHATSAPP if by_api else Channel.SMS

    async def _whole_seconds(self, account: Account, query: MessageQuery) -> Sequence[Message]:
        """A page and the rest of its last second, which a client paging with `before` would miss."""
        page = await self._gateway.messages(account, query)
        if not page.cursor or len(page.rows) >= MOST_ROWS:
            return page.rows
        last = page.rows[-1]
        second = last.created_at // 1000 * 1000
        rest = replace(query, before_id=last.id, since=max(query.since, second), limit=MOST_ROWS)
        return (*page.rows, *(await self._gateway.messages(account, rest)).rows)

    def _before(self, query: MessageQuery, written: str, calendar: Calendar) -> MessageQuery:
        """The query for messages before a moment (Unix time or date) or before another message."""
        if not written:
            return query
        if _MESSAGE_ID.fullmatch(written):
            return replace(query, before_id=written.lower())
        if (moment := unix_ms(written)) is not None:
            return replace(query, until=max(1, moment - 1))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
            return replace(query, until=calendar.day(written, "before")[0] - 1)
        if re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(Z|[+ -]\d\d:\d\d)?", written):
            return replace(query, until=calendar.moment(written, "before") - 1)
        raise BadRequest(
            "The parameter before is a Unix time in seconds, a date, a date and time, or a guid.", "before"
        )

    async def typed(self, account: Account, params: Parameters) -> web.Response:
        """`/log/sent/frommobile`: SMS typed on a phone, newest first."""
        calendar = self._calendar.of(account)
        since, until = self._period(params.text("period").strip(), calendar)
        query = TypedQuery(since=since, until=until, limit=limit_in(params, LOG_PAGE))
        rows = (await self._gateway.typed(account, query)).rows
        result = {"error": 0, "sms": [typed_row(row, calendar) for row in rows]}
        # a phone says whether it tells of its calls; a modem, on which nobody types, says nothing of them
        if not rows and all(line.calls is None for line in self._gateway.lines()):
            result["note"] = "No line is a phone that is or was connected; nobody types SMS on a modem."
        return reply({"result": result})

    def _period(self, word: str, calendar: Calendar) -> tuple[int, int]:
        """First and last millisecond of a named period; 0 for no limit."""
        if word in ("", "all"):
            return 0, 0
        if word not in _PERIODS:
            raise BadRequest(f"The parameter period is one of {', '.join(_PERIODS)}, all.", "period")
        today = calendar.today(self._gateway.now())
        # noon of the day: a day with a change of the clocks has 23 or 25 hours
        first = calendar.today(today - _PERIODS[word] * DAY + DAY // 2)
        return first, today - 1 if word == "yesterday" else 0

    async def inbox(self, account: Account, params: Parameters) -> web.Response:
        """`/getsms`, newest first; `onlyunread=yes` marks what it returns as read."""
        unread = flag(params, "onlyunread")
        after = unix_ms(params.text("after_timestamp_unix").strip() or "0")
        if after is None:
            raise BadRequest("The parameter after_timestamp_unix is a Unix time in seconds.", "after_timestamp_unix")
        query = InboxQuery(
            unread=unread,
            mark_read=unread,
            # what else arrived in that second may not have been there when the client asked; it knows guids
            since=after // 1000 * 1000,
            limit=limit_in(params, MOST_ROWS),
            channel=Channel.SMS,
        )
        rows = await self._received(account, query, self._lines_of(phone(params)))
        return reply({"result": {"error": "0", "sms": [inbox_row(row, self._calendar.of(account)) for row in rows]}})

    def _lines_of(self, name: str) -> Sequence[str]:
        """The lines a phone's name stands for: a line, or each SIM of a device; "" for all."""
        lines = self._gateway.lines()
        return [line.name for line in lines if name.lower() in (line.device.lower(), line.name.lower())] or [name]

    async def _received(self, account: Account, query: InboxQuery, lines: Sequence[str]) -> Sequence[Received]:
        pages = [await self._gateway.inbox(account, replace(query, line=line)) for line in lines]
        rows = [row for page in pages for row in page.rows]
        return rows if len(pages) == 1 else sorted(rows, key=lambda row: -row.seq)

    async def delete(self, account: Account, params: Parameters) -> web.Response:
        """`/deletesms`: delete a message or whole days, sent and received; waiting messages stay."""
        if guid := params.text("guid_message").strip():
            sent, received = MessageQuery(ids=_legs(guid.lower())), InboxQuery(ids=(guid.lower(),))
        else:
            since, until = self._days(params, self._calendar.of(account))
            sent, received = MessageQuery(since=since, until=until), InboxQuery(since=since, until=until)
        deleted = await self._gateway.delete_messages(account, sent)
        deleted += await self._gateway.delete_received(account, received)
        note = "deleted" if deleted else "nothing to delete: there is no such SMS, or it still waits to be sent"
        return reply({"result": {"error": 0, "deleted": deleted, "note": note}})

    def _days(self, params: Parameters, calendar: Calendar) -> tuple[int, int]:
        """From the first millisecond of `date_start` to the last of `date_end`, or of the same day."""
        start, end = params.text("date_start"), params.text("date_end")
        if not start:
            if end:
                raise MissingParameter("date_start", "date_end is the end of a period")
            raise MissingParameter("guid_message", "or date_start, to delete whole days")
        since, until = calendar.day(start, "date_start")
        if end:
            until = calendar.day(end, "date_end")[1]
        if until < since:
            raise BadRequest("The parameter date_end is before date_start.", "date_end")
        return since, until

    async def phones(self, account: Account, params: Parameters) -> web.Response:
        """`/gateway/mobile/list`: lines as phones of the vendor."""
        sid, search = phone(params), params.text("search").strip()
        rows = [phone_row(line, self._calendar.of(account)) for line in self._gateway.lines()]
        online = sum(row["online"] for row in rows)
        found = [row for row in rows if sid.lower() in ("", row["sid"].lower()) and search.lower() in _searchable(row)]
        answer = {
            "success": True,
            "connected_now": online,
            "connected_limit": len(rows),
            "connected_available": len(rows) - online,
            "filters": {"sid": sid, "search": search},
            "items": found,
            "note": f"{online} of {len(rows)} lines can send now",
            "result": {"error": 0, "mobiles": found},
        }
        return reply(answer)


def _legs(guid: str) -> tuple[str, ...]:
    """A message, and the same by the other channel."""
    return (guid, other_leg(guid)) if _MESSAGE_ID.fullmatch(guid) else (guid,)


def _searchable(row: dict[str, object]) -> str:
    return "\n".join(str(row[key]).lower() for key in ("sid", "date", "battery", "version", "label"))


def limit_in(params: Parameters, default: int) -> int:
    """Parse `limit` (an extension), capped at the maximum. Raises BadRequest."""
    written = params.text("limit").strip()
    if not written:
        return default
    if not re.fullmatch(r"0*[1-9][0-9]{0,9}", written):
        raise BadRequest("The parameter limit is a number of rows, 1 or more.", "limit")
    return min(int(written), MOST_ROWS)
