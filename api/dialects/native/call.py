"""One request by one account: what every handler of this dialect gets."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from api.auth import Authenticator, bearer
from api.dialects.native import body, fields
from api.dialects.native.streams import Streams
from bridge.errors import NoSuchThing, NotAllowed
from bridge.gateway import Gateway
from bridge.model import Account

T = TypeVar("T")
_ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)
#: bytes; all bodies but that of a bulk submission are small
BODY_LIMIT = 1024 * 1024


class NotAuthenticated(NotAllowed):
    """Send your API key: Authorization: Bearer <key>, or X-Api-Key: <key>."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose credentials and query string were found good."""

    request: web.Request
    gateway: Gateway
    account: Account
    #: what the query string says, by the readers of its route
    query: Mapping[str, Any]
    #: where the dialect is mounted, for addresses in answers
    prefix: str
    #: the event streams that are open
    streams: Streams

    @property
    def id(self) -> str:
        """The last variable part of the path. Raises NoSuchThing for what can be no id of ours."""
        given = self.request.match_info["id"]
        if not _ID.fullmatch(given):
            raise NoSuchThing
        return given

    async def body(self, meaning: Callable[[Mapping[str, Any]], T], limit: int = BODY_LIMIT) -> T:
        """What `meaning` makes of the JSON object in the body. Raises BadRequest, NotJson, BodyTooLarge."""
        return await body.read(self.request, meaning, limit)

    async def fields(self, readers: Mapping[str, fields.Reader], *needed: str) -> dict[str, Any]:
        """The members of the JSON object in the body; those `needed` must be there."""

        def meaning(given: Mapping[str, Any]) -> dict[str, Any]:
            taken = fields.take(given, readers)
            fields.need(taken, *needed)
            return taken

        return await self.body(meaning)

    async def acting_account(self) -> Account:
        """The account that the header SMS-Bridge-Account names, for an operator; else the caller's own.

        Raises NotAllowed, NoSuchThing.
        """
        name = self.request.headers.get("SMS-Bridge-Account")
        if name is None or name == self.account.name:
            return self.account
        if not _ID.fullmatch(name):
            raise NoSuchThing(f"There is no account {name[:200]!a}.")
        return await self.gateway.account(self.account, name)


async def authenticate(request: web.Request, authenticator: Authenticator) -> Account:
    """Who calls, by an API key or an OAuth2 token. Raises NotAuthenticated."""
    secret = bearer(request.headers) or request.headers.get("X-Api-Key", "")
    if not secret:
        raise NotAuthenticated
    for kind in ("apikey", "token"):
        try:
            return await authenticator.by_secret(kind, secret)
        except NotAllowed:
            continue
    raise NotAuthenticated("This is no API key or token of ours, or it has ended.")
