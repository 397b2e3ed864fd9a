"""What a dialect is, and how dialects are found.

A dialect is one module or folder in `api/dialects/`, called as the dialect is, with a `DIALECT` attribute:
a class that obeys `Dialect`. `tests/contract/test_dialect_contract.py` finds each dialect in the same way
and fails until it has a word for every state and every error.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import api.dialects
from bridge.dataclass import dataclass
from bridge.errors import AddressRefused, BridgeError, KeyExpired, ScopeMissing
from bridge.gateway.gateway import Gateway
from bridge.model.message import State
from bridge.model.scope import EVERYTHING, Needs

if TYPE_CHECKING:
    from aiohttp import web

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]
Refuse = Callable[[BridgeError], "web.Response"]


@dataclass(frozen=True, slots=True)
class Site:
    """What all dialects of an application share."""

    gateway: Gateway
    #: where callers reach us, without a trailing slash; "" when not configured
    public_url: str = ""
    #: set when the application goes down: answers that go on for long must end
    closing: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Mount:
    """How one dialect is mounted in an application."""

    #: path before all of its own, without a trailing slash; "" for none
    prefix: str
    #: bytes of the largest request body
    body_limit: int
    #: values for the options that the dialect declares
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """A path of a dialect with its handler; it also matches with a trailing slash."""

    #: below the mount's prefix, without a trailing slash
    path: str
    handler: Handler
    #: the scopes that a key needs here, for all methods or for each; None where nobody is asked for a key.
    #: The frame hands them to `api.dialect.auth`, so that what stands here is what is asked for
    needs: Needs | Mapping[str, Needs | None] | None
    methods: frozenset[str] = frozenset({"GET", "POST"})
    #: how errors look here, where that differs from the dialect's `refuse`
    refuse: Refuse | None = None

    def needs_of(self, method: str) -> Needs | None:
        """The scopes a key needs for this method; all when the route does not say."""
        return self.needs.get(method, EVERYTHING) if isinstance(self.needs, Mapping) else self.needs


@dataclass(frozen=True, slots=True)
class Sample:
    """A request that sends one SMS: for documentation, the demo's curl line and the contract test."""

    method: str
    #: with the mount's prefix, and a query where the dialect wants one
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Dialect(Protocol):
    """A vendor's HTTP API as served by this bridge.

    The frame calls handlers with the errors caught: whatever they raise of `bridge.errors` or
    `api.http.errors` goes through `refuse`, anything else is logged and refused as a bare `BridgeError`.
    """

    name: ClassVar[str]
    #: one line for a person: whose API this is and where it is documented
    about: ClassVar[str]
    #: the prefix it is mounted under when nothing else is configured
    prefix: ClassVar[str]
    #: bytes of the largest request body when nothing else is configured
    body_limit: ClassVar[int]
    #: browsers of other origins may call: the frame answers their OPTIONS
    cors: ClassVar[bool]
    #: option name → (type, help): what a `[dialects.x]` table of this dialect may hold
    options: ClassVar[Mapping[str, tuple[type, str]]]
    #: the word for each state
    STATE_WORDS: ClassVar[Mapping[State, Any]]
    #: the word for each class of error; a missing class takes that of its nearest parent
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], Any]]

    def __init__(self, site: Site, mount: Mount) -> None:
        """Raises ConfigError for invalid options."""
        ...

    def routes(self) -> Sequence[Route]:
        """Every path the dialect answers."""
        ...

    def refuse(self, error: BridgeError) -> "web.Response":
        """An error in the dialect's own format."""
        ...

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """A request that sends `text`; `credentials` are those printed by `account add --json`."""
        ...


def word_for(words: Mapping[type[BridgeError], Any], error: BridgeError) -> Any:
    """The vocabulary entry of an error's class or its nearest ancestor."""
    return next(words[kind] for kind in type(error).__mro__ if kind in words)


def about_key(error: BridgeError) -> str:
    """Details of a key error: missing scopes, expiry, or the caller's address; "" for other errors."""
    if isinstance(error, ScopeMissing):
        return error.missing
    if isinstance(error, AddressRefused):
        return error.address or "?"
    return error.when if isinstance(error, KeyExpired) else ""


def discover(wanted: Collection[str] | None = None) -> dict[str, type[Dialect]]:
    """Installed dialects by name: the wanted ones, or all for None. Others are not imported."""
    names = (name for name in api.dialects.installed() if wanted is None or name in wanted)
    return {name: importlib.import_module(f"api.dialects.{name}").DIALECT for name in names}


class Options(Mapping[str, Mapping[str, tuple[type, str]]]):
    """The options of all dialects by name. Looking them up imports the dialect."""

    def __getitem__(self, name: str) -> Mapping[str, tuple[type, str]]:
        return discover({name})[name].options

    def __contains__(self, name: object) -> bool:
        return name in api.dialects.installed()

    def __iter__(self) -> Iterator[str]:
        return iter(api.dialects.installed())

    def __len__(self) -> int:
        return len(api.dialects.installed())
