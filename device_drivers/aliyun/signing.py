"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's OpenAPI (Alibaba Cloud, "V3 request body and signature"). Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

_ALGORITHM = "ACS3-HMAC-SHA256"


def encoded(parameters: Mapping[str, str]) -> str:
    """The query, as it is signed and as it must be sent: sorted, and percent-encoded by RFC 3986."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(parameters.items()))


def authorization(key_id: str, key: str, query: str, headers: Mapping[str, str]) -> str:
    """The header `Authorization` of a POST to `/`. `headers`: all that are signed, lower case, with the body's hash."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{headers['x-acs-content-sha256']}"
    to_sign = f"{_ALGORITHM}\n{digest(canonical.encode())}"
    signature = hmac.new(key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"


def digest(content: bytes) -> str:
    """SHA-256 in hex, as `x-acs-content-sha256` has it of the body."""
    return hashlib.sha256(content).hexdigest()


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
