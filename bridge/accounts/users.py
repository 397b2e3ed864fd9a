"""Administers people who may sign in, for owners and the command line."""

import asyncio
import secrets
from collections.abc import Callable

from bridge.accounts import passwords
from bridge.accounts.credentials import checked_name, digest
from bridge.errors import BadRequest
from bridge.model.account import THE_BRIDGE, Author
from bridge.model.user import Link, Role, User, UserChange
from bridge.ports.clock import Clock
from bridge.ports.store import UserStore

#: of a one-time link
LINK_LIFE = 24 * 3_600_000  # ms


class Users:
    """Manages users (`gateway.users`). `who` is for the audit trail; `changed` as in `Sessions`."""

    def __init__(self, store: UserStore, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        #: by name
        self.all = store.users

    def _by(self, who: str) -> Author:
        return Author(who, self._clock.now())

    async def get(self, name: str) -> User | None:
        """Return a user, or None."""
        found = await self._store.login(name)
        return None if found is None else found.user

    async def are_there_none(self) -> bool:
        """Whether there are no users yet."""
        return not await self._store.users()

    async def add(self, who: str, name: str, role: Role, password: str = "") -> User:
        """Add a user, who without a password needs a link. Raises BadRequest, NotPossible when the name is taken."""
        by = self._by(who)
        user = User(checked_name(name), role, by.at)
        await self._store.add_user(user, await self._hashed(password, name) if password else "", by)
        return user

    async def change(
        self, who: str, name: str, role: Role | None = None, disabled: bool | None = None, password: str = "",
        totp: bool | None = None,
    ) -> User:  # fmt: skip
        """Change the named fields; codes can only be turned off. Raises NoSuchThing, NotPossible, BadRequest."""
        if totp:
            raise BadRequest("A user switches one-time codes on by a code of the app.", "totp")
        kept = await self._hashed(password, name) if password else None
        changed = await self._store.change_user(name, UserChange(role, disabled, kept, totp), self._by(who))
        self._changed()
        return changed

    async def remove(self, who: str, name: str) -> None:
        """Remove a user. Raises NoSuchThing, or NotPossible for the last owner who can sign in."""
        await self._store.remove_user(name, self._by(who))
        self._changed()

    async def link(self, who: str, user: User) -> tuple[str, int]:
        """Make a one-time link to choose a password; returns its secret and expiry (Unix ms)."""
        return await self._link(user.name, user.role, self._by(who))

    async def first_link(self) -> tuple[str, int]:
        """Make a one-time link for the first owner, who also chooses a name; void once there is a user."""
        return await self._link("", Role.OWNER, self._by(THE_BRIDGE))

    async def _link(self, name: str, role: Role, by: Author) -> tuple[str, int]:
        secret, ends = secrets.token_urlsafe(24), by.at + LINK_LIFE
        await self._store.add_link(digest(secret), Link(name, role, ends), by)
        return secret, ends

    async def _hashed(self, password: str, name: str) -> str:
        passwords.check(password, name)
        return await asyncio.to_thread(passwords.hashed, password)
