"""Webhook payload formats and signatures.

`v1` is the flat object of the SMSMobileAPI's first webhook, for received SMS only, unsigned. `v2` is its signed
envelope for every event. Dialects bring formats of their own, unsigned. A body is made from the event alone, so each
attempt sends the same bytes; only the time stamp and the signature are new, because receivers refuse a time stamp
older than 300 s.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from api.dialects import bodies
from api.webhooks.signing import sign
from bridge.dataclass import dataclass
from bridge.errors import BadRequest
from bridge.model import event as events
from bridge.model.account import NO_ZONE
from bridge.model.event import Event
from bridge.model.line import Channel
from bridge.model.payload_format import FORMATS
from bridge.model.webhook import Delivery, Endpoint

#: receivers read no more (the vendor's own ones cap at this)
LONGEST_BODY = 1_000_000
API_VERSION = "2026-09-22"

#: our names of events and the vendor's; from `delivered` on the vendor has no word, and ours is alike
TYPES: Mapping[str, str] = {
    events.MESSAGE_SUBMITTED: "sms.api.submitted",
    events.MESSAGE_SENT: "sms.sent",
    events.MESSAGE_FAILED: "sms.failed",
    events.MESSAGE_RECEIVED: "sms.received",
    events.MESSAGE_TYPED: "sms.mobile.sent",
    events.CALL_MISSED: "call.missed",
    events.CALL_INCOMING: "call.incoming",
    events.CALL_OUTGOING: "call.outgoing",
    events.MESSAGE_DELIVERED: "sms.delivered",
    events.MESSAGE_UNKNOWN: "sms.unknown",
    events.MESSAGE_EXPIRED: "sms.expired",
    events.MESSAGE_CANCELLED: "sms.cancelled",
    events.RECIPIENT_STOPPED: "recipient.stopped",
    events.RECIPIENT_STARTED: "recipient.started",
    events.LINE_CHANGED: "line.changed",
    **{name: name for name in events.FOR_OPERATORS},
}
#: the same of what goes or comes by WhatsApp
WHATSAPP_TYPES: Mapping[str, str] = {
    events.MESSAGE_SUBMITTED: "whatsapp.submitted",
    events.MESSAGE_SENT: "whatsapp.sent",
    events.MESSAGE_FAILED: "whatsapp.failed",
    events.MESSAGE_RECEIVED: "whatsapp.received",
    events.MESSAGE_DELIVERED: "whatsapp.delivered",
    events.MESSAGE_UNKNOWN: "whatsapp.unknown",
    events.MESSAGE_EXPIRED: "whatsapp.expired",
    events.MESSAGE_CANCELLED: "whatsapp.cancelled",
}
#: the type in an envelope, which comes right after its id
_TYPE = re.compile(rb'"type":"([a-z._]+)"')
CALLS = frozenset({events.CALL_MISSED, events.CALL_INCOMING, events.CALL_OUTGOING})
#: which of its data is an event's own time
_HAPPENED = {events.MESSAGE_RECEIVED: "received_at", events.MESSAGE_TYPED: "sent_at", **dict.fromkeys(CALLS, "call_at")}


@dataclass(frozen=True, slots=True)
class Format:
    """A payload format: the events it expresses, its body, and the headers of an attempt."""

    #: names of `bridge.model.event`
    events: frozenset[str]
    #: from event and time zone of the account: the same bytes for the same event, whenever asked
    body: Callable[[Event, tzinfo], bytes]
    #: from endpoint, delivery, body and Unix seconds
    headers: Callable[[Endpoint, Delivery, bytes, int], dict[str, str]]

    def render(self, event: Event, zone: tzinfo = UTC) -> bytes:
        """Build the body for an account in this time zone. Raises BadRequest for an event the format cannot express."""
        if event.name not in self.events:
            raise BadRequest(f"this format has no words for {event.name}", "format")
        body = self.body(event, zone)
        if len(body) > LONGEST_BODY:
            raise BadRequest(f"the body is longer than {LONGEST_BODY} bytes", "format")
        return body


def formats(zone: tzinfo = UTC) -> Mapping[str, Format]:
    """Formats by name, those of dialects too; local times are in the account's zone, else in `zone`."""

    def local(write: Callable[[Event, tzinfo], Mapping[str, object]]) -> Callable[[Event, tzinfo], bytes]:
        return lambda event, own: _json(write(event, zone if str(own) == NO_ZONE else own))

    return {
        "v1": Format(FORMATS["v1"].events, local(_flat), _plain_headers),
        "v2": Format(FORMATS["v2"].events, local(_envelope), _signed_headers),
        **{name: Format(FORMATS[name].events, local(body), _plain_headers) for name, body in bodies().items()},
    }


def _plain_headers(endpoint: Endpoint, delivery: Delivery, body: bytes, now: int) -> dict[str, str]:
    return {"Content-Type": "application/json"}


