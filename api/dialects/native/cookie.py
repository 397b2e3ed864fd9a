"""The session cookie (RFC 6265), and the header that protects writes against cross-site requests."""

#: its name where the address has no port
COOKIE = "sms_bridge_session"
#: the header that goes with every write; only a page of the bridge's own can know its value
PROOF_HEADER = "SMS-Bridge-CSRF"


def name_at(host: str) -> str:
    """The cookie's name at an address (the header `Host`).

    Browsers send a host's cookies to each of its ports (RFC 6265 §8.5), so two bridges on one host need two names.
    """
    port = host.rpartition(":")[2]
    return f"{COOKIE}_{port}" if port.isascii() and port.isdecimal() and port != host else COOKIE


def kept(name: str, secret: str, prefix: str, seconds: int, secure: bool) -> str:
    """`Set-Cookie` for a session: no script reads it, and no other site's request carries it.

    `prefix` is that of the API, `seconds` how long a browser keeps it; 0 makes it forget.
    """
    value = f"{name}={secret}; Path={prefix}/v1; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    return f"{value}; Secure" if secure else value
