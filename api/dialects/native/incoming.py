"""What comes in: by HTTP, or from a command within this process. The operations of this dialect see no more of it."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from bridge.gateway.gateway import Gateway
from bridge.model.account import Account


class Incoming(Protocol):
    """A request, its credentials not looked at yet."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By name, in any case."""
        ...

    @property
    def parts(self) -> Mapping[str, str]:
        """The variable parts of the path, decoded."""
        ...

    @property
    def query(self) -> Iterable[tuple[str, str]]:
        """Names and values of the query string, decoded."""
        ...

    @property
    def content_type(self) -> str:
        """Of the body, without parameters."""
        ...

    @property
    def user(self) -> str:
        """The user of this machine who runs a command; "" for the bridge's own, and for other callers."""
        ...

    async def read(self, limit: int) -> bytes:
        """The body. Raises BodyTooLarge, BodyTooSlow."""
        ...

    async def enter(self, gateway: Gateway, secret: str) -> Account:
        """The account of an API key or a token. Raises what `Admission.enter` does."""
        ...
