"""The request of an operation, from HTTP or from a command in this process."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Protocol

from bridge.accounts.sessions import Origin
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account


class Incoming(Protocol):
    """A request before authentication."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by case-insensitive name."""
        ...

    @property
    def parts(self) -> Mapping[str, str]:
        """Variable parts of the path, decoded."""
        ...

    @property
    def query(self) -> Iterable[tuple[str, str]]:
        """Names and values of the query string, decoded."""
        ...

    @property
    def content_type(self) -> str:
        """The body's content type, without parameters."""
        ...

    @property
    def user(self) -> str:
        """The local user running a command; "" for the bridge's own user and for other callers."""
        ...

    @property
    def cookie(self) -> str:
        """What the browser of somebody who is signed in has; "" for none."""
        ...

    @property
    def cookie_name(self) -> str:
        """The name of that cookie at the address the browser came to."""
        ...

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        ...

    @property
    def secure(self) -> bool:
        """Whether the browser came by TLS."""
        ...

    @property
    def here(self) -> bool:
        """Whether a browser of this very machine asks, with nothing in between."""
        ...

    @property
    def public_url(self) -> str:
        """Where callers reach the bridge; "" when that is not configured."""
        ...

    async def read(self, limit: int) -> bytes:
        """The body. Raises BodyTooLarge, BodyTooSlow."""
        ...

    def arrived(self, limit: int) -> bytes | None:
        """The body where it is shorter than a piece and all here; None for any other. Raises BadRequest."""
        ...

    def pieces(self, limit: int) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, in pieces of `PIECE` bytes, the last one shorter. Raises like `read`."""
        ...

    def hold(self, size: int) -> None:
        """Reserve room for this many bytes made of the body. Raises TooManyRequests, BadRequest."""
        ...

    async def enter(self, gateway: Gateway, secret: str) -> Account:
        """Authenticate an API key or token. Raises what `Authenticator.enter` raises."""
        ...
