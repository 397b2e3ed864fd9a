"""Stores of people who sign in, and of their sessions."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import Author
from bridge.model.user import Link, Session, User, UserChange
from bridge.ports.store_rows import Login


class UserStore(Protocol):
    """People. Changes are in the audit trail. None of them leaves a store of people without an owner who can sign in:
    that raises NotPossible. Names are the same in upper and lower case.
    """

    async def users(self) -> Sequence[User]:
        """By name."""
        ...

    async def login(self, name: str) -> Login | None:
        """What a sign-in is compared with; None for a name that nobody has."""
        ...

    async def add_user(self, user: User, password: str, by: Author, first: bool = False) -> None:
        """`password` is its hash, "" for a user who cannot sign in yet. Raises NotPossible when the name is taken;
        `first`: also when there is any user."""
        ...

    async def change_user(self, name: str, change: UserChange, by: Author, keep: str = "") -> User:
        """Sessions end where the password changes or the user is disabled, but for the one of the digest `keep`.

        Raises NoSuchThing, NotPossible.
        """
        ...

    async def remove_user(self, name: str, by: Author) -> None:
        """With the sessions. Raises NoSuchThing, NotPossible."""
        ...

    async def propose_totp(self, name: str, secret: str) -> None:
        """Keep a secret that counts once a code of it was seen. Raises NoSuchThing, NotPossible when it is on."""
        ...

    async def begin_totp(self, name: str, step: int, codes: Sequence[str], by: Author) -> None:
        """From now on codes are asked for; `codes` are digests of recovery codes. Raises NotPossible."""
        ...

    async def use_totp(self, name: str, step: int) -> bool:
        """Whether the code of this period was not used before, nor one of a later."""
        ...

    async def use_recovery_code(self, name: str, digest: str) -> bool:
        """Whether there was such a code; it is gone."""
        ...

    async def add_link(self, digest: str, link: Link, by: Author) -> None:
        """A one-time link; earlier ones for the same name end. `by` is in the trail where it is for somebody."""
        ...

    async def link(self, digest: str, now: int) -> Link | None: ...

    async def redeem(self, digest: str, name: str, password: str, by: Author) -> User:
        """Use a link up: a new user of its role, or another password for the one that it is for; their sessions end.

        Raises NoSuchThing for a link that was used or has ended, NotPossible when the name is taken.
        """
        ...


class SessionStore(Protocol):
    """Who is signed in. A session is found by the digest of what its browser has."""

    async def begin_session(self, digest: str, session: Session, by: Author, password: str = "") -> None:
        """Raises WrongSecret for a user who is gone, or whose password has another hash than a given one."""
        ...

    async def session(self, digest: str, now: int, idle_ms: int) -> tuple[Session, User] | None:
        """None for one that ended, was idle for too long, or whose user is disabled."""
        ...

    async def note_session(self, digest: str, now: int) -> None:
        """It was used."""
        ...

    async def sessions(self, user: str, now: int, idle_ms: int) -> Sequence[Session]:
        """Those that stand, newest first; `user` "" for everybody's."""
        ...

    async def end_session(self, user: str, id: str) -> None:
        """`user` "" for anybody's. Raises NoSuchThing."""
        ...

    async def end_sessions(self, user: str, keep: str = "") -> int:
        """All of a user, but for the one of the digest `keep`; how many."""
        ...
