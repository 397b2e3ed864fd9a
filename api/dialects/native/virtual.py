"""/v1/virtual: the customers' phones of a virtual network. Only `sms-bridge demo` has these operations.

They are described in a document of their own, served at `/virtual.yaml`.
"""

from collections.abc import Sequence
from typing import Any

from api.dialects.native import fields, validators
from api.dialects.native.operations import Operation
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer
from api.dialects.native.serializers.shape import format_time
from bridge.model.scope import INBOX, READ, SEND
from bridge.ports.virtual import VirtualMessage, VirtualPhone, VirtualPhones

WRITE = {"to": validators.recipient, "text": validators.short(1530, least=1)}


def document() -> bytes:
    """What these operations are, in OpenAPI 3.1."""
    from importlib import resources

    return resources.files("api").joinpath("virtual.yaml").read_bytes()


def operations(phones: VirtualPhones) -> Sequence[Operation[Answer]]:
    """The operations on these phones."""

    async def find(_call: Call) -> Answer:
        """List the phones, those with the newest messages first."""
        return answer({"phones": [_phone(each) for each in phones.phones()]})

    async def show(call: Call) -> Answer:
        """Show what is on a phone, oldest first."""
        number = _number(call)
        return answer({"number": number, "messages": [_message(each) for each in phones.messages(number)]})

    async def write(call: Call) -> Answer:
        """Write to a line on a customer's phone."""
        number, asked = _number(call), await call.fields(WRITE, "to", "text")
        return answer(_message(phones.write(number, asked["to"], asked["text"])), 201)

    return (
        Operation("GET", "/v1/virtual/phones", READ | INBOX, find),
        Operation("GET", "/v1/virtual/phones/{number}", READ | INBOX, show),
        Operation("POST", "/v1/virtual/phones/{number}/messages", SEND, write),
    )


def _number(call: Call) -> str:
    """The number in the path. Raises Unfit."""
    try:
        return validators.recipient(call.incoming.parts["number"])
    except fields.Unfit as error:
        raise error.within("number") from None


def _phone(phone: VirtualPhone) -> dict[str, Any]:
    return {
        "number": phone.number,
        "messages": phone.messages,
        "last": _message(phone.last) if phone.last else None,
    }


def _message(message: VirtualMessage) -> dict[str, Any]:
    return {
        "direction": "in" if message.incoming else "out",
        "number": message.number,
        "text": message.text,
        "channel": message.channel.value,
        "at": format_time(message.at),
    }
