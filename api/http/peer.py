"""Identifies the local user at the other end of a Unix socket (unix(7), SO_PEERCRED)."""

import socket
import struct

from aiohttp import web

from api.http.local_users import name_of

#: `struct ucred`: process, user and group as int
_UCRED = struct.Struct("3i")


#: uid of the user whose bridge this is, in the application that its commands reach by a Unix socket
OWNER = web.AppKey("owner", int)


def stranger(request: web.Request) -> str:
    """The user calling over the command socket; "" for the bridge's own user and on other sockets."""
    transport, owner = request.transport, request.app.get(OWNER)
    if transport is None or owner is None:
        return ""
    connection = transport.get_extra_info("socket")
    _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return "" if uid == owner else name_of(uid)
