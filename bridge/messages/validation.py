"""Validates lengths, times and characters; each refusal is one sentence. Pure."""

import re

from bridge.dataclass import dataclass
from bridge.errors import BadRequest, InvalidNumber, InvalidText
from bridge.messages import segmentation
from bridge.messages.phone_numbers import is_emergency
from bridge.model.message import Draft

#: control characters that no phone shows and that truncate texts elsewhere; halves of surrogate pairs
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_URL = re.compile(r"https?://[^\s/]+/\S+")
#: the longest text that could fit MAX_PARTS
_MAX_CHARACTERS = segmentation.MAX_PARTS * segmentation.GSM7_PART
#: characters of a WhatsApp message, and of what stands below a picture or document
LONGEST_WHATSAPP, LONGEST_CAPTION = 4096, 1024
YEAR = 366 * 24 * 3600 * 1000  # ms


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one message."""

    #: radio parts, at most 255 (3GPP TS 23.040 §9.2.3.24.1)
    max_parts: int = segmentation.MAX_PARTS
    #: how far ahead a message may be scheduled
    max_ahead: int = YEAR
    #: whether SMS to emergency numbers are accepted
    emergency: bool = False


def parts_of(text: str, limits: Limits) -> int:
    """How many radio parts a text needs. Raises InvalidText when it cannot be sent."""
    if not text or text.isspace():
        raise InvalidText("the text is empty")
    if len(text) > _MAX_CHARACTERS:
        raise InvalidText(f"the text has {len(text)} characters; {_MAX_CHARACTERS} is the most an SMS can carry")
    if not text.isprintable() and (found := _FORBIDDEN.search(text)):
        raise InvalidText(f"the text has a character that no SMS can carry: U+{ord(found[0]):04X} at {found.start()}")
    parts = segmentation.count(text)
    if parts > limits.max_parts:
        raise InvalidText(f"the text needs {parts} SMS parts; the most is {limits.max_parts}")
    return parts


def check_whatsapp(text: str, media: str) -> None:
    """Raises InvalidText when this cannot be a WhatsApp message, which is never cut, and BadRequest for no URL."""
    if media and not _URL.fullmatch(media):
        raise BadRequest("media is the http or https URL of a file", "media")
    if (not text or text.isspace()) and not media:
        raise InvalidText("the text is empty")
    longest = LONGEST_CAPTION if media else LONGEST_WHATSAPP
    if len(text) > longest:
        what = "the text of a picture or document" if media else "a WhatsApp message"
        raise InvalidText(f"the text has {len(text)} characters; {what} has {longest} at most")
    if not text.isprintable() and (found := _FORBIDDEN.search(text)):
        raise InvalidText(f"the text has a character that is not sent: U+{ord(found[0]):04X} at {found.start()}")


def check_recipient(recipient: str, country: str, limits: Limits) -> None:
    """Refuse emergency numbers unless they are allowed: a test or a typing error must not call for help."""
    if not limits.emergency and is_emergency(recipient, country):
        raise InvalidNumber(
            f"{recipient} is an emergency number; sending.allow_emergency in the configuration permits it"
        )


def check_times(draft: Draft, now: int, limits: Limits) -> None:
    """Check the times of a draft. Raises BadRequest."""
    if draft.not_before > now + limits.max_ahead:
        days = limits.max_ahead // 86_400_000
        raise BadRequest(f"that is more than {days} days ahead: times are Unix seconds or RFC 3339", "not_before")
    if draft.expires_at and draft.expires_at <= max(now, draft.not_before):
        raise BadRequest("it would expire before it may be sent", "expires_at")
    if len(draft.client_ref) > 128:
        raise BadRequest("client_ref has more than 128 characters", "client_ref")
    if len(draft.tag) > 256:
        raise BadRequest("tag has more than 256 characters", "tag")
