"""/v1/users and /v1/user-links: owners look after the people who may sign in."""

from typing import Any

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from api.dialects.native.sessions import NAME, PASSWORD
from bridge.errors import BadRequest, NoSuchThing, NotPossible
from bridge.model.user import Role

NEW = {"name": NAME, "role": validators.choice(Role), "password": PASSWORD}
CHANGE = {
    "role": validators.choice(Role),
    "disabled": validators.flag,
    "password": PASSWORD,
    "totp": validators.flag,
}
LINK = {"user": NAME}


async def find(call: Call) -> Answer:
    """List users by name."""
    call.owners_only()
    return answer({"users": [serializers.user(row) for row in await call.gateway.users.all()]})


async def add(call: Call) -> Answer:
    """Add a user, with a password or a one-time link to choose one."""
    call.owners_only()
    asked = await call.fields(NEW, "name", "role")
    made = await call.gateway.users.add(call.who, **asked)
    shown = serializers.user(made)
    if "password" not in asked:
        shown |= _link(call, *await call.gateway.users.link(call.who, made))
    return answer(shown, 201, {"Location": f"{call.prefix}/v1/users/{made.name}"})


async def change(call: Call) -> Answer:
    """Change the given fields."""
    call.owners_only()
    asked = await call.fields(CHANGE)
    if not asked:
        raise BadRequest("say what to change: at least one member")
    return answer(serializers.user(await call.gateway.users.change(call.who, call.part("name"), **asked)))


async def remove(call: Call) -> Answer:
    """Remove a user and end the sessions."""
    call.owners_only()
    await call.gateway.users.remove(call.who, call.part("name"))
    return nothing()


async def link(call: Call) -> Answer:
    """Make a one-time link for a user, or without a name for the first owner."""
    call.owners_only()
    asked = await call.fields(LINK)
    if "user" in asked:
        user = await call.gateway.users.get(asked["user"])
        if user is None:
            raise NoSuchThing(f"there is no user {asked['user']!r}")
        return answer(_link(call, *await call.gateway.users.link(call.who, user)), 201)
    if not await call.gateway.users.are_there_none():
        raise NotPossible("there are users already: say whom the link is for")
    return answer(_link(call, *await call.gateway.users.first_link()), 201)


def _link(call: Call, secret: str, ends: int) -> dict[str, Any]:
    """The URL of a link; the secret is behind `#`, so that it appears in no request and no log."""
    return {"link": f"{call.incoming.public_url}/#/welcome/{secret}", "link_expires_at": serializers.format_time(ends)}
