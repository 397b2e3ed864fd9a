"""Bodies that last: the caller is let in, something changes, and only then the rest of the body comes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from bridge.accounts.authentication import Authenticator
from bridge.accounts.sessions import Sessions


class Halting:
    """A body that stops before its last byte until something has happened."""

    def __init__(self, value: Any) -> None:
        self._raw = json.dumps(value).encode()
        self._done = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._raw[:-1]
        await self._done.wait()
        yield self._raw[-1:]

    def go_on(self) -> None:
        self._done.set()


def tell(who: Authenticator | Sessions, entered: asyncio.Event) -> None:
    """Have it told when somebody was let in."""
    name = "enter" if isinstance(who, Authenticator) else "find"
    let_in = getattr(who, name)

    async def enter(*given: Any, **more: Any) -> Any:
        found = await let_in(*given, **more)
        entered.set()
        return found

    setattr(who, name, enter)
