"""Files that strangers sent, given out so that no browser takes one for a page of ours."""

import re
from collections.abc import Mapping

from bridge.model.media import Media

#: what a browser shows or plays and never runs; anything else is octets
_HARMLESS = re.compile(r"image/(jpeg|png|gif|webp)|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+|application/pdf")
_HEADERS = {
    "Content-Disposition": "attachment",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


def as_download(media: Media) -> tuple[str, Mapping[str, str]]:
    """Media type and headers of the answer: a type that only shows or plays, as a download."""
    kind = media.content_type.partition(";")[0].strip().lower()
    return (kind if _HARMLESS.fullmatch(kind) else "application/octet-stream"), _HEADERS
