"""/v1/messages: submit, look up, cancel, resend and delete."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import ExitStack

from api.dialects.native import body, fields, serializers, validators
from api.dialects.native.order import Order
from api.dialects.native.request import Call
from api.dialects.native.responses import AT_ONCE, Answer, answer, answer_ids, nothing
from bridge.errors import BadRequest, NotPossible
from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.tasks import let_go

#: bytes, unless it is configured otherwise
MAX_BODY = 64 * 1024 * 1024
MAX_KEY = 255

_PLACE = re.compile(r"messages\[(\d+)\]\.(.*)")
_NAMES = {"recipient": "to"}

LIST = validators.listing(
    state=validators.choices(State),
    to=validators.recipient,
    keyword=validators.short(200),
    since=validators.moment,
    until=validators.moment,
    line=validators.short(100),
    client_ref=validators.short(128),
)


async def submit(call: Call) -> Answer:
    """Accept messages: 202 once on disk; a known Idempotency-Key returns the first call's messages."""
    key = _idempotency_key(call.incoming.headers)
    with ExitStack() as meanwhile:
        return await _submit(call, key, meanwhile)


async def _submit(call: Call, key: str, meanwhile: ExitStack) -> Answer:
    asked = await body.read_order(call.incoming, call.body_limit, meanwhile)
    call = await call.renewed()
    try:
        done = await call.gateway.submit(call.account, asked.drafts, key)
    except BadRequest as error:
        raise BadRequest(error.message, _placed(error, asked)) from error
    headers = {"Idempotency-Replayed": "true"} if done.replayed else {}
    if asked.single:
        row = done.messages[0]
        return answer(serializers.message(row), 202, headers | {"Location": f"{call.prefix}/v1/messages/{row.id}"})
    meanwhile.callback(let_go, done.messages)
    if len(done.messages) <= AT_ONCE:
        return answer_ids(done.messages, 202, headers)
    return await asyncio.to_thread(answer_ids, done.messages, 202, headers)


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
