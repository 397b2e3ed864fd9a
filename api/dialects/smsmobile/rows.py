"""Rows of the smsmobile dialect's lists (sent log, inbox, phones), and its date formats."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from api.dialects.smsmobile.vocabulary import STATE_WORDS
from bridge.errors import BadRequest, ConfigError
from bridge.model.account import NO_ZONE, Account
from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.line import Channel, Line, LineState
from bridge.model.message import WHATSAPP_ROUTE, Message, State
from bridge.zones import zone

#: what `note` says of an outcome that nobody knows, so that a person can decide about `/resend`
UNKNOWN_NOTE = "The phone had it and gave no answer; it may or may not have been sent. It is not sent again unasked."


#: a code of Meta's in an error of WhatsApp
_GRAPH_CODE = re.compile(r"\(#([0-9]+)\)")


class Calendar:
    """Formats and parses times in UTC or the configured zone. Times are Unix ms."""

    def __init__(self, timezone: str = "UTC", dialect: str = "smsmobile") -> None:
        """Raises ConfigError, naming the dialect's option, for an unknown time zone."""
        try:
            self._zone = zone(timezone)
        except (KeyError, ValueError, TypeError, OSError) as error:
            raise ConfigError(
                [f"dialects.{dialect}.options.timezone: {timezone!r} is not a time zone; write it as Europe/Paris"]
            ) from error
        self._stamps = lru_cache(maxsize=16)(self._stamps_of)

    def of(self, account: Account) -> "Calendar":
        """The calendar for an account: in its own time zone, if set."""
        own = account.terms.zone
        return self if own == NO_ZONE else _calendar(own)

    def moment(self, written: str, field: str) -> int:
        """Parse `YYYY-MM-DD HH:MM:SS`, also with Z or an offset. Raises BadRequest naming `field`."""
        try:
            # the + of an offset was decoded to a blank where it was not percent-encoded
            moment = datetime.fromisoformat(re.sub(r" (?=\d\d:\d\d$)", "+", written.strip()))
            return _ms(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))
        except (ValueError, OverflowError) as error:
            raise BadRequest(f"The parameter {field} is a date and time written YYYY-MM-DD HH:MM:SS.", field) from error

    def stamps(self, moment: int) -> tuple[str, str]:
        """A time as ISO 8601 in UTC with `Z`, and local with its offset."""
        return self._stamps(moment // 1000)

    def _stamps_of(self, second: int) -> tuple[str, str]:
        utc = datetime.fromtimestamp(second, UTC)
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.astimezone(self._zone).isoformat()

    def split(self, moment: int) -> tuple[str, str]:
        """A time as `YYYY-MM-DD` and `HH:MM:SS`."""
        local = datetime.fromtimestamp(moment // 1000, self._zone)
        return local.strftime("%Y-%m-%d"), local.strftime("%H:%M:%S")

    def today(self, now: int) -> int:
        """The first millisecond of the day of `now`."""
        start = datetime.fromtimestamp(now // 1000, self._zone).replace(hour=0, minute=0, second=0)
        return _ms(start)

    def day(self, written: str, field: str) -> tuple[int, int]:
        """First and last millisecond of a day `YYYY-MM-DD`. Raises BadRequest naming `field`."""
        try:
            start = datetime.strptime(written.strip(), "%Y-%m-%d").replace(tzinfo=self._zone)
            # wall-clock arithmetic: a day with a change of the clocks has 23 or 25 hours
            return _ms(start), _ms(start + timedelta(days=1)) - 1
        except (ValueError, OverflowError) as error:
            problem = f"The parameter {field} is a date written YYYY-MM-DD, before 9999-12-31."
            raise BadRequest(problem, field) from error


_UTC = Calendar()
_calendar = lru_cache(maxsize=64)(Calendar)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def unix_ms(written: str) -> int | None:
    """Parse a Unix time in seconds, with a fraction or without, or in JavaScript's milliseconds; None for neither."""
    match = re.fullmatch(r"([0-9]{1,13})(?:\.([0-9]{1,9}))?", written)
    if match is None:
        return None
    whole, fraction = match[1], (match[2] or "")[:3]
    return int(whole) if len(whole) > 10 else int(whole) * 1000 + int(fraction.ljust(3, "0"))


def number_of(id: str) -> int:
    """A stable number for a message, small enough to be exact in JavaScript (53 bits)."""
    return int(hashlib.sha256(id.encode()).hexdigest()[:13], 16)


def sent_row(message: Message, calendar: Calendar) -> dict[str, Any]:
    """A row of the sent log; `status`, `error` and `note` are extensions."""
    word = STATE_WORDS[message.state]
    date, hour = calendar.split(message.created_at)
    row = {
        "id": number_of(message.id),
        "guid": message.id,
        "guid_message": message.id,
        "number": message.recipient,
        "recipients": message.recipient,
        "message": message.text,
        "date": date,
        "hour": hour,
        "timestamp_unix": message.created_at // 1000,
        "send_from_mobile": word.sent,
        "send_from_mobile_erreur": "",
        "error_api": "",
        "sIdentifiantPhone": message.line or message.route.removeprefix(WHATSAPP_ROUTE),
        "port": message.slot or None,
        "schedule_timestamp": message.not_before // 1000 or None,
        "retry": message.attempts,
        "send_with_whatsapp": str(int(message.channel is Channel.WHATSAPP)),
        "status": message.state.value,
        "error": message.error,
        "note": UNKNOWN_NOTE if message.state is State.UNKNOWN else "",
    }
    if word.blame and message.channel is Channel.WHATSAPP:
        code = _GRAPH_CODE.search(message.error)
        row["error_api"] = f"wa_{code[1]}" if code else message.error or message.state.value
    elif word.blame:
        row[word.blame] = message.error or message.state.value
    return row


def typed_row(typed: TypedMessage, calendar: Calendar) -> dict[str, Any]:
    """An SMS typed on a phone, as a row of the sent log."""
    date, hour = calendar.split(typed.sent_at)
    return {
        "id": number_of(typed.id),
        "guid": typed.id,
        "guid_message": typed.id,
        "number": typed.recipient,
        "recipients": typed.recipient,
        "message": typed.text,
        "date": date,
        "hour": hour,
        "timestamp_unix": typed.sent_at // 1000,
        "send_from_mobile": "1",
        "send_from_mobile_erreur": "",
        "error_api": "",
        "sIdentifiantPhone": typed.line,
        "port": None,
        "schedule_timestamp": None,
        "retry": 0,
        "send_with_whatsapp": "0",
        "status": State.SENT.value,
        "error": "",
        "note": "",
    }


def missed_row(call: LoggedCall, calendar: Calendar) -> dict[str, Any]:
    """A row of the missed calls."""
    return {"number": call.number, "name": call.name, "date": " ".join(calendar.split(call.call_at))}


def call_row(call: LoggedCall) -> dict[str, Any]:
    """A row of the incoming or of the outgoing calls."""
    return {
        "phone_number": call.number,
        "cached_name": call.name or None,
        "call_datetime_utc": " ".join(_UTC.split(call.call_at)),
        "call_date_ms": call.call_at,
        "duration_sec": call.duration_seconds,
    }


def inbox_row(received: Received, calendar: Calendar) -> dict[str, Any]:
    """A row of the inbox; the extension `note` is present only when the text is incomplete."""
    date, hour = calendar.split(received.received_at)
    row: dict[str, Any] = {
        "id": received.seq,
        "sIdentifiantPhone": received.line,
        "timestamp_unix": received.received_at // 1000,
        "message": received.text,
        "number": received.sender,
        "guid": received.id.upper(),
        "alias": None,
        "date": date,
        "hour": hour,
        "time_received": str(received.received_at),
    }
    if note := received.error or (received.partial and "parts of it never came") or (received.data and "not text"):
        row["note"] = note
    return row


def phone_row(line: Line, calendar: Calendar) -> dict[str, Any]:
    """A line as a phone of the vendor; `sid` is what `sIdentifiant` takes."""
    return {
        "sid": line.name,
        "sIdentifiant": line.name,
        "label": " ".join(filter(None, (line.model, line.number))) or line.device,
        "date": " ".join(calendar.split(line.seen_at)) if line.seen_at else "",
        "battery": line.battery,
        "version": line.driver,
        "online": line.state is LineState.READY,
        "port": line.slot,
        "note": line.reason,
    }
