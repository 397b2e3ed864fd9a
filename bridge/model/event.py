"""Events: what has happened, named in the past tense.

An event is committed together with the change it tells of (store), so the bus and the ledger never
speak of something that was lost. `data` is an immutable snapshot: a webhook retried two days later
says the same.
"""

import logging
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from bridge.dataclass import dataclass
from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.message import Message

log = logging.getLogger(__name__)

MESSAGE_SUBMITTED = "message.submitted"
MESSAGE_SENT = "message.sent"
MESSAGE_DELIVERED = "message.delivered"
MESSAGE_FAILED = "message.failed"
MESSAGE_UNKNOWN = "message.unknown"
MESSAGE_EXPIRED = "message.expired"
MESSAGE_CANCELLED = "message.cancelled"
MESSAGE_RECEIVED = "message.received"
#: typed on the phone itself
MESSAGE_TYPED = "message.typed"
CALL_MISSED = "call.missed"
CALL_INCOMING = "call.incoming"
CALL_OUTGOING = "call.outgoing"
RECIPIENT_STOPPED = "recipient.stopped"
RECIPIENT_STARTED = "recipient.started"
NOTIFICATION_SENT = "notification.sent"
LINE_CHANGED = "line.changed"
ALARM_RAISED = "alarm.raised"
ALARM_OVER = "alarm.over"
LOOPBACK_ARRIVED = "loopback.arrived"
LOOPBACK_LOST = "loopback.lost"

#: everything an endpoint may subscribe to, with the sentence for the documentation
NAMES: dict[str, str] = {
    MESSAGE_SUBMITTED: "a message was accepted and is safe on disk",
    MESSAGE_SENT: "the network took every part",
    MESSAGE_DELIVERED: "the recipient's phone confirmed every part",
    MESSAGE_FAILED: "it will not be sent; `error` says why",
    MESSAGE_UNKNOWN: "the device had it and no answer came; not re-sent unasked",
    MESSAGE_EXPIRED: "its time ran out before it could be sent or delivered",
    MESSAGE_CANCELLED: "the caller took it back before it was sent",
    MESSAGE_RECEIVED: "an SMS came in on a line",
    MESSAGE_TYPED: "somebody sent an SMS on the phone itself",
    CALL_MISSED: "a phone was called and nobody answered",
    CALL_INCOMING: "a call was answered on a phone",
    CALL_OUTGOING: "somebody made a call on a phone",
    RECIPIENT_STOPPED: "a recipient wrote STOP and gets nothing more; `word` and `line` say which and where",
    RECIPIENT_STARTED: "a recipient who had written STOP wrote START and gets messages again",
    NOTIFICATION_SENT: "an application told the bridge's owner something; `title` and `text` say what",
    LINE_CHANGED: "a line's state changed; `reason` says what to do",
    ALARM_RAISED: "SMS is down or in doubt for too long, or still is; `text` says what and what to do",
    ALARM_OVER: "an alarm is over",
    LOOPBACK_ARRIVED: "an SMS from one of our lines to another arrived",
    LOOPBACK_LOST: "an SMS from one of our lines to another did not arrive in time",
}
#: told to every operator account's endpoints, whichever account they are of
#: what came to a line, or was done on it, which not every account may know of
OF_INBOUND = frozenset(
    {MESSAGE_RECEIVED, MESSAGE_TYPED, CALL_MISSED, CALL_INCOMING, CALL_OUTGOING, RECIPIENT_STOPPED, RECIPIENT_STARTED}
)
FOR_OPERATORS = frozenset({ALARM_RAISED, ALARM_OVER, LOOPBACK_ARRIVED, LOOPBACK_LOST, NOTIFICATION_SENT})


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    #: position in the log, grows; cursor of `GET /v1/events`
    seq: int
    #: UUID, the same in every delivery of it
    id: str
    name: str
    #: "" for everybody's (received SMS, what phones tell, line changes)
    account: str
    #: Unix ms
    at: int
    #: the message, inbox row or line it is about
    subject: str
    #: JSON-ready snapshot: the keys of `message_data`, `received_data`, `typed_data` or `call_data`
    data: Mapping[str, Any] = field(default_factory=dict)


def message_data(message: Message) -> dict[str, Any]:
    """The message snapshot in its events; times are Unix milliseconds, 0 when unset."""
    return {
        "id": message.id,
        "to": message.recipient,
        "written": message.written,
        "text": message.text,
        "state": message.state.value,
        "line": message.line,
        "slot": message.slot,
        "parts": message.parts,
        "error": message.error,
        "client_ref": message.client_ref,
        "tag": message.tag,
        "dialect": message.dialect,
        "channel": message.channel.value,
        "media": message.media,
        "created_at": message.created_at,
        "sent_at": message.sent_at,
        "delivered_at": message.delivered_at,
    }


def received_data(received: Received) -> dict[str, Any]:
    """The received SMS in its event; times are Unix milliseconds, 0 when unknown."""
    return {
        "id": received.id,
        "from": received.sender,
        "text": received.text,
        "line": received.line,
        "device": received.device,
        "sent_at": received.sent_at,
        "received_at": received.received_at,
        "partial": received.partial,
        "data": received.data,
        "error": received.error,
        "channel": received.channel.value,
        "media": received.media,
    }


def typed_data(typed: TypedMessage) -> dict[str, Any]:
    """The SMS typed on a phone in its event; times are Unix milliseconds."""
    return {
        "id": typed.id,
        "to": typed.recipient,
        "text": typed.text,
        "line": typed.line,
        "device": typed.device,
        "sent_at": typed.sent_at,
    }


def call_data(call: LoggedCall) -> dict[str, Any]:
    """The call in its event; times are Unix milliseconds."""
    return {
        "id": call.id,
        "number": call.number,
        "name": call.name,
        "duration_seconds": call.duration_seconds,
        "line": call.line,
        "device": call.device,
        "call_at": call.call_at,
    }
