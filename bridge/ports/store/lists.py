"""Stores of what is kept for an account: templates, numbers that nothing is sent to, the audit trail."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import AuditEntry, Author, Suppressed, Template
from bridge.model.query import Page


class TemplateStore(Protocol):
    """Texts with places, kept for an account."""

    async def keep_template(self, template: Template, by: Author, proposed: bool = False) -> Template:
        """New, or in place of the one of its id, whose `created_at` it keeps. Raises NoSuchThing for the account.

        `proposed`: it is approved only if the one that it replaces is, with the same text.
        """
        ...

    async def templates(self, account: str) -> Sequence[Template]: ...
    async def template(self, account: str, id: str) -> Template | None: ...
    async def drop_template(self, account: str, id: str, by: Author) -> None: ...


class SuppressionStore(Protocol):
    """Numbers that nothing is sent to for an account. A number may be written as people do in the account's country.

    Raises NoSuchThing for an account that is not there, and InvalidNumber.
    """

    async def suppress(self, account: str, number: str, reason: str, by: Author) -> Suppressed:
        """Fail what waits to be sent to it too. One that is on the list already stays as it is; the entry."""
        ...

    async def allow(self, account: str, number: str, by: Author) -> None:
        """Raises NoSuchThing for a number that is not on the list."""
        ...

    async def suppression(self, account: str, number: str) -> Suppressed:
        """The entry of one number. Raises NoSuchThing for a number that is not on the list."""
        ...

    async def suppressed(self, account: str) -> Sequence[Suppressed]:
        """Oldest first."""
        ...


class AuditStore(Protocol):
    """Who changed what."""

    async def audit(self, account: str = "", limit: int = 100, cursor: str = "") -> Page[AuditEntry]:
        """Newest first; `account` "" reads everybody's."""
        ...
