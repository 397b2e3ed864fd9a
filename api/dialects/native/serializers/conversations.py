"""Contacts and what was said with them."""

from api.dialects.native.serializers.accounts import suppressed
from api.dialects.native.serializers.messages import message, received
from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.account import Suppressed
from bridge.model.conversation import Contact, Conversation, Thread
from bridge.model.inbox import Received
from bridge.model.message import Message


def contact(row: Contact, stop: Suppressed | None) -> Shape:
    """Who a number is."""
    return {
        "number": row.number,
        "name": row.name,
        "note": row.note,
        "groups": list(row.groups),
        "consent": row.consent.value,
        "consent_note": row.consent_note,
        "consent_at": format_time(row.consent_at),
        "suppressed": stop is not None,
        "created_at": format_time(row.created_at),
        "updated_at": format_time(row.updated_at),
    }


def conversation(row: Conversation) -> Shape:
    """A number and its newest message, as the list of conversations shows it."""
    last = row.last
    return {
        "number": row.number,
        "name": row.contact.name if row.contact is not None and row.contact.name else None,
        "unread": row.unread,
        "suppressed": row.suppressed is not None,
        "at": format_time(row.at),
        "last": {
            "direction": "out" if isinstance(last, Message) else "in",
            "id": last.id,
            "text": last.text,
            "state": last.state.value if isinstance(last, Message) else None,
            "line": last.line,
            "at": format_time(_moment(last)),
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
        return {"direction": "out", "at": format_time(_moment(row)), "message": message(row)}
    return {"direction": "in", "at": format_time(_moment(row)), "received": received(row)}


def _moment(row: Message | Received) -> int:
    return row.created_at if isinstance(row, Message) else row.received_at
