"""/v1/ledger: webhook deliveries, made and waiting, and their redelivery."""

from collections.abc import Mapping
from typing import Any

from api.dialects.native import fields, serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.errors import BadRequest
from bridge.model.query import LedgerQuery
from bridge.model.webhook import DeliveryState

MAX_IDS = 1000
FILTERS: Mapping[str, fields.Reader] = {
    "state": validators.choice(DeliveryState),
    "endpoint": validators.short(100),
    "event": validators.short(100),
    "event_id": validators.short(100),
    "since": validators.moment,
    "until": validators.moment,
}
LIST = validators.listing(**FILTERS)
AGAIN = {**FILTERS, "ids": validators.strings(100, most=MAX_IDS)}


async def find(call: Call) -> Answer:
    """List deliveries, newest first."""
    rows = await call.gateway.endpoints.ledger(call.account, LedgerQuery(**call.query))
    return answer(serializers.page("deliveries", rows, serializers.delivery))


async def redeliver(call: Call) -> Answer:
    """Requeue deliveries from attempt one, by id or all that match."""
    asked = await call.body(_wish)
    ids = asked.pop("ids", ())
    count = await call.gateway.endpoints.redeliver(call.account, LedgerQuery(**asked), ids)
    return answer({"count": count}, 202)


def _wish(given: Mapping[str, Any]) -> dict[str, Any]:
    asked = fields.take(given, AGAIN)
    if not asked:
        raise BadRequest("say which deliveries: `ids`, or at least one filter")
    if "ids" in asked and len(asked) > 1:
        raise BadRequest("does not go together with filters", "ids")
    return asked
