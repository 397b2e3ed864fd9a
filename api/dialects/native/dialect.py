"""The routes of `/v1`, and how every error is told in it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from typing import Any, ClassVar

from aiohttp import web

from api.dialect.contract import Handler, Mount, Route, Sample, Site, word_for
from api.dialects.native import (
    accounts,
    devices,
    events,
    fields,
    inbox,
    keys,
    ledger,
    lines,
    messages,
    phones,
    webhooks,
)
from api.dialects.native.body import NotJson
from api.dialects.native.request import Call, ForAnother, acting
from api.dialects.native.responses import problem, written
from api.dialects.native.streams import Streams, TooMany
from api.http.errors import (
    BodyTooLarge,
    BodyTooSlow,
    InvalidToken,
    MissingParameter,
    NotOffered,
    UnknownPath,
    WrongMethod,
)
from bridge import errors
from bridge.errors import (
    BadRequest,
    BridgeError,
    ConfigError,
    IdempotencyConflict,
    NoSuchThing,
    NotAllowed,
    NotPossible,
    StoreUnavailable,
)
from bridge.model.message import State
from bridge.model.scope import ADMIN, ANY, INBOX, READ, SEND, WEBHOOKS, Needs

RETRY_AFTER = "5"  # seconds


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    #: the scopes that a key must have for it
    needs: Needs
    perform: Callable[[Call], Awaitable[web.StreamResponse]]
    #: what its query string may hold
    query: Mapping[str, fields.Reader] = field(default_factory=dict)


OPERATIONS = (
    Operation("POST", "/v1/messages", SEND, messages.submit),
    Operation("GET", "/v1/messages", READ, messages.find, messages.LIST),
    Operation("GET", "/v1/messages/{id}", READ, messages.show),
    Operation("DELETE", "/v1/messages/{id}", ADMIN, messages.forget),
    Operation("POST", "/v1/messages/{id}/cancel", SEND, messages.cancel),
    Operation("POST", "/v1/messages/{id}/resend", SEND, messages.resend),
    Operation("GET", "/v1/inbox", INBOX, inbox.find, inbox.LIST),
    Operation("GET", "/v1/inbox/{id}", INBOX, inbox.show),
    Operation("DELETE", "/v1/inbox/{id}", INBOX, inbox.forget),
    Operation("GET", "/v1/typed", INBOX, phones.typed, phones.TYPED),
    Operation("GET", "/v1/calls", INBOX, phones.calls, phones.CALLS),
    Operation("GET", "/v1/lines", READ, lines.find),
    Operation("GET", "/v1/lines/{id}", READ, lines.show),
    Operation("GET", "/v1/devices/{device}/examination", READ, devices.examine),
    Operation("GET", "/v1/devices/{device}/memory", ADMIN, devices.memory),
    Operation("PUT", "/v1/devices/{device}/memory/{id}", ADMIN, devices.remember),
    Operation("POST", "/v1/loopback", SEND, lines.loop_back),
    Operation("POST", "/v1/webhooks", WEBHOOKS | READ | INBOX, webhooks.add),
    Operation("GET", "/v1/webhooks", WEBHOOKS, webhooks.find),
    Operation("GET", "/v1/webhooks/{id}", WEBHOOKS, webhooks.show),
    Operation("PATCH", "/v1/webhooks/{id}", WEBHOOKS, webhooks.change),
    Operation("DELETE", "/v1/webhooks/{id}", WEBHOOKS, webhooks.remove),
    Operation("POST", "/v1/webhooks/{id}/rotate", WEBHOOKS, webhooks.rotate),
    Operation("GET", "/v1/ledger", WEBHOOKS, ledger.find, ledger.LIST),
    Operation("POST", "/v1/ledger/redeliver", WEBHOOKS, ledger.redeliver),
    Operation("GET", "/v1/events", READ | INBOX, events.stream, events.QUERY),
    Operation("GET", "/v1/me", ANY, lines.me),
    Operation("GET", "/v1/accounts", READ, accounts.find),
    Operation("POST", "/v1/accounts", ADMIN, accounts.add),
    Operation("GET", "/v1/accounts/{name}", READ, accounts.show),
    Operation("PATCH", "/v1/accounts/{name}", ADMIN, accounts.change),
    Operation("POST", "/v1/accounts/{name}/credits", ADMIN, accounts.top_up),
    Operation("GET", "/v1/accounts/{name}/movements", READ, accounts.movements, accounts.MOVEMENTS),
    Operation("POST", "/v1/accounts/{name}/rotate", ADMIN, accounts.rotate),
    Operation("GET", "/v1/accounts/{name}/templates", READ, accounts.templates),
    Operation("GET", "/v1/accounts/{name}/templates/{id}", READ, accounts.template),
    Operation("PUT", "/v1/accounts/{name}/templates/{id}", ADMIN, accounts.keep_template),
    Operation("DELETE", "/v1/accounts/{name}/templates/{id}", ADMIN, accounts.remove_template),
    Operation("GET", "/v1/accounts/{name}/suppressed", READ, accounts.suppressed),
    Operation("GET", "/v1/accounts/{name}/suppressed/{number}", READ, accounts.suppression),
    Operation("PUT", "/v1/accounts/{name}/suppressed/{number}", ADMIN, accounts.suppress),
    Operation("DELETE", "/v1/accounts/{name}/suppressed/{number}", ADMIN, accounts.allow),
    Operation("GET", "/v1/keys", ADMIN, keys.find, keys.LIST),
    Operation("POST", "/v1/keys", ADMIN, keys.add),
    Operation("DELETE", "/v1/keys/{id}", ADMIN, keys.revoke),
    Operation("GET", "/v1/audit", ADMIN, accounts.audit, accounts.AUDIT),
)


class Native:
    """Our own API."""

    name: ClassVar[str] = "native"
    about: ClassVar[str] = "the bridge's own API, described at /openapi.yaml"
    prefix: ClassVar[str] = ""
    body_limit: ClassVar[int] = messages.MAX_BODY
    cors: ClassVar[bool] = False
    options: ClassVar[Mapping[str, tuple[type, str]]] = {
        "heartbeat": (float, "seconds of silence after which an event stream shows that it is still there [15]"),
        "patience": (float, "seconds a caller may take to read what an event stream wrote before it is let go [20]"),
    }
    STATE_WORDS: ClassVar[Mapping[State, str]] = {state: state.value for state in State}
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], str]] = {
        BridgeError: "internal",
        BadRequest: "bad-request",
        errors.InvalidNumber: "bad-request",
        errors.InvalidText: "bad-request",
        errors.UnknownLine: "bad-request",
        errors.UnknownTemplate: "bad-request",
        MissingParameter: "bad-request",
        NotOffered: "bad-request",
        NotJson: "not-json",
        BodyTooLarge: "too-large",
        BodyTooSlow: "too-slow",
        WrongMethod: "method-not-allowed",
        NotAllowed: "not-authenticated",
        errors.UnknownCaller: "not-authenticated",
        errors.WrongSecret: "not-authenticated",
        errors.KeyExpired: "not-authenticated",
        errors.ScopeMissing: "not-allowed",
        errors.AccountDisabled: "not-allowed",
        errors.AddressRefused: "not-allowed",
        errors.NotVerified: "not-allowed",
        InvalidToken: "not-authenticated",
        ForAnother: "not-allowed",
        NoSuchThing: "no-such-thing",
        UnknownPath: "no-such-thing",
        NotPossible: "not-possible",
        IdempotencyConflict: "idempotency-conflict",
        errors.AlreadyUsed: "not-possible",
        errors.DailyLimit: "not-possible",
        errors.OutOfCredit: "out-of-credit",
        errors.TooManyRequests: "too-many",
        TooMany: "too-many",
        StoreUnavailable: "store-unavailable",
        # these never come as far as a caller; should one, it is our mistake
        errors.ConfigError: "internal",
        errors.LinkError: "internal",
        errors.DeviceLost: "internal",
        errors.SendRefused: "internal",
        errors.OutcomeUnknown: "internal",
    }

    def __init__(self, site: Site, mount: Mount) -> None:
        self._site = site
        self._mount = mount
        # proxies cut connections that stay silent for 30 to 60 seconds
        self._streams = Streams(site.closing, *_seconds(mount.options, heartbeat=15.0, patience=20.0))
        document = resources.files("api").joinpath("openapi.yaml").read_text("utf-8")
        self._document = document.replace("  - url: /\n", f"  - url: {mount.prefix or '/'}\n", 1).encode()

    def routes(self) -> Sequence[Route]:
        """One for each path; the methods of a path are told apart by `_serve`."""
        paths: dict[str, dict[str, Operation]] = {}
        for operation in OPERATIONS:
            paths.setdefault(operation.path, {})[operation.method] = operation
        served = [_route(path, methods, partial(self._serve, methods)) for path, methods in paths.items()]
        return [*served, Route("/openapi.yaml", self._show_document, None, frozenset({"GET"}))]

    async def _serve(self, methods: Mapping[str, Operation], request: web.Request) -> web.StreamResponse:
        operation = methods[request.method]
        account, who = await acting(request, self._site)
        query = fields.query(request, operation.query)
        call = Call(request, self._site.gateway, account, query, self._mount, self._streams, who)
        return await operation.perform(call)

    async def _show_document(self, request: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/yaml", charset="utf-8")

    def refuse(self, error: BridgeError) -> web.Response:
        """An RFC 9457 problem."""
        kind = word_for(self.ERROR_WORDS, error)
        named = error.field if isinstance(error, BadRequest) else ""
        return problem(kind, error.message, named, _headers(kind, error))

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """One POST with the API key in a header."""
        headers = {"Authorization": f"Bearer {credentials['apikey']}", "Content-Type": "application/json"}
        body = written({"to": recipient, "text": text})
        return Sample("POST", f"{self._mount.prefix}/v1/messages", headers, body)


def _route(path: str, methods: Mapping[str, Operation], handler: Handler) -> Route:
    needs = {method: operation.needs for method, operation in methods.items()}
    return Route(path, handler, needs, frozenset(methods))


def _headers(kind: str, error: BridgeError) -> Mapping[str, str] | None:
    if isinstance(error, WrongMethod):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, errors.TooManyRequests):
        return {"Retry-After": str(error.retry_after)}
    return _HEADERS.get(kind)


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


_HEADERS: Mapping[str, Mapping[str, str]] = {
    "not-authenticated": {"WWW-Authenticate": 'Bearer realm="sms-bridge"'},
    "too-many": {"Retry-After": RETRY_AFTER},
    "store-unavailable": {"Retry-After": RETRY_AFTER},
}
