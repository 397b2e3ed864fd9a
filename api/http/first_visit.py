"""Whether a request comes from a browser on this machine, whose user may become the first owner.

An address of loopback alone does not show that: a proxy on this machine brings the whole world along, and so does a
name that leads to 127.0.0.1 (DNS rebinding). So whatever speaks against it counts.
"""

from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

from api.http import peer
from api.http.proxies import PROXIES
from bridge.networks import is_this_machine

#: what proxies add
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


def is_from_this_machine(request: web.Request) -> bool:
    """From loopback, under a name of loopback, not by a proxy, and not by a page of another site."""
    proxies = request.app[PROXIES]
    return (
        peer.OWNER not in request.app
        and is_this_machine(request.remote or "")
        and not proxies.networks
        and not proxies.unix
        and not any(name in request.headers for name in _FORWARDED)
        # nginx speaks 1.0 to what is behind it, unless told otherwise, and adds none of these
        and request.version >= HttpVersion11
        and _is_loopback(request.headers.get("Host", ""))
        and request.headers.get("Origin", "") in ("", f"{request.scheme}://{request.headers.get('Host', '')}")
    )


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_this_machine(name)
