"""/v1/conversations: what went to a number and came from it."""

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.model.conversation import ConversationQuery

LIST = validators.listing(keyword=validators.short(200), unread=validators.switch)
THREAD = validators.listing()


async def find(call: Call) -> Answer:
    """List conversations, newest first."""
    rows = await call.gateway.conversations.find(call.account, ConversationQuery(**call.query))
    return answer(serializers.page("conversations", rows, serializers.conversation))


async def show(call: Call) -> Answer:
    """Show the messages to and from a number, newest first."""
    limit, cursor = call.query.get("limit", 100), call.query.get("cursor", "")
    found = await call.gateway.conversations.thread(call.account, _number(call), limit, cursor)
    return answer(serializers.thread(found))


async def read(call: Call) -> Answer:
    """Mark all that came from a number as read."""
    await call.gateway.conversations.read(call.account, _number(call))
    return nothing()


def _number(call: Call) -> str:
    """The number in the path, or an alphanumeric sender."""
    return str(validators.short(100)(call.incoming.parts["number"]))
