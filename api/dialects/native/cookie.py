"""The session cookie (RFC 6265), and the header that protects writes against cross-site requests."""

#: its name
COOKIE = "sms_bridge_session"
#: the header that goes with every write; only a page of the bridge's own can know its value
PROOF_HEADER = "SMS-Bridge-CSRF"


def kept(secret: str, prefix: str, seconds: int, secure: bool) -> str:
    """`Set-Cookie` for a session: no script reads it, and no other site's request carries it.

    `prefix` is that of the API, `seconds` how long a browser keeps it; 0 makes it forget.
    """
    value = f"{COOKIE}={secret}; Path={prefix}/v1; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    return f"{value}; Secure" if secure else value
