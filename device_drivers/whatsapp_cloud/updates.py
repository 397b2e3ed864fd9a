"""Parses Meta's webhooks: received messages, and statuses of sent ones (Meta, "Webhooks: messages").

Whatever is not known is skipped or kept as it is and never fails: Meta repeats for seven days what is not answered 200.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bridge.dataclass import dataclass
from bridge.model.line import Channel
from bridge.model.message import State
from bridge.model.radio import InboundPart
from device_drivers._intake import slot_of
from device_drivers.whatsapp_cloud.codes import graph_error

#: `read` and `played` imply that it was delivered, and may come without that
_STATES = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "played": State.DELIVERED,
    "failed": State.FAILED,
}
_MEDIA = ("image", "document", "audio", "video", "sticker")
#: bits of a reference made of a wamid: exact in every JSON reader
_BITS = 52


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a message that was sent."""

    #: of the message, by which reports find it
    reference: int
    state: State
    #: what we gave Meta with the message; "" where it is not told
    ours: str
    #: with +; "" for people who show no number
    recipient: str
    detail: str
    #: Unix ms
    at: int


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC-SHA256 (RFC 2104) of these very bytes by the app's secret."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    # a header may hold bytes that are no text, as lone surrogates
    return hmac.compare_digest(f"sha256={digest}".encode(), header.encode(errors="replace"))


def reference_of(wamid: str) -> int:
    """A number for Meta's id of a message, by which its reports find it."""
    return int.from_bytes(hashlib.sha256(wamid.encode()).digest()) >> (256 - _BITS)


def read(body: bytes, number_id: str, line: str) -> Iterator[InboundPart | Status]:
    """What a webhook tells of this number, in its order. Raises ValueError for what is no webhook of WhatsApp."""
    for value in _values(body):
        metadata = value.get("metadata")
        if not isinstance(metadata, dict) or metadata.get("phone_number_id") != number_id:
            continue
        for told in _objects(value, "messages"):
            yield _message(told, line)
        for told in _objects(value, "statuses"):
            if (status := _status(told)) is not None:
                yield status


def numbers_in(body: bytes) -> set[str]:
    """The ids of the numbers that a webhook is about. Raises ValueError."""
    metadata = [value.get("metadata") for value in _values(body)]
    return {str(each.get("phone_number_id", "")) for each in metadata if isinstance(each, dict)}


def _values(body: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        told = json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(told, dict) or told.get("object") != "whatsapp_business_account":
        raise ValueError("it is no webhook of WhatsApp")
    for entry in _objects(told, "entry"):
        for change in _objects(entry, "changes"):
            if change.get("field") == "messages" and isinstance(change.get("value"), dict):
                yield change["value"]


def _objects(holder: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    found = holder.get(name)
    if isinstance(found, list):
        yield from (each for each in found if isinstance(each, dict))


def _message(told: Mapping[str, Any], line: str) -> InboundPart:
    at = _moment(told)
    wamid = str(told.get("id", ""))
    sender = str(told.get("from") or "")
    # a person with a username may show no number, but an id that is the same each time
    sender = f"+{sender}" if sender.isdecimal() else sender or str(told.get("from_user_id") or "")
    return InboundPart(
        line, slot_of(at, wamid), sender, _text(told), sent_at=at, received_at=at,
        channel=Channel.WHATSAPP, media=_attached(told),
    )  # fmt: skip


def _attached(told: Mapping[str, Any]) -> str:
    """Kind and Meta's id of a picture, document or recording; "" for none."""
    kind = str(told.get("type", ""))
    content = told.get(kind)
    if kind not in _MEDIA or not isinstance(content, dict):
        return ""
    return f"{_kind(kind, content)} {content.get('id', '')}".rstrip()


def _kind(kind: str, content: Mapping[str, Any]) -> str:
    return "voice" if kind == "audio" and content.get("voice") else kind


def _text(told: Mapping[str, Any]) -> str:
    """What a person reads of a message, whatever its type."""
    kind = str(told.get("type", ""))
    content = told.get(kind)
    if not isinstance(content, dict):
        return f"[{kind or 'empty message'}]"
    if kind == "text":
        return str(content.get("body", ""))
    if kind in _MEDIA:
        return _media(kind, content)
    words = (_FIELDS[kind](content) if kind in _FIELDS else "") or ""
    return str(words) or f"[{kind}]"


def _media(kind: str, content: Mapping[str, Any]) -> str:
    what = "voice message" if _kind(kind, content) == "voice" else kind
    named = " ".join(str(content[name]) for name in ("filename", "caption") if content.get(name))
    return f"[{what}] {named}".rstrip()


def _choice(content: Mapping[str, Any]) -> object:
    reply = content.get("button_reply") or content.get("list_reply")
    return reply.get("title") if isinstance(reply, dict) else ""


def _place(content: Mapping[str, Any]) -> str:
    named = ", ".join(str(content[name]) for name in ("name", "address") if content.get(name))
    return f"[location] {content.get('latitude')}, {content.get('longitude')} {named}".rstrip()


_FIELDS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "button": lambda content: content.get("text"),
    "interactive": _choice,
    "location": _place,
    "reaction": lambda content: f"[reaction] {content.get('emoji') or 'taken back'}",
    "system": lambda content: f"[system] {content.get('body', '')}".rstrip(),
}


def _status(told: Mapping[str, Any]) -> Status | None:
    state = _STATES.get(str(told.get("status", "")))
    if state is None or not isinstance(told.get("id"), str):
        return None
    number = str(told.get("recipient_id") or "")
    errors = [graph_error(each) for each in _objects(told, "errors")]
    causes = [error.cause for error in errors if error is not None]
    detail = "; ".join(causes) or ("WhatsApp says that it failed" if state is State.FAILED else str(told["status"]))
    return Status(
        reference_of(told["id"]), state, str(told.get("biz_opaque_callback_data") or ""),
        f"+{number}" if number.isdecimal() else "", detail, _moment(told),
    )  # fmt: skip


def _moment(told: Mapping[str, Any]) -> int:
    """Unix ms; 0 when it has none. Meta writes seconds as text."""
    written = str(told.get("timestamp", ""))
    return int(written) * 1000 if written.isdecimal() and len(written) <= 10 else 0
