"""The routes of `/v1`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from aiohttp import web

from api.dialect.contract import Handler, Mount, Route, Sample, Site
from api.dialects.native import events, fields, messages, operations, virtual
from api.dialects.native.authorization import Demand, acting
from api.dialects.native.http import HttpIncoming, response
from api.dialects.native.open_streams import Streams
from api.dialects.native.operations import Operation
from api.dialects.native.problems import ERROR_WORDS, refusal
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, written
from bridge.errors import BridgeError, ConfigError
from bridge.model.message import State
from bridge.model.scope import INBOX, READ

AnyOperation = Operation[Answer] | Operation[web.StreamResponse]
#: what is answered over HTTP
OPERATIONS: tuple[AnyOperation, ...] = (
    *operations.OPERATIONS,
    Operation("GET", "/v1/events", READ | INBOX, events.stream, events.QUERY),
)


class Native:
    """The bridge's own API."""

    name: ClassVar[str] = "native"
    about: ClassVar[str] = "the bridge's own API, described at /openapi.yaml"
    prefix: ClassVar[str] = ""
    body_limit: ClassVar[int] = messages.MAX_BODY
    cors: ClassVar[bool] = False
    options: ClassVar[Mapping[str, tuple[type, str]]] = {
        "heartbeat": (float, "seconds of silence after which an event stream sends a heartbeat [15]"),
        "patience": (float, "seconds a caller may take to read an event stream before it is disconnected [20]"),
    }
    STATE_WORDS: ClassVar[Mapping[State, str]] = {state: state.value for state in State}
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], str]] = ERROR_WORDS

    def __init__(self, site: Site, mount: Mount) -> None:
        self._site = site
        self._mount = mount
        # proxies cut connections that stay silent for 30 to 60 seconds
        self._streams = Streams(site.closing, *_seconds(mount.options, heartbeat=15.0, patience=20.0))

    def routes(self) -> Sequence[Route]:
        """One route for each path; `_serve` dispatches methods."""
        paths: dict[str, dict[str, AnyOperation]] = {}
        phones = self._site.gateway.virtual
        for operation in (*OPERATIONS, *(virtual.operations(phones) if phones is not None else ())):
            paths.setdefault(operation.path, {})[operation.method] = operation
        served = [_route(path, methods, partial(self._serve, _asking(methods))) for path, methods in paths.items()]
        described = partial(document, self._mount.prefix)
        documents = [Route("/openapi.yaml", _showing(described), None, frozenset({"GET"}))]
        if phones is not None:
            documents.append(Route("/virtual.yaml", _showing(virtual.document), None, frozenset({"GET"})))
        return [*served, *documents]

    async def _serve(
        self, methods: Mapping[str, tuple[AnyOperation, Demand]], request: web.Request
    ) -> web.StreamResponse:
        (operation, demand), gateway = methods[request.method], self._site.gateway
        incoming = HttpIncoming(request, self._site.public_url)
        changes = gateway.authenticator.changes
        caller = await acting(incoming, gateway, demand)
        query = fields.query(incoming.query, operation.query)
        prefix, limit = self._mount.prefix, self._mount.body_limit
        call = Call(incoming, gateway, caller, query, prefix, limit, self._streams, demand, changes)
        made = await operation.perform(call)
        return response(made) if isinstance(made, Answer) else made

    def refuse(self, error: BridgeError) -> web.Response:
        """An RFC 9457 problem."""
        return response(refusal(error))

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """One POST with the API key in a header."""
        headers = {"Authorization": f"Bearer {credentials['apikey']}", "Content-Type": "application/json"}
        body = written({"to": recipient, "text": text})
        return Sample("POST", f"{self._mount.prefix}/v1/messages", headers, body)


def document(prefix: str) -> bytes:
    """The description of the API where it is mounted."""
    from importlib import resources

    text = resources.files("api").joinpath("openapi.yaml").read_text("utf-8")
    return text.replace("  - url: /\n", f"  - url: {prefix or '/'}\n", 1).encode()


def _showing(read: Callable[[], bytes]) -> Handler:
    """A handler that answers with a document, which nobody keeps: it is long, and wanted once if at all."""

    async def show(_request: web.Request) -> web.Response:
        return web.Response(body=await asyncio.to_thread(read), content_type="application/yaml", charset="utf-8")

    return show


def _asking(methods: Mapping[str, AnyOperation]) -> dict[str, tuple[AnyOperation, Demand]]:
    """Each with what it asks of its caller, which is the same for all."""
    return {method: (operation, operation.demand) for method, operation in methods.items()}


def _route(path: str, methods: Mapping[str, AnyOperation], handler: Handler) -> Route:
    needs = {method: operation.needs for method, operation in methods.items()}
    return Route(path, handler, needs, frozenset(methods))


def _seconds(options: Mapping[str, Any], **defaults: float) -> list[float]:
    given = {name: options.get(name, default) for name, default in defaults.items()}
    problems = [
        f"dialects.native.options.{name}: must be a number of seconds over 0 and under a day"
        for name, value in given.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 86_400
    ]
    if problems:
        raise ConfigError(problems)
    return list(given.values())
