"""The certificate authorities that this machine trusts, read with the first connection that needs them.

aiohttp reads them twice when it is imported, 140 of them in Debian: 45 ms of the processor on a quick one and 2 MiB,
for a bridge that may never call anybody.
"""

import functools
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

#: the file that OpenSSL takes for the machine's own (SSL_CTX_set_default_verify_paths(3))
_FILE = "SSL_CERT_FILE"


@contextmanager
def unread() -> Iterator[None]:
    """Import aiohttp in here, before there are threads. Its own contexts trust nobody then: give connectors one."""
    before = os.environ.get(_FILE)
    os.environ[_FILE] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ[_FILE]
        else:
            os.environ[_FILE] = before


@functools.cache
def trusted() -> ssl.SSLContext:
    """For HTTP over TLS with whom they vouch for. Reads them the first time: call it on a thread."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    return context
