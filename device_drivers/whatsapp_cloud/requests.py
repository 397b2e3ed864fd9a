"""Builds the request that sends a message, and parses its answer (Meta, "Send messages")."""

import json
import re
from collections.abc import Mapping
from posixpath import basename, splitext
from typing import Any
from urllib.parse import unquote, urlsplit

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from bridge.model.radio import Outgoing
from device_drivers.whatsapp_cloud.options import Options

#: how our own references begin in `biz_opaque_callback_data`, which every program on the number may see
_MARK = "sms-bridge."
_REFERENCE = re.compile(re.escape(_MARK) + r"([^.]{1,100})\.([0-9]{1,3})")
_PICTURES = frozenset({".jpg", ".jpeg", ".png"})
_DOCUMENTS = frozenset({".pdf", ".txt", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx"})
_AUDIO = frozenset({".aac", ".amr", ".mp3", ".m4a", ".ogg"})
_VIDEO = frozenset({".mp4", ".3gp"})
#: what a template's parameter may not have: line ends, tabs, more than four blanks
_GAPS = re.compile(r"[\n\r\t]+| {5,}")


def reference_of(outgoing: Outgoing) -> str:
    """What Meta gives back in the statuses of this part: our id of it, nothing of its content."""
    return f"{_MARK}{outgoing.message}.{outgoing.index}"


def part_of(reference: str) -> tuple[str, int] | None:
    """The part that a reference names; None for one that is not ours."""
    found = _REFERENCE.fullmatch(reference)
    return (found[1], int(found[2])) if found else None


def message(outgoing: Outgoing) -> dict[str, Any]:
    """The text, or the media with the text below it. Raises SendRefused for media that WhatsApp does not carry."""
    if not outgoing.media:
        return _envelope(outgoing, "text", {"preview_url": False, "body": outgoing.text})
    name = unquote(basename(urlsplit(outgoing.media).path))
    kind = _kind(splitext(name)[1].lower())
    content: dict[str, Any] = {"link": outgoing.media}
    if outgoing.text and kind != "audio":
        content["caption"] = outgoing.text
    if kind == "document":
        content["filename"] = name
    return _envelope(outgoing, kind, content)


def _kind(ending: str) -> str:
    kinds = {"image": _PICTURES, "document": _DOCUMENTS, "audio": _AUDIO, "video": _VIDEO}
    found = next((kind for kind, endings in kinds.items() if ending in endings), "")
    if not found:
        known = ", ".join(sorted(ending for endings in kinds.values() for ending in endings))
        raise SendRefused(f"WhatsApp carries no {ending or 'file without an ending'}: {known}", Refusal.PERMANENT)
    return found


def from_template(outgoing: Outgoing, options: Options) -> dict[str, Any]:
    """The configured template with the text as the one parameter of its body."""
    text = _GAPS.sub(" ", outgoing.text).strip()
    body = {"type": "body", "parameters": [{"type": "text", "text": text}]}
    template = {
        "name": options.template,
        "language": {"code": options.template_language},
        "components": [body],
    }
    return _envelope(outgoing, "template", template)


def _envelope(outgoing: Outgoing, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        # without its + Meta would put the sender's country code before it
        "to": f"+{outgoing.recipient.lstrip('+')}",
        "type": kind,
        kind: content,
        "biz_opaque_callback_data": reference_of(outgoing),
    }


def accepted(body: bytes) -> str:
    """Meta's id (wamid) of a message that was taken. Raises OutcomeUnknown for an answer without one."""
    try:
        wamid = json.loads(body)["messages"][0]["id"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        wamid = None
    if not isinstance(wamid, str) or not wamid:
        raise OutcomeUnknown("WhatsApp answered 200 without an id of the message")
    return wamid
