"""TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0 (Tencent Cloud, "Signature v3"). Pure."""

import hashlib
import hmac
from collections.abc import Mapping

from device_drivers._cloud import beijing

SERVICE = "sms"
_ALGORITHM = "TC3-HMAC-SHA256"


def authorization(key_id: str, key: str, headers: Mapping[str, str], body: bytes, seconds: int) -> str:
    """The header `Authorization` of a POST to `/`. `headers`: those that are signed, lower case, as they are sent.

    `seconds`: Unix time, as `X-TC-Timestamp` says it.
    """
    names = ";".join(sorted(headers))
    date = beijing.utc(seconds * 1000, "%Y-%m-%d")
    scope = f"{date}/{SERVICE}/tc3_request"
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in sorted(headers))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{_digest(body)}"
    to_sign = f"{_ALGORITHM}\n{seconds}\n{scope}\n{_digest(canonical.encode())}"
    derived = f"TC3{key}".encode()
    for step in (date, SERVICE, "tc3_request"):
        derived = _hmac(derived, step)
    signature = _hmac(derived, to_sign).hex()
    return f"{_ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()
