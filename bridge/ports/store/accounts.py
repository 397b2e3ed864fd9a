"""Stores of accounts: who may call, with what, and what they have paid for.

A method with an author (`by`) is an administrative change: the store reads, merges, checks, writes and puts it into the
audit trail in one transaction. One that changes nothing leaves no entry there.
"""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import Account, AccountChange, Author, Movement
from bridge.model.query import Page
from bridge.model.scope import Key
from bridge.ports.store_rows import Credential


class CredentialStore(Protocol):
    """Whose credentials are presented: what the door asks."""

    async def account_for(self, kind: str, ident: str, digest: str, now: int) -> Account | None:
        """Whose credential this is, with its grant, of a disabled account too; None when nobody's or expired."""
        ...

    async def ended(self, kind: str, ident: str, digest: str, now: int) -> int:
        """When this named key expired (Unix ms); 0 for one that has not, and for what is no key."""
        ...

    async def knows(self, kind: str, ident: str, now: int) -> bool:
        """Whether somebody has this identifier, whatever the secret."""
        ...

    async def exchange(self, ident: str, digest: str, token: str, expires_at: int, now: int) -> None:
        """Keep a token (its digest) for a client's credentials as they are now: it allows what they do, ends with them
        at the latest, and is revoked with them. Raises WrongSecret when they have ended."""
        ...

    async def used(self, account: str, name: str, day: int) -> None:
        """A named key was used on this day (its first moment, Unix ms)."""
        ...


class AccountStore(Protocol):
    """Accounts with their terms and their own credentials."""

    async def add_account(self, account: Account, credentials: Sequence[Credential], by: Author | None = None) -> None:
        """Not in the audit trail where nobody did it. Raises NotPossible when the name is taken."""
        ...

    async def account(self, name: str) -> Account:
        """Raises NoSuchThing."""
        ...

    async def accounts(self) -> Sequence[Account]: ...

    async def change_account(self, name: str, change: AccountChange, by: Author) -> Account:
        """Change what is named, and nothing else. Raises NoSuchThing, BadRequest for terms that make no sense."""
        ...

    async def add_credential(self, account: str, credential: Credential, replace: bool = False) -> None:
        """`replace` drops those of the same kind first, named keys excepted."""
        ...

    async def rotate(self, name: str, fresh: Sequence[Credential], until: int, by: Author) -> None:
        """Add these; the account's others of their kinds end at `until` (Unix ms), named keys excepted.

        With a client's credentials end the tokens that it was given.
        """
        ...

    async def set_webhook_secret(self, name: str, secret: str, by: Author) -> None:
        """For endpoints that are added from now on. Raises NoSuchThing."""
        ...


class KeyStore(Protocol):
    """Named keys, each for one program."""

    async def add_key(self, account: str, credential: Credential, most: int, by: Author) -> None:
        """A named key. Raises NoSuchThing for the account, NotPossible for a name in use and for more than `most`."""
        ...

    async def keys(self, account: str = "") -> Sequence[Key]:
        """The named keys of an account by name, expired ones too; "" for everybody's."""
        ...

    async def revoke_key(self, account: str, name: str, by: Author) -> None:
        """It ends at once, and so do the tokens that it was given. Raises NoSuchThing."""
        ...


class CreditStore(Protocol):
    """Credits, and each movement of them."""

    async def top_up(self, name: str, credits: int, note: str, by: Author) -> Account:
        """Raises NoSuchThing, and BadRequest for taking more than a prepaid account has."""
        ...

    async def movements(self, account: str, limit: int = 100, cursor: str = "") -> Page[Movement]:
        """Newest first. Raises NoSuchThing, BadRequest for an unknown cursor."""
        ...
