"""/v1/ledger: every webhook delivery owed and made, and owing it once more."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from api.dialects.native import fields, shapes, values
from api.dialects.native.answers import answer
from api.dialects.native.call import Call
from bridge.errors import BadRequest
from bridge.model import DeliveryState
from bridge.queries import LedgerQuery

MAX_IDS = 1000
FILTERS: Mapping[str, fields.Reader] = {
    "state": values.choice(DeliveryState),
    "endpoint": values.short(100),
    "event": values.short(100),
    "event_id": values.short(100),
    "since": values.moment,
    "until": values.moment,
}
LIST = values.listing(**FILTERS)
AGAIN = {**FILTERS, "ids": values.strings(100, most=MAX_IDS)}


async def find(call: Call) -> web.Response:
    """Newest first."""
    rows = await call.gateway.ledger(call.account, LedgerQuery(**call.query))
    return answer(shapes.page("deliveries", rows, shapes.delivery))


async def redeliver(call: Call) -> web.Response:
    """From attempt one; by id, or all that match."""
    asked = await call.body(_wish)
    ids = asked.pop("ids", ())
    count = await call.gateway.redeliver(call.account, LedgerQuery(**asked), ids)
    return answer({"count": count}, 202)


def _wish(given: Mapping[str, Any]) -> dict[str, Any]:
    asked = fields.take(given, AGAIN)
    if not asked:
        raise BadRequest("say which deliveries: `ids`, or at least one filter")
    if "ids" in asked and len(asked) > 1:
        raise BadRequest("does not go together with filters", "ids")
    return asked
