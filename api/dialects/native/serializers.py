"""Serialises the model for the API, as `openapi.yaml` describes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from bridge.accounts.sessions import SignedIn
from bridge.messages.templates import places
from bridge.model.account import Account, AuditEntry, Movement, Suppressed, Template, Terms
from bridge.model.attention import Ongoing
from bridge.model.batch import Batch, Progress, RowState
from bridge.model.conversation import Contact, Conversation, Thread
from bridge.model.event import Event
from bridge.model.finding import Finding
from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.line import Line
from bridge.model.loopback import Departures
from bridge.model.message import Message, Part, State
from bridge.model.notification import Notification
from bridge.model.query import Page
from bridge.model.scope import Key, written
from bridge.model.statistics import Statistics, Tally
from bridge.model.user import Session, User
from bridge.model.webhook import Delivery, Endpoint, Trial

T = TypeVar("T")
Shape = dict[str, Any]
#: reports count what the line can tell
AUTO = "auto"


def spoken(milliseconds: int) -> str | None:
    """Format a time as `2026-11-20T22:48:32.123Z` (RFC 3339); None for 0 ("not yet", "never")."""
    if not milliseconds:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    """The seconds part, cached because the times of answers lie close together."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def page(name: str, rows: Page[T], shape: Callable[[T], Shape]) -> Shape:
    """One page of a list; `cursor` is null on the last one."""
    return {name: [shape(row) for row in rows.rows], "cursor": rows.cursor or None}


def message(row: Message) -> Shape:
    """A message in a list."""
    return {
        "id": row.id,
        "account": row.account,
        "to": row.recipient,
        "written": row.written,
        "text": row.text,
        "state": row.state.value,
        "error": row.error,
        "route": row.route,
        "line": row.line,
        "slot": row.slot,
        "parts": row.parts,
        "attempts": row.attempts,
        "on_unknown": row.on_unknown.value,
        "report": row.report,
        "client_ref": row.client_ref,
        "tag": row.tag,
        "dialect": row.dialect,
        "channel": row.channel.value,
        "media": row.media,
        "created_at": spoken(row.created_at),
        "updated_at": spoken(row.updated_at),
        "not_before": spoken(row.not_before),
        "due_at": spoken(row.due_at),
        "expires_at": spoken(row.expires_at),
        "sent_at": spoken(row.sent_at),
        "delivered_at": spoken(row.delivered_at),
    }


def message_with_parts(row: Message, parts: Iterable[Part]) -> Shape:
    """A message with its tried parts."""
    return message(row) | {"tried": [part(each) for each in parts]}


def part(row: Part) -> Shape:
    """One radio SMS of a message."""
    return {
        "index": row.index,
        "state": row.state.value,
        "reference": row.reference,
        "line": row.line,
        "attempts": row.attempts,
        "error": row.error,
        "intent_at": spoken(row.intent_at),
        "sent_at": spoken(row.sent_at),
        "done_at": spoken(row.done_at),
    }


def received(row: Received) -> Shape:
    """An SMS that came in."""
    return {
        "id": row.id,
        "from": row.sender,
        "text": row.text,
        "line": row.line,
        "device": row.device,
        "sent_at": spoken(row.sent_at),
        "received_at": spoken(row.received_at),
        "partial": row.partial,
        "data": row.data,
        "error": row.error,
        "channel": row.channel.value,
        "media": row.media,
        "read": row.read,
    }


def typed(row: TypedMessage) -> Shape:
    """An SMS typed on a phone."""
    return {
        "id": row.id,
        "to": row.recipient,
        "text": row.text,
        "line": row.line,
        "device": row.device,
        "sent_at": spoken(row.sent_at),
        "recorded_at": spoken(row.recorded_at),
    }


def call(row: LoggedCall) -> Shape:
    """A call in a phone's log."""
    return {
        "id": row.id,
        "kind": row.kind.value,
        "number": row.number,
        "name": row.name,
        "duration_seconds": row.duration_seconds,
        "line": row.line,
        "device": row.device,
        "call_at": spoken(row.call_at),
        "recorded_at": spoken(row.recorded_at),
    }


def notification(row: Notification) -> Shape:
    """What an application told the owner."""
    return {
        "id": row.id,
        "account": row.account,
        "device": row.sid,
        "title": row.title,
        "type": row.type,
        "message": row.message,
        "sent_at": spoken(row.sent_at),
        "mailed_at": spoken(row.mailed_at),
    }


def line(row: Line) -> Shape:
    """A line and its health."""
    return {
        "name": row.name,
        "device": row.device,
        "driver": row.driver,
        "slot": row.slot,
        "state": row.state.value,
        "reason": row.reason,
        "number": row.number,
        "iccid": row.iccid,
        "imsi": row.imsi,
        "imei": row.imei,
        "model": row.model,
        "operator": row.operator,
        "registration": row.registration,
        "signal_dbm": row.signal_dbm,
        "battery": row.battery,
        "charging": row.charging,
        "reports": row.reports,
        "calls": row.calls,
        "calls_reason": row.calls_reason,
        "seen_at": spoken(row.seen_at),
    }


