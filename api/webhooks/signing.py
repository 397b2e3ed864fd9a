"""Signs webhooks, so that a receiver knows that they are the bridge's and new."""

import hashlib
import hmac


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) over decimal Unix seconds, a dot and the raw body."""
    message = b"%d.%b" % (timestamp, body)
    # not `hmac.digest`: it lets go of the interpreter lock, and getting it back from the store's threads takes longer
    return "v1=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
