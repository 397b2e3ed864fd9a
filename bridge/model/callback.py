"""An HTTP request that a provider makes to the bridge about one of its devices, and the answer to it."""

from collections.abc import Mapping
from dataclasses import field

from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Callback:
    """A request as it came: a signature can be checked over its bytes."""

    method: str
    #: of the URL, decoded; the last of several with one name
    query: Mapping[str, str] = field(default_factory=dict)
    #: by names in lower case
    headers: Mapping[str, str] = field(default_factory=dict)
    #: as it was sent, not decoded
    body: bytes = b""
    #: what follows the device's name in the path, "" for nothing: a secret that proves who calls, where none signs
    path: str = field(default="", repr=False)
    #: of who calls; "" where that is not known
    address: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider is answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