def finding(row: Finding) -> Shape:
    """One line of an examination."""
    return {"level": row.level, "subject": row.subject, "message": row.message, "remedy": row.remedy}


def webhook(row: Endpoint) -> Shape:
    """An endpoint without its secrets."""
    return {
        "id": row.id,
        "account": row.account,
        "url": row.url,
        "format": row.format,
        "events": list(row.events),
        "max_attempts": row.max_attempts,
        "paused": row.paused,
        "rotating": bool(row.next_secret),
        "created_at": spoken(row.created_at),
    }


def trial(row: Trial) -> Shape:
    """One request made on trial."""
    return {
        "ok": 200 <= row.status < 300,
        "event": row.event,
        "status": row.status or None,
        "error": row.error,
        "took_ms": row.took_ms,
    }


def delivery(row: Delivery) -> Shape:
    """A row of the ledger."""
    return {
        "id": row.id,
        "seq": row.seq,
        "account": row.account,
        "endpoint": row.endpoint,
        "event_id": row.event_id,
        "event": row.event,
        "state": row.state.value,
        "attempts": row.attempts,
        "status": row.status or None,
        "error": row.error,
        "created_at": spoken(row.created_at),
        "due_at": spoken(row.due_at),
        "delivered_at": spoken(row.delivered_at),
    }


def account(row: Account) -> Shape:
    """An account with terms and credits, without credentials."""
    return {
        "name": row.name,
        "operator": row.operator,
        "disabled": row.disabled,
        "on_unknown": row.on_unknown.value,
        "credits": row.credits,
        "terms": terms(row.terms),
        "created_at": spoken(row.created_at),
    }


def terms(row: Terms) -> Shape:
    """An account's terms."""
    return {
        "payment": row.payment.value,
        "addresses": list(row.addresses),
        "requests_per_minute": row.requests_per_minute,
        "daily_per_recipient": row.daily_per_recipient,
        "zone": row.zone,
        "country": row.country,
        "verification": row.verification.value,
        "report_on": row.report_on or AUTO,
        "lines": list(row.lines),
    }


def movement(row: Movement) -> Shape:
    """A movement of credits."""
    return {
        "seq": row.seq,
        "kind": row.kind,
        "amount": row.amount,
        "balance": row.balance,
        "message": row.message,
        "note": row.note,
        "at": spoken(row.at),
    }


def template(row: Template) -> Shape:
    """A template."""
    return {
        "id": row.id,
        "text": row.text,
        "places": list(places(row.text)),
        "approved": row.approved,
        "created_at": spoken(row.created_at),
    }


def suppressed(row: Suppressed) -> Shape:
    """A suppressed number."""
    return {"number": row.number, "reason": row.reason, "at": spoken(row.at), "line": row.line}


def key(row: Key) -> Shape:
    """A named key without its secret."""
    return {
        "account": row.account,
        "name": row.name,
        "kind": row.kind,
        "hint": row.hint,
        "scopes": written(row.scopes).split(),
        "created_at": spoken(row.created_at),
        "expires_at": spoken(row.expires_at),
        "used_at": spoken(row.used_at),
    }


def audit_entry(row: AuditEntry) -> Shape:
    """An audit entry."""
    return {
        "seq": row.seq,
        "at": spoken(row.at),
        "who": row.who,
        "what": row.what,
        "account": row.account,
        "detail": row.detail,
    }


def contact(row: Contact, stop: Suppressed | None) -> Shape:
    """Who a number is."""
    return {
        "number": row.number,
        "name": row.name,
        "note": row.note,
        "groups": list(row.groups),
        "consent": row.consent.value,
        "consent_note": row.consent_note,
        "consent_at": spoken(row.consent_at),
        "suppressed": stop is not None,
        "created_at": spoken(row.created_at),
        "updated_at": spoken(row.updated_at),
    }


def conversation(row: Conversation) -> Shape:
    """A number and its newest message, as the list of conversations shows it."""
    last = row.last
    return {
        "number": row.number,
        "name": row.contact.name if row.contact is not None and row.contact.name else None,
        "unread": row.unread,
        "suppressed": row.suppressed is not None,
        "at": spoken(row.at),
        "last": {
            "direction": "out" if isinstance(last, Message) else "in",
            "id": last.id,
            "text": last.text,
            "state": last.state.value if isinstance(last, Message) else None,
            "line": last.line,
            "at": spoken(_moment(last)),
        },
    }


def thread(row: Thread) -> Shape:
    """A part of a conversation."""
    return {
        "number": row.number,
        "contact": contact(row.contact, row.suppressed) if row.contact is not None else None,
        "suppressed": suppressed(row.suppressed) if row.suppressed is not None else None,
        "unread": row.unread,
        "entries": [_entry(each) for each in row.entries],
        "cursor": row.cursor or None,
    }


