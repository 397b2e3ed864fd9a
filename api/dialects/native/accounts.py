"""/v1/accounts and /v1/audit: accounts for operators, and an account's own data."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.dialects.native import serializers, validators
from api.dialects.native.authorization import ForAnother
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.accounts import credentials
from bridge.errors import BadRequest, InvalidNumber, NoSuchThing, NotPossible, ScopeMissing
from bridge.model.account import Account, AccountChange, Payment, Template, UnknownPolicy, Verification
from bridge.model.scope import EVERYTHING, written

MOST = 1_000_000_000
MAX_CREDITS = 10**12
MAX_TEMPLATE = 10_000

TERMS = {
    "payment": validators.choice(Payment),
    "addresses": validators.strings(100, most=100, least=0),
    "requests_per_minute": validators.number(0, MOST),
    "daily_per_recipient": validators.number(0, MOST),
    "zone": validators.short(100, least=1),
    # the administration says what a country is
    "country": validators.short(100),
    "verification": validators.choice(Verification),
    "report_on": validators.word("sent", "delivered", serializers.AUTO),
    "lines": validators.strings(100, most=100, least=0),
    "inbound_lines": validators.strings(100, most=100, least=0),
}
#: credits of a prepaid account are always counted
COUNTED_NOW = (
    "This account is postpaid: it sends without credits, too. They are counted from now on. To let it send only what "
    'it has paid for: PATCH it with {"terms": {"payment": "prepaid"}}.'
)

NEW = {
    "name": validators.short(200, least=1),
    "on_unknown": validators.choice(UnknownPolicy),
    "operator": validators.flag,
}
CHANGE = {
    "disabled": validators.flag,
    "on_unknown": validators.choice(UnknownPolicy),
    "terms": validators.members(TERMS),
}
CREDITS = {"credits": validators.number(-MAX_CREDITS, MAX_CREDITS), "note": validators.short(200)}
TEMPLATE = {"text": validators.short(MAX_TEMPLATE, least=1), "approved": validators.flag}
SUPPRESS = {"reason": validators.short(200)}
ROTATE = {"kind": validators.word(*credentials.KINDS), "overlap": validators.number(0, credentials.LONGEST_OVERLAP)}
MOVEMENTS = validators.listing()
AUDIT = validators.listing(account=validators.short(200, least=1))


async def find(call: Call) -> Answer:
    """List accounts by name."""
    call.operators_only()
    rows = await call.gateway.administration.accounts()
    return answer({"accounts": [serializers.account(row) for row in rows]})


async def add(call: Call) -> Answer:
    """Create an account; only this answer shows its credentials."""
    call.operators_only()
    asked = await call.fields(NEW, "name")
    if asked.get("operator") and call.account.grant.scopes != EVERYTHING:
        raise ScopeMissing(written(EVERYTHING - call.account.grant.scopes))
    made, printed = await call.gateway.administration.add_account(call.who, **asked)
    where = {"Location": f"{call.prefix}/v1/accounts/{made.name}"}
    return answer(serializers.account(made) | {"credentials": printed}, 201, where)


async def show(call: Call) -> Answer:
    """Show an account with its terms and credits."""
    return answer(serializers.account(await _own(call)))


async def change(call: Call) -> Answer:
    """Change the given fields."""
    call.operators_only()
    asked = await call.fields(CHANGE)
    if not asked:
        raise BadRequest("say what to change: at least one member")
    name = (await _changeable(call)).name
    terms = asked.pop("terms", {})
    if terms.get("report_on") == serializers.AUTO:
        terms["report_on"] = ""
    try:
        changed = await call.gateway.administration.change_account(call.who, name, AccountChange(**asked, **terms))
    except BadRequest as error:
        error.field = f"terms.{error.field}"
        raise
    return answer(serializers.account(changed))


async def top_up(call: Call) -> Answer:
    """Add credits; they are counted from the first time on, of which a postpaid account's answer tells once."""
    call.operators_only()
    asked = await call.fields(CREDITS, "credits")
    before = await _changeable(call)
    changed = await call.gateway.administration.top_up(call.who, before.name, asked["credits"], asked.get("note", ""))
    return answer(serializers.account(changed) | ({"notice": COUNTED_NOW} if before.credits is None else {}))


async def movements(call: Call) -> Answer:
    """List movements, newest first."""
    account = await _own(call)
    rows = await call.gateway.administration.movements(account.name, **call.query)
    return answer(serializers.page("movements", rows, serializers.movement))


