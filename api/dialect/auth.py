"""Authenticates requests by key, bearer token or client credentials, and issues tokens.

Secrets are never logged. The gateway remembers for a moment who was right, so nothing is remembered here.
"""

from collections.abc import Mapping
from contextvars import ContextVar

from aiohttp import web

from api.dialect.credential_headers import basic, bearer
from api.http import proxies
from api.http.errors import InvalidToken, missing
from bridge.errors import BridgeError, NotAllowed, UnknownCaller, WrongSecret
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.scope import EVERYTHING, Needs, written

#: seconds for which a bearer token is good
TOKEN_LIFE = 3600
#: where the frame leaves the scopes that the route of this task's request needs
NEEDS: ContextVar[Needs | None] = ContextVar("needs", default=EVERYTHING)


async def enter(gateway: Gateway, request: web.Request, kind: str, ident: str, secret: str, other: str = "") -> Account:
    """Return the account of these credentials if their scopes suffice for the request's route.

    Raises what `Authenticator.enter` does.
    """
    needs = NEEDS.get()
    return await gateway.authenticator.enter(
        kind, ident, secret, address(request), EVERYTHING if needs is None else needs, other
    )


async def caller(gateway: Gateway, key: str, request: web.Request, hint: str = "") -> Account:
    """Return the account of an API key, or of the headers' bearer token or `X-Api-Key` instead.

    Raises what `Authenticator.enter` does, InvalidToken, and MissingParameter when there is none, or BadRequest with
    the `hint` for a body that is broken.
    """
    if key := key.strip() or request.headers.get("X-Api-Key", ""):
        return await enter(gateway, request, "apikey", "", key)
    if token := bearer(request.headers):
        try:
            return await enter(gateway, request, "token", "", token)
        except UnknownCaller as error:
            raise InvalidToken from error
    raise missing("apikey", hint)


def address(request: web.Request) -> str:
    """The caller's network address, as reported by a trusted proxy where there is one."""
    return proxies.address(request)


class TokenRefused(BridgeError):
    """The token request is refused (RFC 6749 §5.2)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        #: `invalid_request`, `invalid_client` or `unsupported_grant_type`
        self.code = code


async def grant(gateway: Gateway, parameters: Mapping[str, str], request: web.Request) -> dict[str, object]:
    """Answer a token request (RFC 6749 §4.4, client credentials). Raises TokenRefused, TooManyRequests."""
    kind = parameters.get("grant_type", "")
    if not kind:
        raise TokenRefused("invalid_request", "The parameter grant_type is missing.")
    if kind != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "The only grant_type here is client_credentials.")
    ident, secret = basic(request.headers) or (parameters.get("client_id", ""), parameters.get("client_secret", ""))
    try:
        account = await enter(gateway, request, "client", ident, secret)
        ends = account.grant.expires_at
        life = min(TOKEN_LIFE, (ends - gateway.now()) // 1000) if ends else TOKEN_LIFE
        token = await gateway.issue_token(ident, secret, life)
    except (UnknownCaller, WrongSecret) as error:
        raise TokenRefused("invalid_client", "client_id or client_secret is missing or wrong.") from error
    except NotAllowed as error:
        raise TokenRefused("invalid_client", error.message) from error
    answer: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": life}
    if account.grant.scopes != EVERYTHING:
        answer["scope"] = written(account.grant.scopes)
    return answer
