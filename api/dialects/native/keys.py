"""/v1/keys: an account's named keys with scopes and expiry."""

from api.dialects.native import serializers, validators
from api.dialects.native.fields import Unfit
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.accounts.credentials import key_kinds
from bridge.model.scope import Needs, Scope


def _scopes(value: object) -> Needs:
    if not isinstance(value, list) or not value:
        raise Unfit(f"must be a list of scopes; there are {', '.join(Scope)}")
    read = validators.choice(Scope)
    return frozenset(read(word) for word in value)


NEW = {
    "name": validators.short(200, least=1),
    "kind": validators.word(*key_kinds()),
    "scopes": _scopes,
    "expires_at": validators.moment,
}
LIST = {"all": validators.switch}


async def add(call: Call) -> Answer:
    """Create a key; only this answer shows it."""
    asked = await call.fields(NEW, "name", "scopes")
    made, printed = await call.gateway.administration.add_key(
        call.who, call.account, asked["name"], asked["scopes"], asked.get("kind", "apikey"), asked.get("expires_at", 0)
    )
    where = {"Location": f"{call.prefix}/v1/keys/{made.name}"}
    return answer(serializers.key(made) | {"credentials": printed}, 201, where)


async def find(call: Call) -> Answer:
    """List keys by name, expired ones too; an operator may list those of all accounts."""
    everybody = call.query.get("all", False)
    if everybody:
        call.operators_only()
    rows = await call.gateway.administration.keys("" if everybody else call.account.name)
    return answer({"keys": [serializers.key(row) for row in rows]})


async def revoke(call: Call) -> Answer:
    """Revoke a key and its tokens at once."""
    await call.gateway.administration.revoke_key(call.who, call.account.name, call.id)
    return nothing()
