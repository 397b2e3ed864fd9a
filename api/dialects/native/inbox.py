"""/v1/inbox: what came in."""

from aiohttp import web

from api.dialects.native import fields, shapes, values
from api.dialects.native.answers import answer, nothing
from api.dialects.native.call import Call
from bridge.errors import NoSuchThing
from bridge.queries import InboxQuery

LIST = values.listing(
    keyword=values.short(200),
    since=values.moment,
    until=values.moment,
    line=values.short(100),
    unread=values.switch,
    mark_read=values.switch,
) | {"from": values.sender}


async def find(call: Call) -> web.Response:
    """Newest first; with `mark_read`, what is returned counts as read from then on."""
    query = InboxQuery(**fields.renamed(call.query, **{"from": "sender"}))
    rows = await call.gateway.inbox(call.account, query)
    return answer(shapes.page("messages", rows, shapes.received))


async def show(call: Call) -> web.Response:
    """One received SMS."""
    return answer(shapes.received(await call.gateway.received(call.account, call.id)))


async def forget(call: Call) -> web.Response:
    """Hide it from this account for good."""
    if not await call.gateway.delete_received(call.account, InboxQuery(ids=(call.id,))):
        raise NoSuchThing
    return nothing()
