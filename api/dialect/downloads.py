"""Serves files received from strangers as downloads, so that no browser renders one as a page of the bridge."""

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
    """The media type and headers of a download; only harmless types are kept."""
    kind = media.content_type.partition(";")[0].strip().lower()
    return (kind if _HARMLESS.fullmatch(kind) else "application/octet-stream"), _HEADERS
