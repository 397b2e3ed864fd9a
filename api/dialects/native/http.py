"""Connects this dialect to HTTP requests and responses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from api.dialect.auth import enter
from api.dialects.native.responses import Answer
from api.http import peer
from api.http.bodies import read_body
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account


@dataclass(frozen=True, slots=True)
class HttpIncoming:
    """Implements `Incoming` for HTTP."""

    request: web.Request

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
        return self.request.query.items()

    @property
    def content_type(self) -> str:
        """The body's content type, without parameters."""
        return self.request.content_type

    @property
    def user(self) -> str:
        """The user running a command, on the command socket; "" for the bridge's own user."""
        return peer.stranger(self.request)

    async def read(self, limit: int) -> bytes:
        """The body. Raises BodyTooLarge, BodyTooSlow."""
        return await read_body(self.request, limit)

    async def enter(self, gateway: Gateway, secret: str) -> Account:
        """Authenticate an API key or token. Raises what `Admission.enter` raises."""
        return await enter(gateway, self.request, "apikey", "", secret, other="token")


def response(answer: Answer) -> web.Response:
    """Convert an answer to an HTTP response."""
    if not answer.content_type:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.Response(
        body=answer.body, status=answer.status, headers=answer.headers, content_type=answer.content_type
    )
