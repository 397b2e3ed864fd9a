"""A port of this machine that is free, and stays so while other tests run beside this one."""

import socket
import weakref

#: for as long as this process lives
_KEPT: list[socket.socket] = []


def keep(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Bound and not listening: whoever asks for any port is given another; who names it and sets SO_REUSEADDR has it.

    Raises OSError when somebody listens there.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        kept.bind((host, port))
    except OSError:
        kept.close()
        raise
    return kept


def port_for(owner: object) -> int:
    """One that is the owner's for as long as that lives, while nobody listens there, too."""
    kept = keep()
    weakref.finalize(owner, kept.close)
    port: int = kept.getsockname()[1]
    return port


def free_port(host: str = "127.0.0.1") -> int:
    """One where nobody listens."""
    _KEPT.append(keep(host))
    port: int = _KEPT[-1].getsockname()[1]
    return port
