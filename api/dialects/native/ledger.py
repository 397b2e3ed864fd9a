"""/v1/ledger: every webhook delivery owed and made, and owing it once more."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from api.dialects.native import body, fields, shapes
from api.dialects.native.answers import answer
from api.dialects.native.call import Call
from api.dialects.native.times import heard
from bridge.errors import BadRequest
from bridge.model import DeliveryState
from bridge.queries import LedgerQuery

MAX_IDS = 1000
FILTERS: Mapping[str, fields.Reader] = {
    "state": fields.choice(DeliveryState),
    "endpoint": fields.short(100),
    "event": fields.short(100),
    "event_id": fields.short(100),
    "since": heard,
    "until": heard,
}
LIST = fields.listing(**FILTERS)
AGAIN = {**FILTERS, "ids": fields.words(100, most=MAX_IDS)}


async def find(call: Call) -> web.Response:
    """Newest first."""
    rows = await call.gateway.ledger(call.account, LedgerQuery(**call.query))
    return answer(shapes.page("deliveries", rows, shapes.delivery))


async def redeliver(call: Call) -> web.Response:
    """From attempt one; by id, or all that match."""
    asked = await body.read(call.request, _wish)
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
