"""The `/v1` operations for this process, without HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

from api.dialects.native import fields, messages
from api.dialects.native.authorization import acting
from api.dialects.native.open_streams import Streams
from api.dialects.native.operations import OPERATIONS, Operation
from api.dialects.native.problems import refusal
from api.dialects.native.request import Call
from api.dialects.native.responses import JSON, Answer
from api.http.errors import BodyTooLarge, UnknownPath
from api.http.room import PIECE
from bridge.accounts.sessions import Origin
from bridge.dataclass import dataclass
from bridge.errors import BridgeError
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.scope import EVERYTHING, Needs

NOWHERE = Origin("")


@dataclass(frozen=True, slots=True)
class LocalIncoming:
    """Implements `Incoming` for commands. A body is JSON unless its content type says otherwise."""

    headers: Mapping[str, str]
    parts: Mapping[str, str]
    query: Iterable[tuple[str, str]]
    #: the user who runs the command, "" for the owner of the store
    user: str
    body: bytes
    needs: Needs
    content_type: str = JSON
    # nobody is signed in here
    cookie: str = ""
    cookie_name: str = ""
    origin: Origin = NOWHERE
    secure: bool = False
    here: bool = False
    public_url: str = ""

    async def read(self, limit: int) -> bytes:
        """The body. Raises BodyTooLarge."""
        if len(self.body) > limit:
            raise BodyTooLarge(limit)
        return self.body

    def arrived(self, limit: int) -> bytes | None:
        """The body, if it is short."""
        return self.body if len(self.body) < min(limit, PIECE) else None

    async def pieces(self, limit: int) -> AsyncGenerator[bytes, None]:
        """The body in pieces, with other tasks having a turn between them. Raises BodyTooLarge."""
        body = await self.read(limit)
        for start in range(0, len(body) + 1, PIECE):
            yield body[start : start + PIECE]
            await asyncio.sleep(0)

    def hold(self, size: int) -> None:
        """Reserve nothing: the command runs in this process."""

    async def enter(self, gateway: Gateway, secret: str) -> Account:
        """Authenticate an API key or token. Raises what `Authenticator.enter` raises."""
        return await gateway.authenticator.enter("apikey", "", secret, "", self.needs, other="token")


class Local:
    """Answers calls through a gateway in this process. `user` runs it; "" for the owner of the store."""

    def __init__(self, gateway: Gateway, user: str = "") -> None:
        self._gateway = gateway
        self._user = user
        # of no use here: there are no event streams
        self._streams = Streams(asyncio.Event(), heartbeat=1.0, patience=1.0)

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Answer a method of a path with its query."""
        try:
            return await self._perform(method, target, headers, body)
        except BridgeError as error:
            return refusal(error)

    async def _perform(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = urlsplit(target)
        operation, parts = _operation(method, url.path)
        query = parse_qsl(url.query, keep_blank_values=True)
        kind, needs = headers.get("Content-Type", JSON), operation.needs or EVERYTHING
        incoming = LocalIncoming(headers, parts, query, self._user, body, needs, kind)
        changes, demand = self._gateway.authenticator.changes, operation.demand
        caller = await acting(incoming, self._gateway, demand)
        wanted = fields.query(incoming.query, operation.query)
        limit = messages.MAX_BODY
        call = Call(incoming, self._gateway, caller, wanted, "", limit, self._streams, demand, changes)
        return await operation.perform(call)


def _operation(method: str, path: str) -> tuple[Operation[Answer], Mapping[str, str]]:
    """Find the operation for a path, and the path's variable parts. Raises UnknownPath."""
    segments = path.split("/")
    for operation in OPERATIONS:
        parts = _parts(operation.path.split("/"), segments)
        if operation.method == method and parts is not None:
            return operation, parts
    raise UnknownPath


def _parts(template: Sequence[str], segments: Sequence[str]) -> Mapping[str, str] | None:
    if len(template) != len(segments):
        return None
    parts = {}
    for wanted, given in zip(template, segments, strict=True):
        if wanted.startswith("{") and given:
            parts[wanted.strip("{}")] = unquote(given)
        elif wanted != given:
            return None
    return parts
