"""/v1/lines and /v1/me: what can send, and who is asking."""

from aiohttp import web

from api.dialects.native import shapes
from api.dialects.native.answers import answer
from api.dialects.native.call import Call
from bridge.errors import NoSuchThing


async def find(call: Call) -> web.Response:
    """Every configured line, absent ones too."""
    return answer({"lines": [shapes.line(row) for row in call.gateway.lines()]})


async def show(call: Call) -> web.Response:
    """One line by its name."""
    for row in call.gateway.lines():
        if row.name == call.id:
            return answer(shapes.line(row))
    raise NoSuchThing("No line has this name.")


async def me(call: Call) -> web.Response:
    """The account that the credentials belong to, its credits as they are now."""
    return answer(shapes.account(await call.gateway.desk.account(call.account.name)))
