"""/v1/typed and /v1/calls: what phones tell besides SMS to them."""

from aiohttp import web

from api.dialects.native import fields, shapes, values
from api.dialects.native.answers import answer
from api.dialects.native.call import Call
from bridge.model import CallKind
from bridge.queries import CallQuery, TypedQuery

TYPED = values.listing(
    to=values.sender,
    keyword=values.short(200),
    since=values.moment,
    until=values.moment,
    line=values.short(100),
)
CALLS = values.listing(
    kind=values.choices(CallKind),
    number=values.sender,
    keyword=values.short(200),
    since=values.moment,
    until=values.moment,
    line=values.short(100),
)


async def typed(call: Call) -> web.Response:
    """SMS typed on the phones, newest first."""
    query = TypedQuery(**fields.renamed(call.query, to="recipient"))
    return answer(shapes.page("messages", await call.gateway.typed(call.account, query), shapes.typed))


async def calls(call: Call) -> web.Response:
    """The phones' calls, newest first."""
    query = CallQuery(**fields.renamed(call.query, kind="kinds"))
    return answer(shapes.page("calls", await call.gateway.calls(call.account, query), shapes.call))
