"""Connects this dialect to HTTP requests and responses."""

from collections.abc import AsyncGenerator, Iterable, Mapping

from aiohttp import web

from api.dialect.auth import enter
from api.dialects.native.cookie import COOKIE, name_at
from api.dialects.native.responses import JSON, Answer
from api.http import first_visit, peer, proxies
from api.http.bodies import READING, read_arrived, read_body, read_pieces
from bridge.accounts.sessions import Origin
from bridge.dataclass import dataclass
from bridge.errors import BadRequest
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account

#: parameters of a query string; no operation has twenty
MOST_PARAMETERS = 100


@dataclass(frozen=True, slots=True)
class HttpIncoming:
    """Implements `Incoming` for HTTP."""

    request: web.Request
    #: where callers reach the bridge; "" when that is not configured
    public_url: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by case-insensitive name."""
        return self.request.headers

    @property
    def parts(self) -> Mapping[str, str]:
        """Variable parts of the path, decoded."""
        return self.request.match_info

    @property
    def query(self) -> Iterable[tuple[str, str]]:
        """Names and values of the query string, decoded."""
        if "?" not in (path := self.request.raw_path):
            return ()
        if path.count("&") > MOST_PARAMETERS:
            raise BadRequest(f"the query string has more than {MOST_PARAMETERS} parameters")
        return self.request.query.items()

    @property
    def content_type(self) -> str:
        """The body's content type, without parameters."""
        written = self.request.headers.get("Content-Type")
        return JSON if written == JSON else self.request.content_type

    @property
    def user(self) -> str:
        """The user running a command, on the command socket; "" for the bridge's own user."""
        return peer.stranger(self.request)

    @property
    def cookie(self) -> str:
        """What the browser of somebody who is signed in has; "" for none."""
        cookies = self.request.cookies
        return cookies.get(self.cookie_name) or cookies.get(COOKIE, "")

    @property
    def cookie_name(self) -> str:
        """The name of that cookie at the address the browser came to."""
        return name_at(self.request.headers.get("Host", ""))

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        return Origin(proxies.address(self.request), self.request.headers.get("User-Agent", ""))

    @property
    def secure(self) -> bool:
        """Whether the browser came by TLS."""
        return proxies.origin(self.request).scheme == "https" or self.public_url.startswith("https:")

    @property
    def here(self) -> bool:
        """Whether a browser of this very machine asks, with nothing in between."""
        return not self.public_url and first_visit.is_from_this_machine(self.request)

    async def read(self, limit: int) -> bytes:
        """The body. Raises BodyTooLarge, BodyTooSlow."""
        return await read_body(self.request, limit)

    def arrived(self, limit: int) -> bytes | None:
        """The body where it is short and all here. Raises BadRequest."""
        return read_arrived(self.request, limit)

    def pieces(self, limit: int) -> AsyncGenerator[bytes, None]:
        """The body in pieces as they arrive. Raises BodyTooLarge, BodyTooSlow."""
        return read_pieces(self.request, limit)

    def hold(self, size: int) -> None:
        """Reserve room for this many bytes made of the body. Raises TooManyRequests, BadRequest."""
        self.request.app[READING].hold_made(self.request, size)

    async def enter(self, gateway: Gateway, secret: str) -> Account:
        """Authenticate an API key or token. Raises what `Authenticator.enter` raises."""
        return await enter(gateway, self.request, "apikey", "", secret, other="token")


def response(answer: Answer) -> web.Response:
    """Convert an answer to an HTTP response."""
    if not answer.content_type:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.Response(
        body=answer.body, status=answer.status, headers=answer.headers, content_type=answer.content_type
    )
