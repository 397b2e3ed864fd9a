"""Who calls: secrets from a request, OAuth2 client credentials, and a short memory of who was right.

Secrets are never logged, and only their digests are remembered.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping

from bridge.errors import BridgeError, NotAllowed
from bridge.gateway import Gateway
from bridge.model import Account

#: seconds for which a good credential is believed without asking again; a revoked one works that much longer
MEMORY = 1.0
#: entries at which what is out of date is thrown away
CROWD = 1024
#: seconds for which a bearer token is good
TOKEN_LIFE = 3600


class Authenticator:
    """Turns credentials into accounts. Wrong ones are asked for each time; good ones are remembered briefly."""

    def __init__(self, gateway: Gateway, clock: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._clock = clock
        self._known: dict[bytes, tuple[float, Account]] = {}

    async def by_secret(self, kind: str, secret: str) -> Account:
        """The account of a bare secret: kind `apikey` or `token`. Raises NotAllowed."""
        key = _digest(kind, secret)
        return self._recall(key) or self._learn(key, await self._gateway.account_by_secret(kind, secret))

    async def by_pair(self, kind: str, ident: str, secret: str) -> Account:
        """The account of an identifier and its secret, as in `Gateway.account_by_pair`. Raises NotAllowed."""
        key = _digest(kind, ident, secret)
        return self._recall(key) or self._learn(key, await self._gateway.account_by_pair(kind, ident, secret))

    def _recall(self, key: bytes) -> Account | None:
        until, account = self._known.get(key, (0.0, None))
        return account if self._clock() < until else None

    def _learn(self, key: bytes, account: Account) -> Account:
        now = self._clock()
        if len(self._known) >= CROWD:
            self._known = {old: entry for old, entry in self._known.items() if entry[0] > now}
        self._known[key] = (now + MEMORY, account)
        return account


def _digest(*parts: str) -> bytes:
    try:
        return hashlib.sha256("\0".join(parts).encode()).digest()
    except UnicodeEncodeError as error:  # bytes in a header that are no UTF-8: nobody's secret
        raise NotAllowed from error


def bearer(headers: Mapping[str, str]) -> str:
    """The token of `Authorization: Bearer …` (RFC 6750 §2.1), "" when there is none."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """User and password of `Authorization: Basic …` (RFC 7617), None when there are none or they are garbled."""
    scheme, _, coded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except ValueError:  # binascii.Error and UnicodeDecodeError are such
        return None
    return (user, password) if colon else None


class TokenRefused(BridgeError):
    """No token is given (RFC 6749 §5.2)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        #: `invalid_request`, `invalid_client` or `unsupported_grant_type`
        self.code = code


async def grant(gateway: Gateway, parameters: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, object]:
    """The answer to a request for a token (RFC 6749 §4.4, client credentials). Raises TokenRefused."""
    kind = parameters.get("grant_type", "")
    if not kind:
        raise TokenRefused("invalid_request", "The parameter grant_type is missing.")
    if kind != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "The only grant_type here is client_credentials.")
    ident, secret = basic(headers) or (parameters.get("client_id", ""), parameters.get("client_secret", ""))
    try:
        account = await gateway.account_by_pair("client", ident, secret)
    except NotAllowed as error:
        raise TokenRefused("invalid_client", "client_id or client_secret is missing or wrong.") from error
    token = await gateway.issue_token(account, TOKEN_LIFE)
    return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE}
