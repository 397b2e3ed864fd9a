"""Answers to callers whose requests never reach a handler, as they are written to the connection."""

_REFUSAL = (
    b"HTTP/1.1 %b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n%b\r\n%b"
)  # fmt: skip


def _refusal(status: bytes, text: bytes, more: bytes = b"") -> bytes:
    return _REFUSAL % (status, len(text), more, text)


TOO_SLOW = _refusal(b"408 Request Timeout", b"The request took too long to arrive.\n")
TOO_LONG = _refusal(
    b"503 Service Unavailable", b"Too many long request headers are arriving at once.\n", b"Retry-After: 5\r\n"
)
TOO_MANY = _refusal(b"503 Service Unavailable", b"Too many connections are open.\n", b"Retry-After: 5\r\n")