def _signed_headers(endpoint: Endpoint, delivery: Delivery, body: bytes, now: int) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-SMSMobileAPI-Event": _type_in(body) or TYPES[delivery.event],
        "X-SMSMobileAPI-Event-ID": delivery.event_id,
        "X-SMSMobileAPI-Delivery": delivery.id,
        "X-SMSMobileAPI-Timestamp": str(now),
        "Idempotency-Key": delivery.event_id,
    }
    if endpoint.secret:  # that of alarms may have none
        headers["X-SMSMobileAPI-Signature"] = sign(endpoint.secret, now, body)
    if endpoint.next_secret:
        headers["X-SMSMobileAPI-Signature-Next"] = sign(endpoint.next_secret, now, body)
    return headers


def _flat(event: Event, zone: tzinfo) -> dict[str, Any]:
    data = event.data
    added = _local(event.at, zone)
    return {
        "date": added[:10],
        "hour": added[11:],
        "time_received": _local(data["received_at"], zone),
        "message": data["text"],
        "number": data["from"],
        "guid": data["id"].upper(),
    }


def _envelope(event: Event, zone: tzinfo) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": _type(event),
        "api_version": API_VERSION,
        "created_at": _iso(event.at),
        "occurred_at": _iso(_occurred(event)),
        "data": _DATA.get(event.name, _message)(event, zone),
    }


def _type(event: Event) -> str:
    # events of before there was another channel do not say it
    by_whatsapp = event.data.get("channel") == Channel.WHATSAPP
    return WHATSAPP_TYPES.get(event.name, TYPES[event.name]) if by_whatsapp else TYPES[event.name]


def _type_in(body: bytes) -> str:
    found = _TYPE.search(body)
    return found[1].decode() if found else ""


def _occurred(event: Event) -> int:
    """When it happened; the event is recorded slightly later."""
    own = _HAPPENED.get(event.name)
    return int(event.data[own] if own else 0) or event.at


def _received(event: Event, zone: tzinfo) -> dict[str, Any]:
    data = event.data
    if data.get("channel") == Channel.WHATSAPP:
        return {
            "guid": data["id"].upper(),
            "data_id": data["id"].upper(),
            "from": data["from"],
            # not kept
            "contact_name": "",
            "message": data["text"],
            "is_voice_message": data["media"].startswith("voice"),
            "received_at": _iso(data["received_at"]),
        }
    return {
        "guid": data["id"].upper(),
        "from": data["from"],
        "message": data["text"],
        "received_at": _iso(data["received_at"]),
        # the name in the phone's address book, which is not read
        "alias": "",
        "device_id": data["device"],
    }


def _message(event: Event, zone: tzinfo) -> dict[str, Any]:
    data = event.data
    return {
        "guid": data["id"],
        "to": data["to"],
        "message": data["text"],
        "device_id": _device(data["line"]),
        "port": data["slot"] or None,
        "status": data["state"],
        "error": data["error"],
        "sent_at": _iso(data["sent_at"]) if data["sent_at"] else None,
    }


def _typed(event: Event, zone: tzinfo) -> dict[str, Any]:
    data = event.data
    return {
        "guid": data["id"].upper(),
        "to": data["to"],
        "message": data["text"],
        "device_id": data["device"],
        "port": None,
        "status": "sent",
        "error": "",
        "sent_at": _iso(data["sent_at"]),
    }


def _call(event: Event, zone: tzinfo) -> dict[str, Any]:
    data = event.data
    return {
        "guid": data["id"].upper(),
        "number": data["number"],
        "name": data["name"],
        "duration_seconds": data["duration_seconds"],
        "device_id": data["device"],
        "call_at": _local(data["call_at"], zone),
    }


def _as_told(event: Event, zone: tzinfo) -> dict[str, Any]:
    return dict(event.data)


def _with_times(event: Event, zone: tzinfo) -> dict[str, Any]:
    """The data with each time formatted; null when unset."""
    times = {key: _iso(at) if at else None for key, at in event.data.items() if key.endswith("_at")}
    return {**event.data, **times}


#: where `data` is not that of a message
_DATA: Mapping[str, Callable[[Event, tzinfo], dict[str, Any]]] = {
    events.MESSAGE_RECEIVED: _received,
    events.MESSAGE_TYPED: _typed,
    **dict.fromkeys(CALLS, _call),
    events.RECIPIENT_STOPPED: _as_told,
    events.RECIPIENT_STARTED: _as_told,
    events.LINE_CHANGED: _as_told,
    **dict.fromkeys(events.FOR_OPERATORS, _with_times),
}


def _device(line: str) -> str:
    """The device of a line, which is named like its device or `device:slot`."""
    return line.partition(":")[0]


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).isoformat()[:19] + "Z"


def _local(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at // 1000, zone).isoformat(" ")[:19]


def _json(value: Mapping[str, Any]) -> bytes:
    # half of a surrogate pair has no UTF-8; a broken character must not hold a message back
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
