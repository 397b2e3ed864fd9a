"""Which servers are trusted by their certificates, and for people, why one is not."""

import ssl
from datetime import UTC, datetime

import aiohttp

#: what OpenSSL finds wrong (X509_V_ERR_… of x509_vfy.h)
_NOT_YET, _EXPIRED = 9, 10
_OTHER_NAME, _NOBODY_VOUCHES = frozenset({62, 64}), frozenset({2, 18, 19, 20, 21})
#: what a user of this machine can do where there is no setting for it
INSTALL = "install the certificate of the authority that issued it on this machine (update-ca-certificates)"


class NoAuthority(Exception):
    """The file of authorities cannot be used."""


def context(ca: str = "") -> ssl.SSLContext:
    """For TLS with servers that the authorities in this file vouch for, "" for the system's. Blocks.

    Raises NoAuthority.
    """
    try:
        return ssl.create_default_context(cafile=ca or None)
    except ssl.SSLError as error:
        raise NoAuthority(f"ca: {ca} has no certificate in it (PEM, with BEGIN CERTIFICATE)") from error
    except OSError as error:
        raise NoAuthority(f"ca: {ca} cannot be read: {error.strerror or error}") from error


def why_not(error: aiohttp.ClientConnectorSSLError | aiohttp.ClientConnectorCertificateError, remedy: str) -> str:
    """Why there is no TLS with a server, and what to do; `remedy`: where its authority is not known here."""
    if not isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"it does not speak TLS at port {error.port} as this machine does ({_reason(error.os_error)})"
    found = error.certificate_error
    code, now = getattr(found, "verify_code", 0), f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if code == _EXPIRED:
        why = f"it has expired: renew it there, or set the clock of this machine, which says {now}"
    elif code == _NOT_YET:
        why = f"it is not valid yet: set the clock of this machine, which says {now}"
    elif code in _OTHER_NAME:
        why = f"it is not for {error.host}: use a name that it is for"
    elif code in _NOBODY_VOUCHES:
        why = f"nobody whom this machine trusts has issued it: {remedy}"
    else:
        why = str(getattr(found, "verify_message", "") or found)
    return f"its certificate is not to be trusted: {why}"


def _reason(error: BaseException) -> str:
    """OpenSSL's, in words."""
    return str(getattr(error, "reason", None) or error).replace("_", " ").lower()
