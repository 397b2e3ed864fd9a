"""Who calls: a key, a bearer token or a client's pair in a request, as an account; and the giving out of tokens.

Secrets are never logged. The gateway remembers for a moment who was right, so nothing is remembered here.
"""

from collections.abc import Mapping
from contextvars import ContextVar

from aiohttp import web

from api.dialect.headers import basic, bearer
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
    """The account of these credentials, when they are enough for the route of this request.

    Raises what `Admission.enter` does.
    """
    needs = NEEDS.get()
    return await gateway.admission.enter(
        kind, ident, secret, address(request), EVERYTHING if needs is None else needs, other
    )


async def caller(gateway: Gateway, key: str, request: web.Request, hint: str = "") -> Account:
    """The account of an API key, or of what the headers have instead: a bearer token, or the key as `X-Api-Key`.

    Raises what `Admission.enter` does, InvalidToken, and MissingParameter when there is none, or BadRequest with the
    `hint` for a body that is broken.
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
    """From which network address this request comes, by the word of a trusted proxy where one stands in between;
    "" where there is none (a Unix socket)."""
    return proxies.address(request)


class TokenRefused(BridgeError):
    """No token is given (RFC 6749 §5.2)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        #: `invalid_request`, `invalid_client` or `unsupported_grant_type`
        self.code = code


async def grant(gateway: Gateway, parameters: Mapping[str, str], request: web.Request) -> dict[str, object]:
    """The answer to a request for a token (RFC 6749 §4.4, client credentials). Raises TokenRefused, TooManyRequests."""
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
