"""Where a bridge could listen on this machine, before there is one."""

import socket
from contextlib import suppress


def try_out(host: str, port: int) -> None:
    """Listen there for a moment; port 0 means any. Raises OSError."""
    family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(address)


def next_free(host: str, port: int) -> int:
    """A port above the wanted one that nobody uses; above 8080 for one that needs root; 0 when there is none."""
    for other in range(max(port, 8080) + 1, 65536):
        with suppress(OSError):
            try_out(host, other)
            return other
    return 0
