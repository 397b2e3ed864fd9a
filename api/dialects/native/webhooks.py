"""/v1/webhooks: an account's webhook endpoints."""

from api.dialects.native import fields, serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing

NEW = {
    "url": validators.short(2000, least=1),
    "format": validators.short(20, least=1),
    "events": validators.strings(100, most=50),
    "max_attempts": validators.number(0, 1000),
}
CHANGE = {"paused": validators.flag}
ROTATE = {"finish": validators.flag}


async def add(call: Call) -> Answer:
    """Add an endpoint; only this answer shows its secret."""
    asked = await call.fields(NEW, "url")
    made = await call.gateway.endpoints.add(call.who, call.account, **fields.renamed(asked, events="names"))
    shown = serializers.webhook(made) | {"secret": made.secret}
    return answer(shown, 201, {"Location": f"{call.prefix}/v1/webhooks/{made.id}"})


async def find(call: Call) -> Answer:
    """List endpoints, oldest first."""
    return answer({"webhooks": [serializers.webhook(row) for row in await call.gateway.endpoints.find(call.account)]})


async def show(call: Call) -> Answer:
    """Show an endpoint without its secret."""
    return answer(serializers.webhook(await call.gateway.endpoints.get(call.account, call.id)))


async def change(call: Call) -> Answer:
    """Pause or resume an endpoint; waiting deliveries keep their order."""
    asked = await call.fields(CHANGE, "paused")
    changed = await call.gateway.endpoints.pause(call.who, call.account, call.id, asked["paused"])
    return answer(serializers.webhook(changed))


async def remove(call: Call) -> Answer:
    """Remove an endpoint and drop its waiting deliveries."""
    await call.gateway.endpoints.remove(call.who, call.account, call.id)
    return nothing()


async def test(call: Call) -> Answer:
    """Make one request with a sample event now, and show what came of it."""
    await call.fields({})
    return answer(serializers.trial(await call.gateway.endpoints.test(call.account, call.id)))


async def rotate(call: Call) -> Answer:
    """Begin rotating the secret: a second one, shown once, signs too; with `finish` it becomes the only one."""
    asked = await call.fields(ROTATE)
    changed = await call.gateway.endpoints.rotate(call.who, call.account, call.id, **asked)
    shown = serializers.webhook(changed)
    return answer(shown | {"next_secret": changed.next_secret} if changed.next_secret else shown)
