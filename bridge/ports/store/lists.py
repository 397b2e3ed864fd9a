"""Store protocols: templates, suppressed numbers, audit trail."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import AuditEntry, Author, Suppressed, Template
from bridge.model.query import Page


class TemplateStore(Protocol):
    """Templates of accounts."""

    async def keep_template(self, template: Template, by: Author, proposed: bool = False) -> Template:
        """Add a template, or replace the one of its id, keeping its `created_at`. Raises NoSuchThing for the account.

        `proposed`: it is approved only if the one that it replaces is, with the same text.
        """
        ...

    async def templates(self, account: str) -> Sequence[Template]: ...
    async def template(self, account: str, id: str) -> Template | None: ...
    async def drop_template(self, account: str, id: str, by: Author) -> None: ...


class SuppressionStore(Protocol):
    """Suppressed numbers of accounts. Numbers may be written as usual in the account's country.

    Raises NoSuchThing for an account that is not there, and InvalidNumber.
    """

    async def suppress(self, account: str, number: str, reason: str, by: Author) -> Suppressed:
        """Suppress a number and fail its waiting messages; returns the entry. An existing entry stays."""
        ...

    async def allow(self, account: str, number: str, by: Author, for_all: bool = False) -> None:
        """Remove a number from the list; `for_all`: and lift its STOP for every account.

        Raises NoSuchThing for a number that is in neither.
        """
        ...

    async def suppression(self, account: str, number: str) -> Suppressed:
        """Return the entry of a number. Raises NoSuchThing for one that is not on the list."""
        ...

    async def suppressed(self, account: str) -> Sequence[Suppressed]:
        """List entries, oldest first; recipients who wrote STOP to a line are among them."""
        ...


class AuditStore(Protocol):
    """The audit trail."""

    async def audit(self, account: str = "", limit: int = 100, cursor: str = "") -> Page[AuditEntry]:
        """List entries, newest first, with those about every account; `account` "" reads all accounts'."""
        ...