async def rotate(call: Call) -> Answer:
    """Rotate credentials; only this answer shows the new ones."""
    call.operators_only()
    asked = await call.fields(ROTATE, "kind")
    name = (await _changeable(call)).name
    return answer(await call.gateway.administration.rotate(call.who, name, asked["kind"], asked.get("overlap", 0)))


async def audit(call: Call) -> Answer:
    """List audit entries, newest first."""
    call.operators_only()
    return answer(
        serializers.page("entries", await call.gateway.administration.audit(**call.query), serializers.audit_entry)
    )


# -- who may ----------------------------------------------------------------------------------
async def _own(call: Call) -> Account:
    """The account in the path, as it is now: the caller's own, or any for an operator."""
    name = call.incoming.parts["name"]
    if name != call.account.name and not call.account.operator:
        raise ForAnother("This account may ask about itself only.")
    if not credentials.is_name(name):
        raise NoSuchThing(f"there is no account {name!r}")
    return await call.gateway.administration.account(name)


async def _changeable(call: Call) -> Account:
    """The account in the path, for an operator; not the command line's own, which must keep working."""
    if call.incoming.parts["name"] == credentials.OPERATOR:
        raise NotPossible(f'the account "{credentials.OPERATOR}" is the command line\'s own: it stays as it is')
    return await _own(call)


# -- templates ----------------------------------------------------------------------------------
async def templates(call: Call) -> Answer:
    """List templates by id."""
    account = await _own(call)
    rows = await call.gateway.administration.templates(account.name)
    return answer({"templates": [serializers.template(row) for row in rows]})


async def template(call: Call) -> Answer:
    """Show a template, approved or not."""
    account = await _own(call)
    found = await call.gateway.administration.find_template(account.name, call.id)
    if found is None:
        raise NoSuchThing("There is no template of this id in this account.")
    return answer(serializers.template(found))


async def keep_template(call: Call) -> Answer:
    """Add or replace a template.

    Approving is the operator's: what an account writes itself waits for it, unless it was approved word for word.
    """
    account = await _own(call)
    asked = await call.fields(TEMPLATE, "text")
    # the id as it was written, so that the answer says what one may be
    wanted = Template(account.name, call.incoming.parts["id"], asked["text"], asked.get("approved", True))
    if call.account.operator:
        kept = await call.gateway.administration.add_template(call.who, wanted)
    elif "approved" in asked:
        raise ForAnother("Only an operator may approve a template or withdraw its approval.")
    else:
        kept = await call.gateway.administration.propose_template(call.who, wanted)
    return answer(serializers.template(kept))


async def remove_template(call: Call) -> Answer:
    """Remove a template."""
    account = await _own(call)
    await call.gateway.administration.remove_template(call.who, account.name, call.id)
    return nothing()


# -- numbers that nothing is sent to ------------------------------------------------------------
async def suppressed(call: Call) -> Answer:
    """List suppressed numbers, oldest first."""
    account = await _own(call)
    rows = await call.gateway.administration.suppressed(account.name)
    return answer({"suppressed": [serializers.suppressed(row) for row in rows]})


async def suppress(call: Call) -> Answer:
    """Suppress a number and fail its waiting messages; an existing entry stays."""
    account = await _own(call)
    asked = await call.fields(SUPPRESS)
    with _number_at_fault():
        put = await call.gateway.administration.suppress(call.who, account.name, _number(call), asked.get("reason", ""))
    return answer(serializers.suppressed(put))


async def suppression(call: Call) -> Answer:
    """Show whether, since when and why a number is suppressed."""
    account = await _own(call)
    with _number_at_fault():
        found = await call.gateway.administration.suppression(account.name, _number(call))
    return answer(serializers.suppressed(found))


async def allow(call: Call) -> Answer:
    """Remove a number from the suppression list. Only operators lift a STOP that holds for every account."""
    account = await _own(call)
    with _number_at_fault():
        if (
            await call.gateway.administration.suppression(account.name, _number(call))
        ).line and not call.account.operator:
            raise ForAnother("The recipient wrote STOP: only START, or an operator, lifts that for every account.")
        await call.gateway.administration.allow(call.who, account.name, _number(call), for_all=call.account.operator)
    return nothing()


def _number(call: Call) -> str:
    """The number in the path, as written by the caller."""
    return validators.text(call.incoming.parts["number"])


@contextmanager
def _number_at_fault() -> Iterator[None]:
    """Report errors as about the number, not about a message's recipient."""
    try:
        yield
    except InvalidNumber as error:
        raise BadRequest(error.message, "number") from None
