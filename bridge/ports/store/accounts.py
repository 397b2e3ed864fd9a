"""Store protocols: accounts, credentials, keys, credits.

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
    """Looks up credentials for authentication."""

    async def account_for(self, kind: str, ident: str, digest: str, now: int) -> Account | None:
        """Return the account of a credential with its grant, disabled accounts too; None if unknown or expired."""
        ...

    async def ended(self, kind: str, ident: str, digest: str, now: int) -> int:
        """When this named key expired (Unix ms); 0 if it has not, or is not a key."""
        ...

    async def knows(self, kind: str, ident: str, now: int) -> bool:
        """Whether the identifier exists, whatever the secret."""
        ...

    async def exchange(self, ident: str, digest: str, token: str, expires_at: int, now: int) -> None:
        """Store the digest of a token issued for a client's credentials: it has their scopes, ends with them at the
        latest, and is revoked with them. Raises WrongSecret when they have ended.
        """
        ...

    async def used(self, account: str, name: str, day: int) -> None:
        """Record that a named key was used on this day (its first moment, Unix ms)."""
        ...


class AccountStore(Protocol):
    """Accounts with their terms and main credentials."""

    async def add_account(self, account: Account, credentials: Sequence[Credential], by: Author | None = None) -> None:
        """Add an account; without `by`, no audit entry is written. Raises NotPossible when the name is taken."""
        ...

    async def account(self, name: str) -> Account:
        """Return an account. Raises NoSuchThing."""
        ...

    async def accounts(self) -> Sequence[Account]: ...

    async def change_account(self, name: str, change: AccountChange, by: Author) -> Account:
        """Change the named fields only. Raises NoSuchThing, or BadRequest for invalid terms."""
        ...

    async def add_credential(self, account: str, credential: Credential, replace: bool = False) -> None:
        """Add a credential; `replace` first drops those of its kind except named keys."""
        ...

    async def rotate(self, name: str, fresh: Sequence[Credential], until: int, by: Author) -> None:
        """Add new credentials; the account's others of their kinds, except named keys, end at `until` (Unix ms).

        With a client's credentials end the tokens that it was given.
        """
        ...

    async def set_webhook_secret(self, name: str, secret: str, by: Author) -> None:
        """Set the secret for endpoints added from now on. Raises NoSuchThing."""
        ...


class KeyStore(Protocol):
    """Named API keys, one for each program."""

    async def add_key(self, account: str, credential: Credential, most: int, by: Author) -> None:
        """Add a named key. Raises NoSuchThing for the account, NotPossible when the name is taken or there are `most`
        keys.
        """
        ...

    async def keys(self, account: str = "") -> Sequence[Key]:
        """List an account's named keys by name, expired ones too; "" lists all accounts'."""
        ...

    async def revoke_key(self, account: str, name: str, by: Author) -> None:
        """Revoke a key and its tokens at once. Raises NoSuchThing."""
        ...


class CreditStore(Protocol):
    """Credits and their movements."""

    async def top_up(self, name: str, credits: int, note: str, by: Author) -> Account:
        """Add credits. Raises NoSuchThing, or BadRequest for taking more than a prepaid account has."""
        ...

    async def movements(self, account: str, limit: int = 100, cursor: str = "") -> Page[Movement]:
        """List movements, newest first. Raises NoSuchThing, BadRequest for an unknown cursor."""
        ...
