"""A picture, document or recording that came with a message."""

from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Media:
    """As its provider gave it out."""

    #: media type (RFC 6838) as the sender's program named it
    content_type: str
    body: bytes
