"""/v1/typed and /v1/calls: SMS typed on phones, and their calls."""

from api.dialects.native import fields, serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from bridge.model.inbox import CallKind
from bridge.model.query import CallQuery, TypedQuery

TYPED = validators.listing(
    to=validators.sender,
    keyword=validators.short(200),
    since=validators.moment,
    until=validators.moment,
    line=validators.short(100),
)
CALLS = validators.listing(
    kind=validators.choices(CallKind),
    number=validators.sender,
    keyword=validators.short(200),
    since=validators.moment,
    until=validators.moment,
    line=validators.short(100),
)


async def typed(call: Call) -> Answer:
    """List SMS typed on phones, newest first."""
    query = TypedQuery(**fields.renamed(call.query, to="recipient"))
    return answer(serializers.page("messages", await call.gateway.typed(call.account, query), serializers.typed))


async def calls(call: Call) -> Answer:
    """List the phones' calls, newest first."""
    query = CallQuery(**fields.renamed(call.query, kind="kinds"))
    return answer(serializers.page("calls", await call.gateway.calls(call.account, query), serializers.call))
