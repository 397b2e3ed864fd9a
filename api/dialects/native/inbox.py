"""/v1/inbox: what came in."""

from aiohttp import web

from api.dialects.native import fields, shapes
from api.dialects.native.answers import answer, nothing
from api.dialects.native.call import Call
from api.dialects.native.times import heard
from bridge.errors import NoSuchThing
from bridge.queries import InboxQuery

LIST = fields.listing(
    keyword=fields.short(200),
    since=heard,
    until=heard,
    line=fields.short(100),
    unread=fields.switch,
    mark_read=fields.switch,
) | {"from": fields.short(100)}


async def find(call: Call) -> web.Response:
    """Newest first; with `mark_read`, what is returned counts as read from then on."""
    asked = call.query
    rows = await call.gateway.inbox(call.account, InboxQuery(sender=asked.pop("from", ""), **asked))
    return answer(shapes.page("messages", rows, shapes.received))


async def show(call: Call) -> web.Response:
    """One received SMS."""
    return answer(shapes.received(await call.gateway.received(call.account, call.id)))


async def forget(call: Call) -> web.Response:
    """Hide it from this account for good."""
    if not await call.gateway.delete_received(call.account, InboxQuery(ids=(call.id,))):
        raise NoSuchThing
    return nothing()
