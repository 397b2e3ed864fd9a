"""/v1/messages: submit, look up, cancel, resend and delete."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.dialects.native import fields, serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.errors import BadRequest, NotPossible
from bridge.model.account import UnknownPolicy
from bridge.model.message import Draft, State
from bridge.model.query import MessageQuery

#: messages in one call; more would hold the store's writer for seconds
MAX_BATCH = 100_000
#: bytes, unless it is configured otherwise
MAX_BODY = 64 * 1024 * 1024
MAX_KEY = 255
#: seconds; a message that waits longer than a month is of no use to anybody
MAX_TTL = 31 * 24 * 3600

_PLACE = re.compile(r"messages\[(\d+)\]\.(.*)")
_NAMES = {"recipient": "to"}

MESSAGE: Mapping[str, fields.Reader] = {
    "to": validators.text,
    "text": validators.text,
    "line": validators.short(100),
    "slot": validators.number(0, 2),
    "not_before": validators.moment,
    "expires_at": validators.moment,
    "ttl": validators.number(1, MAX_TTL),
    "on_unknown": validators.choice(UnknownPolicy),
    "report": validators.flag,
    "client_ref": validators.short(128),
    "tag": validators.short(256),
}

LIST = validators.listing(
    state=validators.choices(State),
    to=validators.recipient,
    keyword=validators.short(200),
    since=validators.moment,
    until=validators.moment,
    line=validators.short(100),
    client_ref=validators.short(128),
)


@dataclass(frozen=True, slots=True)
class Order:
    """A parsed POST."""

    drafts: Sequence[Draft]
    #: what the caller calls the field with this name of the draft at this index
    place: Callable[[int, str], str]
    #: one object was sent, so one object is answered
    single: bool = False


def order(given: Mapping[str, Any]) -> Order:
    """Parse one message, `messages` with an object each, or one text for many `to`. Raises BadRequest."""
    if "messages" in given:
        return _each(given)
    if isinstance(given.get("to"), list):
        return _many(given)
    return Order([Draft(**_draft(given))], lambda index, name: name, single=True)


def _each(given: Mapping[str, Any]) -> Order:
    entries = _batch("messages", given["messages"])
    for name in given:
        if name != "messages":
            raise fields.Unfit("does not go beside `messages`; it belongs into each of them", name)
    drafts = []
    for index, entry in enumerate(entries):
        try:
            if type(entry) is not dict:
                raise fields.Unfit(f"must be an object, not {validators.kind(entry)}")
            drafts.append(Draft(**_draft(entry)))
        except fields.Unfit as error:
            raise error.within(f"messages[{index}]") from None
    return Order(drafts, lambda index, name: f"messages[{index}].{name}")


def _many(given: Mapping[str, Any]) -> Order:
    recipients = _batch("to", given["to"])
    if len(recipients) > 1 and "client_ref" in given:
        raise fields.Unfit("must be unique, so it cannot go with several recipients", "client_ref")
    shared = _draft({**given, "to": ""})
    drafts = []
    for index, recipient in enumerate(recipients):
        try:
            shared["recipient"] = validators.text(recipient)
        except fields.Unfit as error:
            raise error.within(f"to[{index}]") from None
        drafts.append(Draft(**shared))
    return Order(drafts, lambda index, name: f"to[{index}]" if name == "to" else name)


def _batch(name: str, value: object) -> list[Any]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_BATCH:
        raise fields.Unfit(f"must be a list of 1 to {MAX_BATCH}", name)
    return value


def _draft(entry: Mapping[str, Any]) -> dict[str, Any]:
    wanted = fields.take(entry, MESSAGE)
    if "to" not in wanted or "text" not in wanted:
        raise fields.Unfit("is missing", "text" if "to" in wanted else "to")
    wanted["recipient"] = wanted.pop("to")
    if "line" in wanted:
        wanted["route"] = wanted.pop("line")
    if "ttl" in wanted:
        if "expires_at" in wanted:
            raise fields.Unfit("does not go together with `expires_at`", "ttl")
        wanted["ttl_ms"] = wanted.pop("ttl") * 1000
    return wanted


async def submit(call: Call) -> Answer:
    """Accept messages: 202 once on disk; a known Idempotency-Key returns the first call's messages."""
    key = _idempotency_key(call.incoming.headers)
    asked = await call.body(order, bulk=True)
    try:
        done = await call.gateway.submit(call.account, asked.drafts, key)
    except BadRequest as error:
        raise BadRequest(error.message, _placed(error, asked)) from error
    headers = {"Idempotency-Replayed": "true"} if done.replayed else {}
    if asked.single:
        row = done.messages[0]
        return answer(serializers.message(row), 202, headers | {"Location": f"{call.prefix}/v1/messages/{row.id}"})
    return answer({"count": len(done.messages), "ids": [row.id for row in done.messages]}, 202, headers)


def _idempotency_key(headers: Mapping[str, str]) -> str:
    key = headers.get("Idempotency-Key", "")
    if "Idempotency-Key" in headers and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise fields.Unfit(f"must have 1 to {MAX_KEY} printable ASCII characters", "Idempotency-Key")
    return key


async def find(call: Call) -> Answer:
    """List messages, newest first."""
    rows = await call.gateway.messages(
        call.account, MessageQuery(**fields.renamed(call.query, state="states", to="recipient"))
    )
    return answer(serializers.page("messages", rows, serializers.message))


async def show(call: Call) -> Answer:
    """Show a message with the parts tried."""
    row = await call.gateway.message(call.account, call.id)
    return answer(serializers.message_with_parts(row, await call.gateway.parts(call.account, call.id)))


async def cancel(call: Call) -> Answer:
    """Cancel a message that was not sent."""
    return answer(serializers.message(await call.gateway.cancel(call.account, call.id)))


async def resend(call: Call) -> Answer:
    """Requeue a message; parts that were sent stay sent."""
    return answer(serializers.message(await call.gateway.resend(call.account, call.id)), 202)


async def forget(call: Call) -> Answer:
    """Delete a finished message."""
    if not await call.gateway.delete_messages(call.account, MessageQuery(ids=(call.id,))):
        row = await call.gateway.message(call.account, call.id)
        raise NotPossible(f"The message is {row.state}; cancel it first, or wait until it is finished.")
    return nothing()


def _placed(error: BadRequest, asked: Order) -> str:
    """The place in the body of a field that the core rejected: `messages[17].recipient` of a list in `to`."""
    found = _PLACE.fullmatch(error.field)
    index, name = (found[1] or "0", found[2]) if found else ("0", error.field)
    return asked.place(int(index), _NAMES.get(name, name))