def _entry(row: Message | Received) -> Shape:
    if isinstance(row, Message):
        return {"direction": "out", "at": spoken(_moment(row)), "message": message(row)}
    return {"direction": "in", "at": spoken(_moment(row)), "received": received(row)}


def _moment(row: Message | Received) -> int:
    return row.created_at if isinstance(row, Message) else row.received_at


def batch(row: Batch, progress: Progress, columns: Sequence[Shape], same: Sequence[Batch]) -> Shape:
    """A file that is sent, or is to be."""
    plan = row.plan
    made = sum(progress.counts.values())
    return {
        "id": row.id,
        "account": row.account,
        "name": plan.name,
        "state": row.state.value,
        "reason": row.reason,
        "columns": list(columns),
        "number_column": plan.number_column,
        "text": plan.text,
        "country": plan.country,
        "line": plan.line,
        "not_before": spoken(plan.not_before),
        "per_minute": plan.per_minute,
        "tag": plan.tag,
        "rows": row.rows,
        "sendable": row.judged.get(RowState.OK, 0),
        "bad": row.judged.get(RowState.BAD, 0),
        "duplicates": row.judged.get(RowState.DUPLICATE, 0),
        "suppressed": row.judged.get(RowState.SUPPRESSED, 0),
        "parts": row.parts,
        "made": made,
        "counts": {state.value: progress.counts.get(state, 0) for state in State},
        "rate_per_minute": round(progress.rate_per_minute, 1),
        "done_at": spoken(progress.done_at),
        "same_as": [{"id": each.id, "name": each.plan.name, "created_at": spoken(each.created_at)} for each in same],
        "created_by": row.created_by,
        "created_at": spoken(row.created_at),
        "started_at": spoken(row.started_at),
        "finished_at": spoken(row.finished_at),
    }


def ongoing(row: Ongoing) -> Shape:
    """An alarm that is not over."""
    return {
        "id": row.id,
        "title": row.title,
        "reason": row.reason,
        "line": row.line,
        "began_at": spoken(row.began_at),
    }


def user(row: User) -> Shape:
    """A person who may sign in."""
    return {
        "name": row.name,
        "role": row.role.value,
        "disabled": row.disabled,
        "totp": row.totp,
        "recovery_codes_left": row.recovery_codes_left,
        "created_at": spoken(row.created_at),
        "seen_at": spoken(row.seen_at),
    }


def session(row: Session, current: bool) -> Shape:
    """Where somebody is signed in."""
    return {
        "id": row.id,
        "user": row.user,
        "address": row.address,
        "agent": row.agent,
        "created_at": spoken(row.created_at),
        "seen_at": spoken(row.seen_at),
        "expires_at": spoken(row.expires_at),
        "current": current,
    }


def signed_in(found: SignedIn | None) -> Shape:
    """Who is signed in, and what a page needs of it; nulls for nobody."""
    return {
        "user": None if found is None else user(found.user),
        "csrf": None if found is None else found.proof,
        "expires_at": None if found is None else spoken(found.session.expires_at),
        "idle_at": None if found is None else spoken(found.idle_at),
    }


def departures(row: Departures) -> Shape:
    """Loop-backs that were sent, and the lines that sent none."""
    started = [
        {"id": each.token, "from": each.sender, "to": each.receiver, "started_at": spoken(each.started_at)}
        for each in row.started
    ]
    skipped = [{"from": each.sender, "reason": each.reason} for each in row.skipped]
    return {"started": started, "skipped": skipped, "deadline": row.deadline}


def event(row: Event) -> Shape:
    """An event; times in its snapshot are formatted as everywhere in the API."""
    return {
        "id": row.id,
        "seq": row.seq,
        "name": row.name,
        "account": row.account,
        "at": spoken(row.at),
        "subject": row.subject,
        "data": _timed(row.data),
    }


def _timed(data: Mapping[str, Any]) -> Shape:
    return {
        key: spoken(value) if key.endswith("_at") and isinstance(value, int) else value for key, value in data.items()
    }


def statistics(found: Statistics) -> Shape:
    """Every period, empty ones too, and the lines that have anything."""
    return {
        "step": found.step.value,
        "zone": found.zone,
        "since": spoken(found.edges[0]),
        "until": spoken(found.edges[-1]),
        "totals": _tally(found.totals),
        "periods": [
            {"at": spoken(at), **_tally(each)} for at, each in zip(found.edges[:-1], found.periods, strict=True)
        ],
        "lines": [{"line": line, **_tally(each)} for line, each in found.lines.items()],
    }


def _tally(tally: Tally) -> Shape:
    states = {state.value: tally.states[state] for state in State}
    return {"accepted": tally.accepted, "parts": tally.parts, "received": tally.received, "states": states}
