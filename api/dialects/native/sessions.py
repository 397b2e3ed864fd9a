"""/v1/session and /v1/sessions: people sign in and out, and look after their own password and codes."""

from api.dialects.native import cookie, serializers, validators
from api.dialects.native.authorization import ForAnother
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.accounts import one_time_codes
from bridge.accounts.passwords import MOST
from bridge.accounts.sessions import LIFE, SignedIn
from bridge.model.user import Role

PASSWORD = validators.short(2 * MOST, least=1)
NAME = validators.short(200, least=1)
CODE = validators.short(40)
SIGN_IN = {"name": NAME, "password": PASSWORD, "code": CODE}
LINK = {"link": validators.short(200, least=1)}
WELCOME = {**LINK, "name": NAME, "password": PASSWORD}
CHANGE = {"old": PASSWORD, "new": PASSWORD}
PROVE = {"password": PASSWORD}
BEGIN_CODES = {"code": CODE}
SIGN_OUT = {"everywhere": validators.switch}
LIST = {"user": NAME, "all": validators.switch}


async def show(call: Call) -> Answer:
    """Show who is signed in, or what a visitor can do."""
    given = call.incoming.cookie
    found = await call.gateway.sessions.find(given) if given else None
    return answer(await _shape(call, found))


async def sign_in(call: Call) -> Answer:
    """Sign in; the answer sets the session cookie."""
    asked = await call.fields(SIGN_IN, "name", "password")
    code, origin = asked.get("code", ""), call.incoming.origin
    return await _begun(call, await call.gateway.sessions.sign_in(asked["name"], asked["password"], code, origin))


async def sign_out(call: Call) -> Answer:
    """Sign out on this browser, or everywhere."""
    await call.gateway.sessions.sign_out(call.person(), call.query.get("everywhere", False))
    return Answer(
        204, headers={"Set-Cookie": cookie.kept(call.incoming.cookie_name, "", call.prefix, 0, call.incoming.secure)}
    )


# -- the first visit, and links -------------------------------------------------------------------
async def look_at_link(call: Call) -> Answer:
    """Show whom a one-time link is for."""
    asked = await call.fields(LINK, "link")
    found = await call.gateway.sessions.link(asked["link"])
    return answer(
        {"name": found.user, "role": found.role.value, "expires_at": serializers.format_time(found.expires_at)}
    )


async def welcome(call: Call) -> Answer:
    """Set a password by a one-time link, or become the first owner from this machine while there are no users."""
    asked = await call.fields(WELCOME, "password")
    link = asked.get("link", "")
    if not link and not call.incoming.here:
        problem = "Without a link this is for the first visit, from the machine that the bridge runs on. A link for"
        raise ForAnother(f"{problem} the first owner: sms-bridge user link")
    welcomed = call.gateway.sessions.welcome(link, asked.get("name", ""), asked["password"], call.incoming.origin)
    return await _begun(call, await welcomed)


# -- one's own --------------------------------------------------------------------------------------
async def change_password(call: Call) -> Answer:
    """Change the password; the person's other sessions end."""
    person, asked = call.person(), await call.fields(CHANGE, "old", "new")
    await call.gateway.sessions.change_password(person, asked["old"], asked["new"], call.incoming.origin)
    return nothing()


async def propose_codes(call: Call) -> Answer:
    """Propose a secret for an authenticator app."""
    person, asked = call.person(), await call.fields(PROVE, "password")
    secret = await call.gateway.sessions.propose_codes(person, asked["password"], call.incoming.origin)
    return answer({"secret": secret, "uri": one_time_codes.uri(secret, person.user.name)})


async def begin_codes(call: Call) -> Answer:
    """Turn one-time codes on; only this answer shows the recovery codes."""
    person, asked = call.person(), await call.fields(BEGIN_CODES, "code")
    codes = await call.gateway.sessions.begin_codes(person, asked["code"], call.incoming.origin)
    return answer({"recovery_codes": codes})


async def end_codes(call: Call) -> Answer:
    """Turn one-time codes off."""
    person, asked = call.person(), await call.fields(PROVE, "password")
    await call.gateway.sessions.end_codes(person, asked["password"], call.incoming.origin)
    return nothing()


async def find(call: Call) -> Answer:
    """List the sessions of this person; an owner may list those of others."""
    person = call.person()
    user = "" if call.query.get("all", False) else call.query.get("user", person.user.name)
    if user != person.user.name and person.user.role is not Role.OWNER:
        raise ForAnother("Only an owner may see where others are signed in.")
    rows = await call.gateway.sessions.all(user)
    return answer({"sessions": [serializers.session(row, row.id == person.session.id) for row in rows]})


async def end(call: Call) -> Answer:
    """End a session; an owner may end those of others."""
    person = call.person()
    await call.gateway.sessions.end("" if person.user.role is Role.OWNER else person.user.name, call.id)
    return nothing()


# -- what is answered ---------------------------------------------------------------------------------
async def _begun(call: Call, made: SignedIn) -> Answer:
    kept = cookie.kept(call.incoming.cookie_name, made.secret, call.prefix, LIFE // 1000, call.incoming.secure)
    return answer(await _shape(call, made), 201, {"Set-Cookie": kept})


async def _shape(call: Call, found: SignedIn | None) -> serializers.Shape:
    shape = serializers.signed_in(found)
    if found is not None or not await call.gateway.users.are_there_none():
        return shape | {"setup": "none"}
    return shape | {"setup": "here" if call.incoming.here else "link"}
