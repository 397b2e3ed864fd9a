"""People are administered: by owners, and by the command line."""

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
    """`gateway.users` is the one of a bridge. `who` is for the audit trail; `changed` as that of `Sessions`."""

    def __init__(self, store: UserStore, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        #: by name
        self.all = store.users

    def _by(self, who: str) -> Author:
        return Author(who, self._clock.now())

    async def get(self, name: str) -> User | None:
        """None for a name that nobody has."""
        found = await self._store.login(name)
        return None if found is None else found.user

    async def are_there_none(self) -> bool:
        """Whether the first owner has yet to be made."""
        return not await self._store.users()

    async def add(self, who: str, name: str, role: Role, password: str = "") -> User:
        """Without a password the user signs in by a link first. Raises BadRequest, NotPossible for a name in use."""
        by = self._by(who)
        user = User(checked_name(name), role, by.at)
        await self._store.add_user(user, await self._hashed(password, name) if password else "", by)
        return user

    async def change(
        self, who: str, name: str, role: Role | None = None, disabled: bool | None = None, password: str = "",
        totp: bool | None = None,
    ) -> User:  # fmt: skip
        """What is named; one-time codes can be switched off only. Raises NoSuchThing, NotPossible, BadRequest."""
        if totp:
            raise BadRequest("A user switches one-time codes on by a code of the app.", "totp")
        kept = await self._hashed(password, name) if password else None
        changed = await self._store.change_user(name, UserChange(role, disabled, kept, totp), self._by(who))
        self._changed()
        return changed

    async def remove(self, who: str, name: str) -> None:
        """Raises NoSuchThing, NotPossible for the last owner who can sign in."""
        await self._store.remove_user(name, self._by(who))
        self._changed()

    async def link(self, who: str, user: User) -> tuple[str, int]:
        """A secret for a one-time link by which a user chooses a password, and when it ends (Unix ms)."""
        return await self._link(user.name, user.role, self._by(who))

    async def first_link(self) -> tuple[str, int]:
        """The same for the first owner, who chooses a name too; it is of no use once there is a user."""
        return await self._link("", Role.OWNER, self._by(THE_BRIDGE))

    async def _link(self, name: str, role: Role, by: Author) -> tuple[str, int]:
        secret, ends = secrets.token_urlsafe(24), by.at + LINK_LIFE
        await self._store.add_link(digest(secret), Link(name, role, ends), by)
        return secret, ends

    async def _hashed(self, password: str, name: str) -> str:
        passwords.check(password, name)
        return await asyncio.to_thread(passwords.hashed, password)
