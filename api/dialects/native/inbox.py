"""/v1/inbox: received SMS."""

from api.dialect.downloads import as_download
from api.dialects.native import fields, serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.errors import NoSuchThing
from bridge.model.query import InboxQuery

LIST = validators.listing(
    keyword=validators.short(200),
    since=validators.moment,
    until=validators.moment,
    line=validators.short(100),
    unread=validators.switch,
    mark_read=validators.switch,
) | {"from": validators.sender}


async def find(call: Call) -> Answer:
    """List SMS, newest first; `mark_read` marks those returned as read."""
    if call.query.get("mark_read"):
        call.writing()
    query = InboxQuery(**fields.renamed(call.query, **{"from": "sender"}))
    rows = await call.gateway.inbox(call.account, query)
    return answer(serializers.page("messages", rows, serializers.received))


async def show(call: Call) -> Answer:
    """Show one received SMS."""
    return answer(serializers.received(await call.gateway.received(call.account, call.id)))


async def media(call: Call) -> Answer:
    """Fetch what came with a message by WhatsApp from Meta, which keeps it for seven days."""
    found = await call.gateway.media(call.account, call.id)
    kind, headers = as_download(found)
    return Answer(200, found.body, kind, headers)


async def forget(call: Call) -> Answer:
    """Hide an SMS from this account for good."""
    if not await call.gateway.delete_received(call.account, InboxQuery(ids=(call.id,))):
        raise NoSuchThing
    return nothing()
