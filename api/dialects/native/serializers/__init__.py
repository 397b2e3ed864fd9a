"""Serialises the model for the API, as `openapi.yaml` describes: one module a subject."""

from api.dialects.native.serializers.accounts import AUTO, account, audit_entry, key, movement, suppressed, template
from api.dialects.native.serializers.batches import batch
from api.dialects.native.serializers.bridges import bridge
from api.dialects.native.serializers.conversations import contact, conversation, thread
from api.dialects.native.serializers.events import event, ongoing
from api.dialects.native.serializers.history import past_alarm, quarter, trip
from api.dialects.native.serializers.lines import busy_line, departures, finding, line
from api.dialects.native.serializers.messages import message, message_with_parts, received
from api.dialects.native.serializers.people import session, signed_in, user
from api.dialects.native.serializers.phones import call, notification, typed
from api.dialects.native.serializers.shape import Shape, format_time, page
from api.dialects.native.serializers.sites import site
from api.dialects.native.serializers.statistics import statistics
from api.dialects.native.serializers.webhooks import delivery, trial, webhook

__all__ = [
    "AUTO",
    "Shape",
    "account",
    "audit_entry",
    "batch",
    "bridge",
    "busy_line",
    "call",
    "contact",
    "conversation",
    "delivery",
    "departures",
    "event",
    "finding",
    "format_time",
    "key",
    "line",
    "message",
    "message_with_parts",
    "movement",
    "notification",
    "ongoing",
    "page",
    "past_alarm",
    "quarter",
    "received",
    "session",
    "signed_in",
    "site",
    "statistics",
    "suppressed",
    "template",
    "thread",
    "trial",
    "trip",
    "typed",
    "user",
    "webhook",
]
