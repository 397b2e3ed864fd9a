"""Webhook endpoints, trials of them, and the ledger of deliveries."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.webhook import Delivery, Endpoint, Trial


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
        "created_at": format_time(row.created_at),
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
        "status": row.status if row.status > 0 else None,
        "error": row.error,
        "created_at": format_time(row.created_at),
        "due_at": format_time(row.due_at),
        "delivered_at": format_time(row.delivered_at),
    }
