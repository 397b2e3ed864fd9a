"""/v1/notifications: what applications told the bridge's owner."""

from api.dialects.native import fields, serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.model.notification import NotificationQuery

LIST = validators.listing(device=validators.short(200), since=validators.moment, until=validators.moment)


async def find(call: Call) -> Answer:
    """List notifications, newest first."""
    query = NotificationQuery(**fields.renamed(call.query, device="sid"))
    page = await call.gateway.notifications(call.account, query)
    return answer(serializers.page("notifications", page, serializers.notification))
